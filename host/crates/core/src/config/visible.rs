//! Makes text from a file safe to print: what moves a cursor, reorders or hides characters is written as an escape.
//! It does not know about colours, widths or any CI system's own syntax.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// Longest excerpt of the user's text inside a message, in characters.
const EXCERPT: usize = 60;

/// An excerpt of the user's text for a message: escaped, on one line, cut after 60 characters.
pub(super) struct Shown<'a>(pub(super) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, c) in self.0.chars().enumerate() {
            if count == EXCERPT {
                return f.write_char('…');
            }
            write_visible(f, c)?;
        }
        Ok(())
    }
}

/// The whole text with every unsafe character escaped, line ends included.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        // Writing to a string cannot fail.
        let _ = write_visible(&mut out, c);
    }
    Cow::Owned(out)
}

/// Whether the character must not reach a terminal or a log as it is.
pub(super) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn write_visible(out: &mut impl fmt::Write, c: char) -> fmt::Result {
    match c {
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        c if is_unsafe(c) => write!(out, "\\u{{{:x}}}", u32::from(c)),
        c => out.write_char(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_bidi_and_zero_width_characters_become_escapes_and_the_rest_stays() {
        for (text, want) in [
            ("plain é 日本", "plain é 日本"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("a\u{202e}b\u{2066}c", "a\\u{202e}b\\u{2066}c"),
            ("zero\u{200b}width\u{feff}", "zero\\u{200b}width\\u{feff}"),
            ("two\nlines\tand\r", "two\\nlines\\tand\\r"),
            ("c1 \u{9b}31m", "c1 \\u{9b}31m"),
            ("tag \u{e0041}", "tag \\u{e0041}"),
        ] {
            assert_eq!(visible(text), want);
            assert_eq!(Shown(text).to_string(), want);
        }
    }

    #[test]
    fn excerpts_are_cut() {
        let shown = Shown(&"x".repeat(1_000_000)).to_string();
        assert_eq!(shown.chars().count(), EXCERPT + 1);
        assert!(shown.ends_with('…'));
    }
}
