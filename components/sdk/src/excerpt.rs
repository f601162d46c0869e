//! A short, harmless look at what somebody sent, for messages.
//! Must not pass a control character, a bidirectional mark or more than a line on.

/// How many characters of an answer a message shows.
const SHOWN: usize = 60;

/// The first characters of a body, escaped, in backticks; says so when there is nothing.
///
/// ```
/// assert_eq!(bakery_sdk::excerpt(b"<html>\n<b>Down"), r"`<html>\n<b>Down`");
/// assert_eq!(bakery_sdk::excerpt(b""), "nothing");
/// ```
#[must_use]
pub fn excerpt(body: &[u8]) -> String {
    if body.is_empty() {
        return "nothing".to_owned();
    }
    // Four bytes are the longest character, so the window always holds enough of them.
    let text = String::from_utf8_lossy(&body[..body.len().min(SHOWN * 4 + 4)]);
    let shown: String = text.chars().take(SHOWN).map(escape).collect();
    let more = if text.chars().count() > SHOWN { "…" } else { "" };
    format!("`{shown}`{more}")
}

/// A parser's message without the line ends and control characters that it may quote, at most 300 characters.
#[must_use]
pub fn one_line(message: &str) -> String {
    message.chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn escape(c: char) -> String {
    match c {
        '`' => "'".to_owned(),
        ' '..='~' => c.to_string(),
        c if c.is_alphanumeric() => c.to_string(),
        c => c.escape_default().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_short_line_without_anything_a_terminal_would_obey() {
        for (body, want) in [
            (&b""[..], "nothing"),
            (b"2026.05.0", "`2026.05.0`"),
            (b"<!DOCTYPE html>\r\n", r"`<!DOCTYPE html>\r\n`"),
            (b"\x1b[31m::error::x", r"`\u{1b}[31m::error::x`"),
            (b"a`b", "`a'b`"),
            (b"\xff\xfe", "`\\u{fffd}\\u{fffd}`"),
            ("é\u{202e}x".as_bytes(), r"`é\u{202e}x`"),
        ] {
            assert_eq!(excerpt(body), want);
        }
        assert_eq!(excerpt(&[b'a'; 61]), format!("`{}`…", "a".repeat(60)));
        assert_eq!(excerpt("é".repeat(5000).as_bytes()), format!("`{}`…", "é".repeat(60)));
    }
}
