//! Diagnostics as a person reads them: the only file that names the crate which draws the underlined source.
//! It shows single lines, escaped and cut around what is underlined, since the text may come from anyone.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet, Title};

use super::diagnostic::{Diagnostic, Severity};
use super::source_text::Line;
use super::tree::Span;
use super::visible::{is_unsafe, visible};

/// Characters of a line that are shown before the underlined text.
const BEFORE: usize = 60;
/// Characters of a line that are shown from the start of the underlined text on.
const AFTER: usize = 80;

/// One diagnostic with its lines of source, without a final line end.
pub(super) fn diagnostic(diagnostic: &Diagnostic, color: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.clone().primary_title(diagnostic.message.as_str()).id(diagnostic.code);
    let mut groups = Vec::new();
    match diagnostic.span {
        Some(span) => place(&mut groups, level, title, diagnostic, span, diagnostic.label.as_deref()),
        None => groups.push(Group::with_title(title).element(Origin::path(visible(&diagnostic.source.name)))),
    }
    if let Some((span, text)) = &diagnostic.related {
        place(&mut groups, Level::NOTE, Level::NOTE.secondary_title(text.as_str()), diagnostic, *span, None);
    }
    if let Some(note) = &diagnostic.note {
        groups.push(Group::with_title(Level::NOTE.secondary_title(note.as_str())));
    }
    if let Some(hint) = &diagnostic.hint {
        groups.push(Group::with_title(Level::HELP.secondary_title(hint.as_str())));
    }
    // The window below bounds the width already; the renderer shall not cut a second time.
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let text = renderer.term_width(10_000).render(&groups);
    // Between the place and the line, which are two groups, the bar is drawn twice.
    let mut lines: Vec<&str> = text.trim_end().lines().collect();
    lines.dedup_by(|second, first| second == first && first.contains('|'));
    lines.join("\n")
}

/// Adds the title, the place in the file and the underlined line.
///
/// The line stands in a group of its own: its text may be cut and escaped, so the column comes from the file.
fn place<'a>(
    groups: &mut Vec<Group<'a>>,
    level: Level<'a>,
    title: Title<'a>,
    diagnostic: &'a Diagnostic,
    span: Span,
    label: Option<&'a str>,
) {
    let line = diagnostic.source.line(span);
    let origin = Origin::path(visible(&diagnostic.source.name)).line(line.number).char_column(line.column);
    let (shown, under) = window(&line);
    let annotation = AnnotationKind::Primary.span(under).label(label);
    groups.push(Group::with_title(title).element(origin));
    groups.push(
        Group::with_level(level)
            .element(Snippet::source(shown).line_start(line.number).annotation(annotation)),
    );
}

/// The escaped part of a line around its span, and where the span lies in it, in bytes.
fn window(line: &Line<'_>) -> (String, std::ops::Range<usize>) {
    let (before, rest) = line.text.split_at(line.start);
    let (under, after) = rest.split_at(line.end - line.start);
    let mut shown = String::new();
    let skipped = before.chars().count().saturating_sub(BEFORE);
    if skipped > 0 {
        shown.push('…');
    }
    before.chars().skip(skipped).for_each(|c| push(&mut shown, c));
    let start = shown.len();
    under.chars().take(AFTER).for_each(|c| push(&mut shown, c));
    let end = shown.len();
    let under_length = under.chars().count();
    let left = AFTER.saturating_sub(under_length);
    after.chars().take(left).for_each(|c| push(&mut shown, c));
    if under_length > AFTER || after.chars().count() > left {
        shown.push('…');
    }
    (shown, start..end)
}

/// Tabs stay: the renderer widens them and keeps the underline in place.
fn push(shown: &mut String, c: char) {
    if c != '\t' && is_unsafe(c) {
        shown.push_str(&visible(c.encode_utf8(&mut [0; 4])));
    } else {
        shown.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::findings::Findings;
    use crate::config::source_text::SourceText;
    use std::sync::Arc;

    fn rendered(text: &str, word: &str, fill: impl FnOnce(&mut Diagnostic)) -> String {
        let source = Arc::new(SourceText::new("bakery.yaml".to_owned(), text.to_owned()));
        let mut findings = Findings::new(source, false);
        let start = text.find(word).unwrap();
        fill(findings.error(
            "bakery::config::example",
            Span { start, end: start + word.len() },
            "something is wrong",
        ));
        findings.finish().0.render(false)
    }

    #[test]
    fn the_line_is_underlined_and_the_hint_follows() {
        let text = rendered("images:\n  - name: 24.04 # x\n", "24.04", |d| {
            d.label("expected text")
                .hint("write it in quotes")
                .related(Span { start: 0, end: 6 }, "first here");
        });
        insta::assert_snapshot!(text);
    }

    #[test]
    fn control_and_bidi_characters_are_escaped_and_the_underline_stays_in_place() {
        let text = rendered("a: \u{202e}\u{1b}[31mx\u{7} # y\n", "x\u{7}", |_| {});
        assert!(!text.contains(['\u{202e}', '\u{1b}', '\u{7}']), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn very_long_lines_are_cut_around_the_span() {
        let long = format!("{}needle{}", "a".repeat(100_000), "b".repeat(100_000));
        let text = rendered(&long, "needle", |_| {});
        assert!(text.len() < 1000, "{}", text.len());
        assert!(text.contains("needle") && text.contains("bakery.yaml:1:100001"), "{text}");
        let under = rendered(&long, &"b".repeat(100_000), |_| {});
        assert!(under.len() < 1000, "{}", under.len());
    }

    #[test]
    fn colour_is_only_where_it_is_asked_for() {
        let source = Arc::new(SourceText::new("f".to_owned(), "x".to_owned()));
        let mut findings = Findings::new(source, false);
        findings.error("bakery::config::example", Span { start: 0, end: 1 }, "wrong");
        let (errors, _) = findings.finish();
        assert!(errors.render(true).contains('\u{1b}'));
        assert!(!errors.render(false).contains('\u{1b}'));
    }
}
