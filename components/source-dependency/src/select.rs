//! Answers a question: every list of the dependency is read, and the constraint selects.
//! Must not answer an empty list: an axis without a version would silently build nothing.

use bakery_sdk::{SourceError, Upstream, lister::Query, upstream::get};

use crate::{config, constraint::Rule, pep440::Version, read};

/// The component's name in messages.
pub(crate) const NAME: &str = "source-dependency";

/// The table of Python builds is several megabytes, and it grows.
const MAX_BYTES: u32 = 16 * 1024 * 1024;

/// Selects versions.
///
/// # Errors
/// `invalid-config` for a wrong configuration or constraint, `invalid-answer` for a list that is none,
/// `failed` when one cannot be read, `not-found` when the constraint allows no version.
pub fn select(upstream: &impl Upstream, query: &Query) -> Result<Vec<String>, SourceError> {
    let lists = config::read(&query.config)?;
    let rule = Rule::new(&query.constraint)?;
    let wanted: Vec<_> = lists.iter().filter(|list| query.prerelease || !list.prerelease).collect();
    let requests =
        wanted.iter().map(|list| get(&list.url, "application/json, text/plain;q=0.9, */*;q=0.8", MAX_BYTES));
    let answers = upstream.fetch(requests.collect());
    let mut versions = Vec::new();
    for (list, answer) in wanted.iter().zip(answers) {
        versions.extend(read::versions(list, &answer.map_err(SourceError::Failed)?.body)?);
    }
    let newest = versions.iter().max().map(|version: &Version| version.as_str().to_owned());
    let selected = rule.select(versions);
    if selected.is_empty() {
        let there = newest
            .map_or_else(|| "the lists are empty".to_owned(), |newest| format!("the newest is `{newest}`"));
        let asked = describe(query);
        return Err(SourceError::NotFound(format!(
            "no version of `{}` has {asked}: {there}",
            query.dependency
        )));
    }
    Ok(selected.iter().map(|version| version.as_str().to_owned()).collect())
}

fn describe(query: &Query) -> String {
    let bounds = [("min", &query.constraint.min), ("max", &query.constraint.max)];
    let bounds: Vec<String> =
        bounds.iter().filter_map(|(name, text)| Some(format!("`{name}` {}", text.as_ref()?))).collect();
    if bounds.is_empty() { "been released".to_owned() } else { bounds.join(" and ") }
}

#[cfg(test)]
#[path = "select_tests.rs"]
mod tests;
