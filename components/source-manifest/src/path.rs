//! The way from a manifest's root to one entry.
//! Tells an entry that is not there from a manifest that is not one.

use bakery_sdk::{SourceError, excerpt, json::describe, nearby};
use serde_json::Value;

use crate::config::Filled;

/// Follows the steps.
///
/// # Errors
/// `not-found` where a step that depends on the target leads nowhere, with what is there instead;
/// `invalid-answer` for everything else that is missing, of another type, or there twice.
pub(crate) fn follow<'a>(url: &str, root: &'a Value, steps: &[Filled<'_>]) -> Result<&'a Value, SourceError> {
    let mut at = root;
    let mut trail = String::new();
    for step in steps {
        at = match step.key {
            None => member(url, at, &trail, step)?,
            Some(key) => element(url, at, &trail, key, step)?,
        };
        if !trail.is_empty() {
            trail.push('.');
        }
        trail.push_str(&step.value);
    }
    Ok(at)
}

/// The steps as one text, for messages.
pub(crate) fn trail(steps: &[Filled<'_>]) -> String {
    steps.iter().map(|step| step.value.as_str()).collect::<Vec<_>>().join(".")
}

fn member<'a>(url: &str, at: &'a Value, trail: &str, step: &Filled<'_>) -> Result<&'a Value, SourceError> {
    let members = at.as_object().ok_or_else(|| wrong_type(url, at, trail, "an object"))?;
    members.get(&step.value).ok_or_else(|| missing(url, trail, step, members.keys().map(String::as_str)))
}

fn element<'a>(
    url: &str,
    at: &'a Value,
    trail: &str,
    key: &str,
    step: &Filled<'_>,
) -> Result<&'a Value, SourceError> {
    let elements = at.as_array().ok_or_else(|| wrong_type(url, at, trail, "an array"))?;
    let value = |element: &'a Value| element.get(key).and_then(Value::as_str);
    let mut matching = elements.iter().filter(|element| value(element) == Some(&step.value));
    let first =
        matching.next().ok_or_else(|| missing(url, trail, step, elements.iter().filter_map(value)))?;
    if matching.any(|other| other != first) {
        return Err(SourceError::InvalidAnswer(format!(
            "`{url}` has `{}` more than once at `{trail}`, with different entries",
            step.value
        )));
    }
    Ok(first)
}

fn missing<'a>(
    url: &str,
    trail: &str,
    step: &Filled<'_>,
    there: impl Iterator<Item = &'a str>,
) -> SourceError {
    let there = nearby::list(&step.value, there);
    let wanted = excerpt(step.value.as_bytes());
    let place = if trail.is_empty() { String::new() } else { format!(" at `{trail}`") };
    let text = format!("`{url}` has no {wanted}{place}; it has {there}");
    if step.depends { SourceError::NotFound(text) } else { SourceError::InvalidAnswer(text) }
}

fn wrong_type(url: &str, at: &Value, trail: &str, expected: &str) -> SourceError {
    SourceError::InvalidAnswer(format!("`{url}` has {} at `{trail}`, expected {expected}", describe(at)))
}
