//! Takes everything out of an error line that is not the program's own words: quoted text, URLs, references, digests,
//! versions, file names. What is left can be searched for phrases. Knows no phrase.

use std::{borrow::Cow, sync::LazyLock};

use regex::{Captures, Regex};

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant")
}

/// `msg="…"`, `error="…"` and `err="…"` of a structured log line: there the quoted text is the message.
static FIELD: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"\b(?:msg|error|err)=(?:"((?:[^"\\]|\\.)*)"|(\S+))"#));

/// `"code":"MANIFEST_UNKNOWN"` of a registry's answer that the program repeats.
static CODE: LazyLock<Regex> = LazyLock::new(|| pattern(r#""code"\s*:\s*"([A-Z_]{3,40})""#));

static QUOTED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#""(?:[^"\\]|\\.)*"|`[^`]*`|(?:^|[\s(\[=:])'[^']*'"#));

static URL: LazyLock<Regex> = LazyLock::new(|| pattern(r#"[A-Za-z][\w+.-]*://[^\s"'<>]*[^\s"'<>:,;.)\]]"#));

/// The program's own words, in lower case, with one space between them.
pub(super) fn own_words(line: &str) -> String {
    let line = message_of(line);
    let codes: Vec<String> =
        CODE.captures_iter(&line).map(|code| code[1].to_ascii_lowercase().replace('_', " ")).collect();
    let unquoted = QUOTED.replace_all(&line, " _ ");
    let bare = URL.replace_all(&unquoted, "_");
    let mut words: Vec<Cow<'_, str>> = bare.split_whitespace().map(word).collect();
    words.extend(codes.into_iter().map(Cow::Owned));
    words.join(" ").to_lowercase()
}

/// The message of a structured log line, or the line.
fn message_of(line: &str) -> Cow<'_, str> {
    if !line.starts_with("time=") {
        return Cow::Borrowed(line);
    }
    let text = |field: &Captures<'_>| {
        let text = field.get(1).or_else(|| field.get(2)).map_or("", |text| text.as_str());
        text.replace(r#"\""#, "\"").replace(r"\\", r"\")
    };
    let fields: Vec<String> = FIELD.captures_iter(line).map(|field| text(&field)).collect();
    if fields.is_empty() { Cow::Borrowed(line) } else { Cow::Owned(fields.join(": ")) }
}

/// A word, or `_` where it is data: a reference, a path, a version. Punctuation at its end stays.
fn word(word: &str) -> Cow<'_, str> {
    let core =
        word.trim_start_matches(['(', '[', '{']).trim_end_matches([':', ',', ';', '.', ')', ']', '}', '!']);
    if core.eq_ignore_ascii_case("i/o") || !is_data(core) {
        return Cow::Borrowed(word);
    }
    let end = word.rfind(core).map_or(word.len(), |at| at + core.len());
    Cow::Owned(format!("_{}", &word[end..]))
}

fn is_data(core: &str) -> bool {
    let joined = core.contains(['/', '@', '\\', '=']) || core.contains(':');
    let has_digit = core.bytes().any(|b| b.is_ascii_digit());
    let has_letter = core.bytes().any(|b| b.is_ascii_alphabetic());
    let versioned = has_digit && core.contains(['.', '-', '_', '+']);
    joined || versioned || (has_digit && has_letter && core.len() > 12)
}
