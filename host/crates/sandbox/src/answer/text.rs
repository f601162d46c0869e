//! Bounds of the strings that guests answer. Escaping for a terminal is the report's work, not done here.

use crate::guest::cut;

/// Bytes of a sentence.
const SENTENCE: usize = 2 * 1024;

/// A sentence for a person, cut to what one can read.
pub(super) fn sentence(text: &str) -> String {
    match cut(text, SENTENCE) {
        (kept, 0) => kept.to_owned(),
        (kept, dropped) => format!("{kept} … ({dropped} bytes were cut)"),
    }
}

/// The beginning of something wrong, for a message.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_debug).collect()
}

/// One word of printable ASCII without white space.
pub(super) fn is_word(text: &str, bytes: usize) -> bool {
    !text.is_empty() && text.len() <= bytes && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// One short line without control characters.
pub(super) fn is_line(text: &str, bytes: usize) -> bool {
    text.len() <= bytes && !text.chars().any(char::is_control)
}
