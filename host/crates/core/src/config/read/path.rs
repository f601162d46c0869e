//! Paths inside the project: relative, with no way out. The file system is not asked.

use crate::config::codes;
use crate::config::fields::Place;
use crate::config::findings::Findings;
use crate::config::tree::Span;
use crate::config::visible::Shown;

/// The path, or None, reported, where it is absolute or leaves its directory.
pub(super) fn relative(
    text: String,
    span: Span,
    place: Place<'_>,
    findings: &mut Findings,
) -> Option<String> {
    let why = if text.starts_with('/') || text.starts_with('~') || text.get(1..2) == Some(":") {
        "is absolute"
    } else if text.contains('\\') {
        "has a backslash"
    } else if text.split('/').any(|part| part == "..") {
        "leaves its directory with `..`"
    } else {
        return Some(text);
    };
    findings
        .error(codes::BAD_PATH, span, format!("the path `{}`, which is {place}, {why}", Shown(&text)))
        .label("expected a path below the project, with `/` between its parts");
    None
}
