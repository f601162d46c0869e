//! What the override component read from a dispatch payload.

use std::collections::HashSet;

use bakery_core::port::{DispatchSpec, Failure, FailureKind, OverrideCandidate, OverrideError, OverridePin};

use super::text::{excerpt, is_line, is_word, sentence};
use crate::bindings::version_override as wit;

/// Bytes of a field.
const FIELD: usize = 256;

/// Sentences about unknown fields.
const WARNINGS: usize = 100;

/// Reads what `check` answered.
///
/// # Errors
/// A field is longer than a field can be, or holds control characters.
pub(crate) fn read_checked(checked: wit::Checked, component: &str) -> Result<DispatchSpec, OverrideError> {
    let line = |name: &str, field: Option<String>| match field {
        Some(text) if text.is_empty() || !is_line(&text, FIELD) => {
            Err(wrong(component, &format!("answered the {name} `{}`", excerpt(&text))))
        }
        field => Ok(field),
    };
    Ok(DispatchSpec {
        warnings: checked.warnings.iter().take(WARNINGS).map(|text| sentence(text)).collect(),
        version: word(component, "version", checked.version)?,
        channel: line("channel", checked.channel)?,
        branch: line("branch", checked.branch)?,
        image: line("image", checked.image)?,
        product: line("product", checked.product)?,
    })
}

/// Reads what `plan` answered.
///
/// # Errors
/// A pin of something that was not a candidate, two pins of one candidate, a pin of nothing.
pub(crate) fn read_pins(
    pins: Vec<wit::Pin>,
    candidates: &[OverrideCandidate],
    component: &str,
) -> Result<Vec<OverridePin>, OverrideError> {
    let known: HashSet<u32> = candidates.iter().map(|candidate| candidate.id).collect();
    let mut seen = HashSet::new();
    let mut read = Vec::new();
    for pin in pins {
        let id = pin.candidate;
        if !known.contains(&id) {
            return Err(wrong(
                component,
                &format!("pinned candidate {id}, which was not among those it was given"),
            ));
        }
        if !seen.insert(id) {
            return Err(wrong(component, &format!("pinned candidate {id} twice")));
        }
        if pin.version.is_none() && pin.branch.is_none() {
            return Err(wrong(
                component,
                &format!("pinned candidate {id} to neither a version nor a branch"),
            ));
        }
        let version = word(component, "version", pin.version)?;
        let branch = word(component, "branch", pin.branch)?;
        read.push(OverridePin { candidate: id, version, branch });
    }
    Ok(read)
}

/// Reads why a payload is refused.
pub(crate) fn refuse(error: wit::Error, candidates: &[OverrideCandidate], component: &str) -> OverrideError {
    match error {
        wit::Error::InvalidSpec(text) => OverrideError::InvalidSpec(sentence(&text)),
        wit::Error::NothingMatches(text) => OverrideError::NothingMatches(sentence(&text)),
        wit::Error::Ambiguous(ambiguity) => {
            let known = |id: &u32| candidates.iter().any(|candidate| candidate.id == *id);
            match ambiguity.candidates.iter().find(|id| !known(id)) {
                Some(id) => {
                    wrong(component, &format!("calls candidate {id} ambiguous, which it was not given"))
                }
                None => OverrideError::Ambiguous {
                    candidates: ambiguity.candidates,
                    field: ambiguity.field.filter(|field| is_word(field, FIELD)),
                },
            }
        }
    }
}

fn word(component: &str, name: &str, field: Option<String>) -> Result<Option<String>, OverrideError> {
    match field {
        Some(text) if !is_word(&text, FIELD) => {
            Err(wrong(component, &format!("answered the {name} `{}`", excerpt(&text))))
        }
        field => Ok(field),
    }
}

fn wrong(component: &str, what: &str) -> OverrideError {
    let message = format!("component `{component}` {what}");
    OverrideError::Failed(Failure::new(FailureKind::Internal, component, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates() -> Vec<OverrideCandidate> {
        let candidate = |id| OverrideCandidate {
            id,
            image: "connect".to_owned(),
            product: "connect".to_owned(),
            channel: Some("daily".to_owned()),
            source: "channel".to_owned(),
        };
        vec![candidate(0), candidate(1)]
    }

    fn pin(candidate: u32, version: Option<&str>) -> wit::Pin {
        wit::Pin { candidate, version: version.map(str::to_owned), branch: None, attributes: Vec::new() }
    }

    #[test]
    fn pins_name_candidates_that_were_given_once_each() {
        assert_eq!(read_pins(vec![pin(1, Some("1.2.3"))], &candidates(), "a").unwrap()[0].candidate, 1);
        for (pins, words) in [
            (vec![pin(2, Some("1.2.3"))], "pinned candidate 2, which was not among those it was given"),
            (vec![pin(1, Some("1.2.3")), pin(1, Some("1.2.4"))], "pinned candidate 1 twice"),
            (vec![pin(1, None)], "pinned candidate 1 to neither a version nor a branch"),
            (vec![pin(1, Some("1.2.3\n::x"))], r"answered the version `1.2.3\n::x`"),
        ] {
            let error = read_pins(pins, &candidates(), "a").unwrap_err();
            assert_eq!(error.to_string(), format!("component `a` {words}"));
        }
    }

    #[test]
    fn an_ambiguity_names_candidates_that_were_given() {
        let ambiguous = |ids: Vec<u32>| {
            wit::Error::Ambiguous(wit::Ambiguity { candidates: ids, field: Some("channel".to_owned()) })
        };
        let error = refuse(ambiguous(vec![0, 1]), &candidates(), "a");
        assert!(matches!(error, OverrideError::Ambiguous { field: Some(_), .. }), "{error:?}");
        let error = refuse(ambiguous(vec![0, 7]), &candidates(), "a");
        assert_eq!(error.to_string(), "component `a` calls candidate 7 ambiguous, which it was not given");
    }
}
