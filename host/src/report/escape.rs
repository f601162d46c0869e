//! Text from guests, upstreams and payloads on its way to a terminal or a CI log.
//! Every untrusted string passes here; nothing else decides what is printable.

use std::fmt::Write as _;

/// One line of text that can neither move a cursor, nor hide, nor start a workflow command.
///
/// Control, bidirectional and zero-width characters become `\u{..}`; line breaks become `\n`;
/// a leading `::`, and `##` followed by a letter or a bracket anywhere, get a backslash, because CI systems find
/// their commands by those marks.
#[must_use]
pub(crate) fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push(' '),
            c if is_hidden(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    let start = out.len() - out.trim_start().len();
    if out[start..].starts_with("::") {
        out.insert(start, '\\');
    }
    if out.contains("##") { out.replace("##", "#\\#") } else { out }
}

/// Text that may keep its line breaks; every line is made safe on its own.
#[must_use]
pub(crate) fn block(text: &str) -> String {
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The data of a GitHub workflow command.
#[must_use]
pub(crate) fn github_data(text: &str) -> String {
    let visible: String =
        text.chars().map(|c| if c != '\n' && is_hidden(c) { '\u{fffd}' } else { c }).collect();
    visible.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a GitHub workflow command: `file=`, `title=`.
#[must_use]
pub(crate) fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Whether a character is not shown, or changes how others are.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A code span of Markdown that nothing can end, also in a cell of a table: no markup, link or mention works in it.
#[must_use]
pub(crate) fn markdown_code(text: &str) -> String {
    // How many backslashes protect a bar differs between readers of Markdown.
    let text = line(text).replace('`', "'").replace('|', "¦");
    if text.trim().is_empty() { "—".to_owned() } else { format!("`{}`", text.trim()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_start_a_workflow_command_or_move_the_cursor() {
        for hostile in [
            "::error::x",
            "  ::set-output name=a::b",
            "\u{a0}::add-mask::e",
            "x ##[error]y",
            "##vso[task.setvariable]",
            "\n::stop-commands::t",
            "\r[ok] pushed",
            "\u{1b}[2J",
            "\u{9b}31m",
            "\u{202e}gnp",
            "a\u{200b}b",
        ] {
            let safe = line(hostile);
            assert!(!safe.trim_start().starts_with("::") && !safe.contains("##"), "{safe:?}");
            assert!(!safe.chars().any(char::is_control), "{safe:?}");
            assert!(!safe.contains('\u{202e}'), "{safe:?}");
        }
    }

    #[test]
    fn a_code_span_cannot_be_left_and_keeps_its_cell() {
        for (text, code) in [
            ("a`b|c", "`a'b¦c`"),
            ("<img src=x>\n| x \\|", "`<img src=x>\\n¦ x \\¦`"),
            ("@team https://evil.example", "`@team https://evil.example`"),
            ("  ", "—"),
        ] {
            assert_eq!(markdown_code(text), code);
        }
    }

    #[test]
    fn annotation_fields_cannot_be_broken_out_of() {
        assert_eq!(github_property("a,line=1::b%\n"), "a%2Cline=1%3A%3Ab%25%0A");
        assert_eq!(github_data("50% ::\r\n"), "50%25 ::%0D%0A".replace("%0D", "\u{fffd}"));
    }
}
