//! Answers a question: the manifest is read once, and each target has its own entry in it.
//! Must not compare a version with the pin, except to put the pin into addresses where the operator asked for it.

use bakery_sdk::{
    FailureKind, SourceError, Upstream, excerpt, json,
    resolver::{Artifact, Query, Resolution},
    upstream::{fetch_one, get, head},
    version::is_version,
};
use serde_json::Value;

use crate::{config::Config, entry::Entry, path, substitute::substitute};

/// The component's name in messages.
pub(crate) const NAME: &str = "source-manifest";

/// The largest manifest known is 0.2 MB.
const MAX_BYTES: u32 = 16 * 1024 * 1024;

type Found = Result<Entry, SourceError>;

/// Resolves a query. With the attribute `substitute` = `true` and a pin, every artifact's address is made from the
/// manifest's and its existence is asked for.
///
/// # Errors
/// `invalid-config` for a wrong configuration, branch or pin; `invalid-answer` when the manifest is no JSON object;
/// `failed` when it cannot be read. What one target lacks is an error of that target alone.
pub fn resolve(upstream: &impl Upstream, query: &Query) -> Result<Resolution, SourceError> {
    let config = Config::read(&query.config)?;
    let url = config.address(query)?;
    let pin = pin_to_substitute(query)?;
    let response =
        fetch_one(upstream, get(&url, "application/json", MAX_BYTES)).map_err(SourceError::Failed)?;
    let manifest: Value = json::parse(&url, &response.body, "a JSON object")?;
    if !manifest.is_object() {
        let begins = excerpt(&response.body);
        return Err(SourceError::InvalidAnswer(format!(
            "`{url}` did not answer a JSON object: it is {}; it begins with {begins}",
            json::describe(&manifest)
        )));
    }
    let found: Vec<Found> = query
        .targets
        .iter()
        .map(|target| {
            let steps = config.steps(query, target)?;
            let place = format!("`{url}` at `{}`", path::trail(&steps));
            Entry::read(&place, path::follow(&url, &manifest, &steps)?, &config.fields)
        })
        .collect();
    let root = config.published.iter().try_fold(&manifest, |at, member| at.get(member));
    let published = match root.and_then(Value::as_str) {
        Some(text) if !config.published.is_empty() => Some(text.to_owned()),
        _ => found.iter().flatten().filter_map(|entry| entry.published.clone()).max(),
    };
    let head = agreed(&found);
    let artifacts = match pin {
        None => found.into_iter().map(|entry| entry.map(artifact)).collect(),
        Some(pin) => confirmed(upstream, pin, found),
    };
    Ok(Resolution { artifacts, head, origin: Some(url), published, attributes: Vec::new() })
}

fn pin_to_substitute(query: &Query) -> Result<Option<&str>, SourceError> {
    let wanted = query.attributes.iter().any(|(key, value)| key == "substitute" && value == "true");
    match query.pinned.as_deref().filter(|_| wanted) {
        Some(pin) if !is_version(pin) => Err(SourceError::InvalidConfig(format!(
            "the pinned version {} is not a version: expected one like `2026.06.0-dev+143-gabc`",
            excerpt(pin.as_bytes())
        ))),
        pin => Ok(pin),
    }
}

/// The version that every target has, where they agree.
fn agreed(found: &[Found]) -> Option<String> {
    let mut versions = found.iter().flatten().map(|entry| &entry.version);
    let first = versions.next()?;
    versions.all(|version| version == first).then(|| first.clone())
}

fn artifact(entry: Entry) -> Artifact {
    let published = entry.published.map(|text| ("published".to_owned(), text));
    Artifact {
        version: entry.version,
        url: entry.url,
        digest: entry.digest,
        size: entry.size,
        attributes: published.into_iter().collect(),
    }
}

/// Puts the pin into every address and asks for all of them at once.
fn confirmed(upstream: &impl Upstream, pin: &str, found: Vec<Found>) -> Vec<Result<Artifact, SourceError>> {
    let mut asked: Vec<String> = Vec::new();
    let wanted: Vec<Result<Artifact, SourceError>> = found
        .into_iter()
        .map(|entry| {
            let entry = entry?;
            let url = substitute(&entry.url, &entry.version, pin).ok_or_else(|| {
                SourceError::InvalidAnswer(format!(
                    "the pinned version `{pin}` cannot take the place of `{}`, which is not part of `{}`",
                    entry.version, entry.url
                ))
            })?;
            if !asked.contains(&url) {
                asked.push(url.clone());
            }
            // Digest, size and date belong to the manifest's own artifact.
            let same = entry.version == pin;
            let kept =
                if same { entry } else { Entry { digest: None, size: None, published: None, ..entry } };
            Ok(artifact(Entry { version: pin.to_owned(), url, ..kept }))
        })
        .collect();
    if asked.is_empty() {
        return wanted;
    }
    let answers = upstream.fetch(asked.iter().map(|url| head(url)).collect());
    let confirm = |artifact: Artifact| {
        let at = asked.iter().position(|url| *url == artifact.url);
        match at.and_then(|at| answers.get(at)) {
            Some(Ok(_)) => Ok(artifact),
            Some(Err(failure)) if failure.kind == FailureKind::NotFound => Err(SourceError::NotFound(
                format!("there is no artifact of the pinned version `{pin}` at `{}`", artifact.url),
            )),
            Some(Err(failure)) => Err(SourceError::Failed(failure.clone())),
            None => {
                Err(SourceError::InvalidAnswer(format!("the host did not answer for `{}`", artifact.url)))
            }
        }
    };
    wanted.into_iter().map(|artifact| artifact.and_then(confirm)).collect()
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
