//! The text of a file together with its name: finds lines and columns for messages. Opens nothing.

use super::tree::Span;

/// A file's name, for messages only, and its text without byte order mark.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SourceText {
    pub(super) name: String,
    text: String,
    /// Where each line begins, in bytes.
    starts: Vec<usize>,
}

/// One line of the file and where a span lies in it.
pub(super) struct Line<'t> {
    /// 1-based.
    pub(super) number: usize,
    /// 1-based, in characters.
    pub(super) column: usize,
    /// Without its line end.
    pub(super) text: &'t str,
    /// Start of the span in `text`, in bytes.
    pub(super) start: usize,
    /// End of the span in `text`, in bytes; at most the line's end.
    pub(super) end: usize,
}

impl SourceText {
    /// Finds the lines of `text`: they end with `\n`, `\r\n` or a lone `\r`, as YAML counts them.
    pub(super) fn new(name: String, text: String) -> Self {
        let bytes = text.as_bytes();
        let ends = |(i, b): (usize, &u8)| match b {
            b'\n' => Some(i + 1),
            b'\r' if bytes.get(i + 1) != Some(&b'\n') => Some(i + 1),
            _ => None,
        };
        let starts = std::iter::once(0).chain(bytes.iter().enumerate().filter_map(ends)).collect();
        Self { name, text, starts }
    }

    /// The text without byte order mark.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The 1-based number of the line that holds the byte `at`.
    pub(super) fn line_number(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }

    /// The line in which `span` starts. What lies outside the text is moved to its end.
    pub(super) fn line(&self, span: Span) -> Line<'_> {
        let at = self.floor(span.start);
        let number = self.line_number(at);
        let begin = self.starts.get(number - 1).copied().unwrap_or_default();
        let next = self.starts.get(number).copied().unwrap_or(self.text.len());
        let text = self.text[begin..next].trim_end_matches(['\n', '\r']);
        let start = (at - begin).min(text.len());
        let end = (self.floor(span.end).max(at) - begin).min(text.len());
        Line { number, column: 1 + text[..start].chars().count(), text, start, end }
    }

    fn floor(&self, at: usize) -> usize {
        self.text.floor_char_boundary(at.min(self.text.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_found_in_their_line_whatever_the_line_ends_and_the_alphabet() {
        let source = SourceText::new(String::new(), "ab\r\néé cd\rx\n\nend".to_owned());
        for (word, number, column, text) in
            [("ab", 1, 1, "ab"), ("cd", 2, 4, "éé cd"), ("x", 3, 1, "x"), ("end", 5, 1, "end")]
        {
            let start = source.text.find(word).unwrap();
            let line = source.line(Span { start, end: start + 100 });
            assert_eq!((line.number, line.column, line.text), (number, column, text), "{word}");
            assert_eq!(&line.text[line.start..line.end], word);
        }
        let past = source.line(Span { start: 1000, end: 2000 });
        assert_eq!((past.number, past.column, past.start, past.end), (5, 4, 3, 3));
    }

    #[test]
    fn an_empty_text_has_one_line() {
        let source = SourceText::new(String::new(), String::new());
        let line = source.line(Span { start: 7, end: 9 });
        assert_eq!((line.number, line.column, line.text), (1, 1, ""));
    }
}
