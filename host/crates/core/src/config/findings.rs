//! Collects what is found while a file is read, so that all of it is reported at once. It decides nothing about values.

use std::sync::Arc;

use super::diagnostic::{Diagnostic, Diagnostics, Severity};
use super::source_text::SourceText;
use super::tree::Span;

/// Most findings of one severity that are held in memory.
const HELD: usize = 1000;

/// The findings so far.
pub(super) struct Findings {
    source: Arc<SourceText>,
    strict: bool,
    errors: Pile,
    warnings: Pile,
}

#[derive(Default)]
struct Pile {
    list: Vec<Diagnostic>,
    dropped: usize,
}

impl Findings {
    /// Nothing found yet. With `strict`, what `unknown` reports is an error.
    pub(super) fn new(source: Arc<SourceText>, strict: bool) -> Self {
        Self { source, strict, errors: Pile::default(), warnings: Pile::default() }
    }

    /// Adds an error; the answer takes the label and the hint.
    pub(super) fn error(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl AsRef<str>,
    ) -> &mut Diagnostic {
        self.add(Severity::Error, code, Some(span), message.as_ref())
    }

    /// Adds an error about the whole file.
    pub(super) fn file_error(&mut self, code: &'static str, message: impl AsRef<str>) -> &mut Diagnostic {
        self.add(Severity::Error, code, None, message.as_ref())
    }

    /// Adds a warning.
    pub(super) fn warning(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl AsRef<str>,
    ) -> &mut Diagnostic {
        self.add(Severity::Warning, code, Some(span), message.as_ref())
    }

    /// Adds what is a warning, but an error for `--strict`.
    pub(super) fn unknown(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl AsRef<str>,
    ) -> &mut Diagnostic {
        let severity = if self.strict { Severity::Error } else { Severity::Warning };
        self.add(severity, code, Some(span), message.as_ref())
    }

    /// Counts findings that nobody will read: errors, or what `unknown` would have added.
    pub(super) fn not_kept(&mut self, count: usize, errors: bool) {
        let pile = if errors || self.strict { &mut self.errors } else { &mut self.warnings };
        pile.dropped += count;
    }

    /// Whether an error was added.
    pub(super) fn has_errors(&self) -> bool {
        !self.errors.list.is_empty()
    }

    /// The 1-based line of a span.
    pub(super) fn line_number(&self, span: Span) -> usize {
        self.source.line_number(span.start)
    }

    /// The errors and the warnings.
    pub(super) fn finish(self) -> (Diagnostics, Diagnostics) {
        let pile = |pile: Pile| Diagnostics::new(pile.list, pile.dropped);
        (pile(self.errors), pile(self.warnings))
    }

    fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        span: Option<Span>,
        message: &str,
    ) -> &mut Diagnostic {
        let mut new = Diagnostic::new(code, severity, message, &self.source);
        new.span = span;
        let pile = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if pile.list.len() >= HELD {
            // The last one held is overwritten: far more than are shown are held, in the order of reading.
            pile.list.pop();
            pile.dropped += 1;
        }
        pile.list.push(new);
        let last = pile.list.len() - 1;
        &mut pile.list[last]
    }
}
