//! What is wrong or doubtful in a file: data that can be rendered, annotated or counted. It prints nothing.

use std::fmt;
use std::sync::Arc;

use super::render;
use super::source_text::SourceText;
use super::tree::Span;
use super::visible::visible;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file is accepted.
    Warning,
}

/// One finding in a file. All its texts are escaped: they hold no control, bidi or zero-width characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable name, for example `bakery::config::unknown_key`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence that names the thing.
    pub message: String,
    /// What was expected, shown at the underlined text.
    pub label: Option<String>,
    /// Where it happened, beside the place in the file.
    pub note: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    pub(super) span: Option<Span>,
    pub(super) related: Option<(Span, String)>,
    pub(super) source: Arc<SourceText>,
}

impl Diagnostic {
    pub(super) fn new(
        code: &'static str,
        severity: Severity,
        message: &str,
        source: &Arc<SourceText>,
    ) -> Self {
        Self {
            code,
            severity,
            message: visible(message).into_owned(),
            label: None,
            note: None,
            hint: None,
            span: None,
            related: None,
            source: Arc::clone(source),
        }
    }

    /// A finding in any file of a project. `at` is a part of the text, in bytes; without one it is about the whole file.
    #[must_use]
    pub fn in_file(
        code: &'static str,
        severity: Severity,
        (name, text): (&str, &str),
        at: Option<std::ops::Range<usize>>,
        message: &str,
    ) -> Self {
        let source = Arc::new(SourceText::new(name.to_owned(), text.to_owned()));
        let span = at.map(|at| Span { start: at.start, end: at.end });
        Self { span, ..Self::new(code, severity, message, &source) }
    }

    /// Says where it happened.
    pub fn note(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.note = Some(visible(text.as_ref()).into_owned());
        self
    }

    /// Says what was expected.
    pub fn label(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.label = Some(visible(text.as_ref()).into_owned());
        self
    }

    /// Says what to do.
    pub fn hint(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.hint = Some(visible(text.as_ref()).into_owned());
        self
    }

    /// Shows a second place.
    pub(super) fn related(&mut self, span: Span, text: impl AsRef<str>) -> &mut Self {
        self.related = Some((span, visible(text.as_ref()).into_owned()));
        self
    }

    /// Name of the file, as it was given to `load`, escaped.
    #[must_use]
    pub fn file_name(&self) -> String {
        visible(&self.source.name).into_owned()
    }

    /// Line and column, both 1-based, the column in characters. None where the finding is about the whole file.
    #[must_use]
    pub fn position(&self) -> Option<(usize, usize)> {
        self.span.map(|span| {
            let line = self.source.line(span);
            (line.number, line.column)
        })
    }

    /// The finding with its line of the file, as a person reads it. Several lines, without a final line end.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        render::diagnostic(self, color)
    }
}

/// The findings of one file, in file order; at most 20 are kept, the others are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    omitted: usize,
}

impl Diagnostics {
    /// Most findings that are kept.
    pub const LIMIT: usize = 20;

    /// Sorts, drops what is said twice, and cuts. `uncounted` findings were never kept.
    pub(super) fn new(mut list: Vec<Diagnostic>, uncounted: usize) -> Self {
        list.sort_by_key(|diagnostic| diagnostic.span.map_or(0, |span| span.start));
        // The same text can be read twice through an alias.
        list.dedup_by(|a, b| a.span == b.span && a.code == b.code && a.message == b.message);
        let omitted = uncounted + list.len().saturating_sub(Self::LIMIT);
        list.truncate(Self::LIMIT);
        Self { list, omitted }
    }

    /// The findings that were kept, in file order.
    #[must_use]
    pub fn list(&self) -> &[Diagnostic] {
        &self.list
    }

    /// How many more there were.
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Every finding rendered, one blank line between two, and "and N more" where some were cut.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let mut parts: Vec<String> = self.list.iter().map(|diagnostic| diagnostic.render(color)).collect();
        if self.omitted > 0 {
            parts.push(format!("and {} more", self.omitted));
        }
        parts.join("\n\n")
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.list.first().map_or_else(|| "the configuration".to_owned(), Diagnostic::file_name);
        match self.list.len() + self.omitted {
            1 => write!(f, "`{name}` has an error"),
            count => write!(f, "`{name}` has {count} errors"),
        }
    }
}

impl std::error::Error for Diagnostics {}
