//! Patterns of tags and names: checks their alphabet and their template syntax. Renders nothing: the only use of the
//! template crate in this room is its parser.

use minijinja::Environment;

use super::codes;
use super::fields::{Place, listed};
use super::findings::Findings;
use super::near_miss::near_miss;
use super::tree::Node;
use super::value;
use super::visible::Shown;

/// Longest pattern, in bytes. It bounds the recursion of the template parser, together with the next limit.
const LONGEST: usize = 512;
/// Most opening brackets beside those of `{{` and `{%`, and most statements.
const BRACKETS: usize = 24;

/// Reads a pattern that may use `variables`. With `literals`, the text outside `{{ }}` may hold only `[a-z0-9-_.]`.
pub(super) fn pattern(
    node: &Node,
    place: Place<'_>,
    variables: &[&str],
    literals: bool,
    findings: &mut Findings,
) -> Option<String> {
    let text = value::name(node, place, findings)?;
    if text.len() > LONGEST {
        let message = format!("{place} has {} bytes, at most {LONGEST} are read", text.len());
        findings.error(codes::BAD_PATTERN, node.span, message).label("too long");
        return None;
    }
    let statements = text.matches("{%").count();
    let brackets =
        text.matches(['(', '[', '{']).count().saturating_sub(statements + 2 * text.matches("{{").count());
    if brackets > BRACKETS || statements > BRACKETS {
        let message = format!("{place} has more than {BRACKETS} brackets or statements");
        findings.error(codes::BAD_PATTERN, node.span, message).label("too complicated to be read");
        return None;
    }
    if let Err((c, hint)) = if literals { check_literals(&text) } else { Ok(()) } {
        findings
            .error(codes::BAD_PATTERN, node.span, format!("{place} holds `{c}` outside `{{{{ }}}}`"))
            .label("expected lower-case letters, digits, `-`, `_`, `.` and `{{ }}`")
            .hint(hint);
        return None;
    }
    // Syntax only: filters are looked up when a pattern is rendered, so none are registered here.
    let environment = Environment::empty();
    let template = match environment.template_from_str(&text) {
        Ok(template) => template,
        Err(error) => {
            let detail = error.detail().map_or_else(|| error.kind().to_string(), ToOwned::to_owned);
            findings
                .error(codes::BAD_PATTERN, node.span, format!("{place} is no template: {}", Shown(&detail)))
                .label("cannot be rendered");
            return None;
        }
    };
    let mut unknown: Vec<String> = template.undeclared_variables(false).into_iter().collect();
    unknown.retain(|variable| !variables.contains(&variable.as_str()));
    unknown.sort();
    for variable in unknown {
        let message = format!("{place} uses `{}`, which has no value here", Shown(&variable));
        let diagnostic = findings.warning(codes::BAD_PATTERN, node.span, message);
        diagnostic.label(format!("expected one of {}", listed(variables)));
        if let Some(meant) = near_miss(&variable, variables.iter().copied()) {
            diagnostic.hint(format!("did you mean `{meant}`?"));
        }
    }
    Some(text)
}

/// The first character outside `{{ }}` that a tag pattern cannot hold, and what to do.
fn check_literals(text: &str) -> Result<(), (char, &'static str)> {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(inside) = rest.strip_prefix("{{") {
            let Some(end) = inside.find("}}") else { return Err(('{', "close it with `}}`")) };
            rest = &inside[end + 2..];
            continue;
        }
        match c {
            'a'..='z' | '0'..='9' | '-' | '_' | '.' => rest = &rest[c.len_utf8()..],
            'A'..='Z' => return Err((c, "write it in lower case")),
            '{' | '}' => return Err((c, "write variables as `{{ Version }}`")),
            _ => return Err((c, "remove it, or move it into `{{ }}`")),
        }
    }
    Ok(())
}
