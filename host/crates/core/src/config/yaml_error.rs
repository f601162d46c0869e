//! The YAML parser's complaints in words that tell what to do. It only words them; finding them is the parser's work.

use super::codes;
use super::findings::Findings;
use super::tree::Span;
use super::visible::Shown;

/// Part of the parser's message, our message, label, hint.
type Row = (&'static str, &'static str, &'static str, &'static str);

const ROWS: &[Row] = &[
    (
        "mapping values are not allowed",
        "a `:` stands where no key can end",
        "not expected here",
        "if the colon belongs to the text, put the whole text in quotes; otherwise check the indentation of this line and the one before",
    ),
    (
        "simple key expect",
        "this line is neither `key: value` nor a list entry",
        "expected a `:` after the key",
        "write `key: value`, or put a text of several lines in quotes",
    ),
    (
        "did not find expected key",
        "this line does not fit the map around it",
        "expected `key: value` at the map's indentation",
        "indent all keys of a map by the same number of spaces",
    ),
    (
        "did not find expected '-'",
        "this line does not fit the list around it",
        "expected `- ` at the list's indentation",
        "indent all entries of a list by the same number of spaces, and start each with `- `",
    ),
    (
        "block sequence entries are not allowed",
        "a list entry stands where none can start",
        "not expected here",
        "start the list on a line of its own below its key",
    ),
    (
        "expected ',' or ']'",
        "the list that `[` opens is not closed",
        "expected `,` or `]`",
        "close it with `]`",
    ),
    (
        "expected ',' or '}'",
        "the map that `{` opens is not closed",
        "expected `,` or `}`",
        "close it with `}`",
    ),
    (
        "illegal placement of ':'",
        "a `:` stands inside `[ ]`, where no key can end",
        "not expected here",
        "close the list with `]` further up, or put the text in quotes",
    ),
    (
        "misplaced bracket",
        "this bracket closes nothing",
        "not expected here",
        "remove it, or put the text in quotes",
    ),
    (
        "invalid indentation in quoted scalar",
        "a quoted text is not closed, or continues on a line that is not indented enough",
        "the quote opens here",
        "add the closing quote, or indent the lines of the text deeper than its key",
    ),
    (
        "unexpected end of stream",
        "a quoted text is not closed before the end of the file",
        "the quote opens here",
        "add the closing quote",
    ),
    (
        "unexpected document indicator",
        "a quoted text is not closed before the next document",
        "the quote opens here",
        "add the closing quote",
    ),
    (
        "invalid trailing content after double-quoted",
        "something follows the closing quote",
        "expected the end of the line",
        "put the whole text in quotes, and write `\\\"` for a quote inside it",
    ),
    (
        "unknown escape character",
        "a backslash in double quotes starts an escape that YAML does not know",
        "not an escape",
        "write `\\\\` for a backslash, or use single quotes",
    ),
    (
        "hexadecimal number",
        "an escape in double quotes lacks its hexadecimal digits",
        "expected hexadecimal digits",
        "write `\\\\` for a backslash, or use single quotes",
    ),
    (
        "invalid Unicode character escape",
        "an escape in double quotes names no character",
        "not a character",
        "write `\\\\` for a backslash, or use single quotes",
    ),
    (
        "unexpected character",
        "a text cannot start with this character",
        "has a meaning of its own in YAML",
        "put the text in quotes",
    ),
    (
        "unprintable character",
        "the file holds a control character, which YAML does not allow",
        "not allowed",
        "remove it",
    ),
    (
        "byte order mark",
        "a byte order mark stands inside the file",
        "not allowed here",
        "remove it; it often comes from joining two files",
    ),
    (
        "comments must be separated",
        "a comment starts right after a value",
        "expected a space before `#`",
        "write a space before `#`, or put the text in quotes if `#` belongs to it",
    ),
    (
        "comment intercepting",
        "a comment stands between two lines of one text",
        "not allowed here",
        "move the comment, or put the text in quotes",
    ),
    ("the handle wasn't declared", "the tag is not declared", "not accepted here", "remove the tag"),
    (
        "did not find expected node content",
        "a value is missing here",
        "expected a value",
        "write the value, or put a text that starts with this character in quotes",
    ),
    (
        "while scanning an anchor or alias",
        "`&` or `*` is not followed by a name",
        "expected a name",
        "put a text that starts with `&` or `*` in quotes",
    ),
    (
        "indentation",
        "the indentation of this line fits nothing above it",
        "not expected here",
        "indent by the same number of spaces as the lines that it belongs to",
    ),
];

/// Adds the parser's complaint `info` about the byte `at`; `open` is the innermost list or map that is being read.
pub(super) fn explain(info: &str, text: &str, at: usize, open: Option<Span>, findings: &mut Findings) {
    let at = text.floor_char_boundary(at.min(text.len()));
    // The parser names the start of a text that a tab ends, which may be lines away.
    let tab = if info.contains("found a tab") {
        text[at..].find('\t').map(|i| at + i)
    } else {
        indenting_tab(text, at).filter(|_| !info.contains("quoted"))
    };
    if let Some(tab) = tab {
        findings
            .error(codes::TAB, Span { start: tab, end: tab + 1 }, "a tab is used for indentation")
            .label("expected spaces")
            .hint("YAML is indented with spaces only");
        return;
    }
    if info.contains("unknown anchor") {
        let name = word(text, at);
        findings
            .error(codes::ALIAS, name, format!("the alias `{}` names nothing", Shown(&text[name.start..name.end])))
            .label("expected an anchor with this name further up")
            .hint("write the anchor before the value that it names, or put a text that starts with `*` in quotes");
        return;
    }
    if info.contains("recursion limit") {
        findings
            .error(codes::TOO_DEEP, word(text, at), "lists and maps are nested too deeply to be read")
            .label("one too many");
        return;
    }
    let span = place(info, text, at);
    match ROWS.iter().find(|(part, ..)| info.contains(part)) {
        Some((_, message, label, hint)) => {
            let of_bracket = info.contains("expected ','") || info.contains("illegal placement");
            let bracket = open.filter(|open| of_bracket && is_bracket(text, *open));
            let at_end = text[at..].trim().is_empty();
            match bracket {
                // At the end of the file there is nothing to show but the bracket.
                Some(open) if at_end => {
                    findings.error(codes::SYNTAX, open, message).label("opened here").hint(hint)
                }
                Some(open) => {
                    let diagnostic = findings.error(codes::SYNTAX, span, message);
                    diagnostic.label(label).hint(hint).related(open, "it is opened here")
                }
                None => findings.error(codes::SYNTAX, span, message).label(label).hint(hint),
            };
        }
        None => {
            findings
                .error(codes::SYNTAX, span, format!("the file is not YAML: {}", Shown(info)))
                .label("cannot be read from here on");
        }
    }
}

fn is_bracket(text: &str, span: Span) -> bool {
    text[span.start..].starts_with(['[', '{'])
}

/// The tab in the indentation of the line at `at`, or of the line before where that one ends at `at`.
fn indenting_tab(text: &str, at: usize) -> Option<usize> {
    let begin = text[..at].rfind(['\n', '\r']).map_or(0, |i| i + 1);
    let line = &text[begin..];
    let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
    line[..indent].find('\t').map(|i| begin + i)
}

/// Where the mistake is: the parser sometimes stops behind it.
fn place(info: &str, text: &str, at: usize) -> Span {
    if info.contains("simple key expect ") {
        // It stops at the next line; the line without colon is the last one before it that is not blank.
        let before = text[..at].trim_end();
        let start = before.rfind(['\n', '\r']).map_or(0, |i| i + 1);
        let indent = before[start..].len() - before[start..].trim_start().len();
        if start < before.len() && text[..at].rfind('\n').is_some_and(|i| i >= before.len()) {
            return Span { start: start + indent, end: before.len() };
        }
    }
    word(text, at)
}

/// The word at `at`, or one character.
fn word(text: &str, at: usize) -> Span {
    let rest = &text[at..];
    let length = rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}')).unwrap_or(rest.len());
    let one = rest.chars().next().map_or(0, char::len_utf8);
    Span { start: at, end: at + length.max(one) }
}
