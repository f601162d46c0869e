//! Answers a question: the pinned version, or the one that the head names, put into an address per target.
//! Must not make a host call when a version is pinned.

use bakery_sdk::{
    SourceError, Upstream, excerpt,
    resolver::{Artifact, Query, Resolution},
    upstream::{fetch_one, get},
    version::is_version,
};

use crate::config::Config;

/// The component's name in messages.
pub(crate) const NAME: &str = "source-template";

/// A version is one short line; a page that stands in its place is worth seeing in the message.
const MAX_BYTES: u32 = 64 * 1024;

/// Resolves a query.
///
/// # Errors
/// `invalid-config` for a wrong configuration or pin, `invalid-answer` when the head is not one version,
/// `failed` when it cannot be read. A target that no family serves is an error of that target alone.
pub fn resolve(upstream: &impl Upstream, query: &Query) -> Result<Resolution, SourceError> {
    let config = Config::read(&query.config)?;
    let (version, origin) = match (&query.pinned, &config.head) {
        (Some(pin), _) if is_version(pin) => (pin.clone(), None),
        (Some(pin), _) => {
            let pin = excerpt(pin.as_bytes());
            return Err(SourceError::InvalidConfig(format!(
                "the pinned version {pin} is not a version: expected one like `2026.06.0-dev+143-gabc`"
            )));
        }
        (None, Some(head)) => (read_head(upstream, head)?, Some(head.clone())),
        (None, None) => {
            return Err(SourceError::Unsupported(format!(
                "`{}` names no head for channel `{}`: give a version, for example with `--dev-spec`",
                query.product, query.channel
            )));
        }
    };
    let artifact = |target| {
        let url = config.address(&query.product, &version, target)?;
        Ok(Artifact { version: version.clone(), url, digest: None, size: None, attributes: Vec::new() })
    };
    Ok(Resolution {
        artifacts: query.targets.iter().map(artifact).collect(),
        head: origin.is_some().then(|| version.clone()),
        origin,
        published: None,
        attributes: Vec::new(),
    })
}

fn read_head(upstream: &impl Upstream, url: &str) -> Result<String, SourceError> {
    let response = fetch_one(upstream, get(url, "text/plain", MAX_BYTES)).map_err(SourceError::Failed)?;
    let text = std::str::from_utf8(&response.body).unwrap_or_default().trim();
    if is_version(text) {
        return Ok(text.to_owned());
    }
    let begins = excerpt(response.body.trim_ascii());
    Err(SourceError::InvalidAnswer(format!("`{url}` did not answer one version: it begins with {begins}")))
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
