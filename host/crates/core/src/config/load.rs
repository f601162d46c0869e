//! The door of the room: bytes of a `bakery.yaml` in, a [`Config`] with warnings out, or every error at once.

use std::sync::Arc;

use super::codes;
use super::diagnostic::Diagnostics;
use super::encoding;
use super::findings::Findings;
use super::model::Config;
use super::read;
use super::source_text::SourceText;
use super::tree::Span;
use super::yaml::{self, LIMITS};

/// What `load` answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The normalised configuration.
    pub config: Config,
    /// What is doubtful but accepted, in file order.
    pub warnings: Diagnostics,
}

/// Reads a whole `bakery.yaml`. `file_name` is used in messages only; with `strict`, unknown keys are errors.
///
/// # Errors
/// Everything that is wrong with the file, in file order.
pub fn load(file_name: &str, text: &[u8], strict: bool) -> Result<Loaded, Diagnostics> {
    let name = file_name.to_owned();
    if text.len() > LIMITS.bytes {
        let mut findings = Findings::new(Arc::new(SourceText::new(name, String::new())), strict);
        let message = format!("the file has {} bytes, at most {} are read", text.len(), LIMITS.bytes);
        findings
            .file_error(codes::TOO_LARGE, message)
            .hint("check that this is the right file, or split the project");
        return Err(findings.finish().0);
    }
    let text = match encoding::decode(text) {
        Ok(text) => text,
        Err(problem) => {
            let (shown, at) = problem.shown.unwrap_or_default();
            let located = !shown.is_empty();
            let mut findings = Findings::new(Arc::new(SourceText::new(name, shown)), strict);
            let diagnostic = if located {
                let end = at + char::REPLACEMENT_CHARACTER.len_utf8();
                findings.error(codes::ENCODING, Span { start: at, end }, problem.message)
            } else {
                findings.file_error(codes::ENCODING, problem.message)
            };
            diagnostic.hint(problem.hint);
            return Err(findings.finish().0);
        }
    };
    let source = Arc::new(SourceText::new(name, text.to_owned()));
    let mut findings = Findings::new(Arc::clone(&source), strict);
    let config =
        yaml::parse(source.text(), LIMITS, &mut findings).and_then(|root| read::config(&root, &mut findings));
    let (errors, warnings) = findings.finish();
    match config {
        Some(config) if errors.is_empty() => Ok(Loaded { config, warnings }),
        _ => Err(errors),
    }
}
