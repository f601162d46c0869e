//! What a version source answered: one strict version for every target, and artifacts that can be downloaded.
//! A mismatch with a pin and a torn answer are found here; waiting for better ones is the gate's.

use std::{collections::BTreeSet, time::Duration};

use bakery_core::{
    model::{Digest, ProductVersion},
    policy::parse_url,
    port::{Artifact, Failure, Resolution, SourceError, SourceQuery},
};

use super::{
    refusal,
    text::{excerpt, is_line},
};
use crate::bindings::version_source as wit;

/// Bytes of a URL.
const URL: usize = 2 * 1024;

/// Reads an answer.
///
/// # Errors
/// It is not an answer to this question, it names several versions, or another version than the pinned one.
pub(crate) fn read(
    answer: wit::Resolution,
    query: &SourceQuery,
    component: &str,
    issued: &[Failure],
) -> Result<Resolution, SourceError> {
    let (asked, answered) = (query.targets.len(), answer.artifacts.len());
    if asked != answered {
        return Err(refuse(component, &format!("{answered} artifacts for {asked} operating systems")));
    }
    let origin = answer.origin.map(|url| read_url(&url, component)).transpose()?;
    let head = answer.head.map(|version| read_version(&version, component)).transpose()?;
    let published = answer.published.map(|text| read_line(text, component)).transpose()?;
    let artifacts = answer
        .artifacts
        .into_iter()
        .map(|artifact| match artifact {
            Ok(artifact) => read_artifact(artifact, component).map(Ok),
            Err(refusal) => Ok(Err(refusal::read(refusal, component, issued))),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let resolution = Resolution { artifacts, head, origin, published, waited: Duration::ZERO, attempts: 1 };
    check_versions(&resolution, query, component)?;
    Ok(resolution)
}

fn check_versions(resolution: &Resolution, query: &SourceQuery, component: &str) -> Result<(), SourceError> {
    let found: Vec<(String, &Artifact)> = query
        .targets
        .iter()
        .zip(&resolution.artifacts)
        .filter_map(|(target, artifact)| {
            let name =
                format!("{} {} ({})", target.os.name, target.os.version, target.platform.architecture());
            artifact.as_ref().ok().map(|artifact| (name, artifact))
        })
        .collect();
    let Some((_, first)) = found.first() else { return Ok(()) };
    let origin = resolution.origin.clone().unwrap_or_else(|| first.url.clone());
    let versions: BTreeSet<&str> = found.iter().map(|(_, artifact)| artifact.version.as_str()).collect();
    if versions.len() > 1 {
        let versions =
            found.iter().map(|(name, artifact)| (name.clone(), artifact.version.clone())).collect();
        return Err(SourceError::Torn { versions, origin, waited: Duration::ZERO });
    }
    match &query.pinned {
        // A source that was told to put the pin into its URLs and answers another version did not do it.
        Some(pinned) if query.substitute && *pinned != first.version => Err(refuse(
            component,
            &format!("`{}` where it was told to use `{pinned}`", excerpt(&first.version)),
        )),
        Some(pinned) if *pinned != first.version => Err(SourceError::Mismatch {
            pinned: pinned.clone(),
            found: first.version.clone(),
            origin,
            published: resolution.published.clone(),
            waited: Duration::ZERO,
        }),
        _ => Ok(()),
    }
}

fn read_artifact(artifact: wit::Artifact, component: &str) -> Result<Artifact, SourceError> {
    let digest = artifact.digest.map(|text| text.parse::<Digest>()).transpose();
    Ok(Artifact {
        version: read_version(&artifact.version, component)?,
        url: read_url(&artifact.url, component)?,
        digest: digest.map_err(|error| broken(component, &error.to_string()))?,
        size: artifact.size,
    })
}

fn read_version(text: &str, component: &str) -> Result<String, SourceError> {
    let version: Result<ProductVersion, _> = text.parse();
    version.map(|version| version.to_string()).map_err(|error| broken(component, &error.to_string()))
}

fn read_url(text: &str, component: &str) -> Result<String, SourceError> {
    if text.len() > URL {
        let shown = excerpt(text);
        return Err(broken(
            component,
            &format!("a URL of {} bytes, `{shown}…`; at most {URL} are read", text.len()),
        ));
    }
    parse_url(text).map(|_| text.to_owned()).map_err(|error| broken(component, &error.to_string()))
}

fn read_line(text: String, component: &str) -> Result<String, SourceError> {
    if is_line(&text, 128) {
        Ok(text)
    } else {
        Err(refuse(component, &format!("the date `{}`", excerpt(&text))))
    }
}

fn refuse(component: &str, what: &str) -> SourceError {
    SourceError::InvalidAnswer(format!("component `{component}` answered {what}"))
}

fn broken(component: &str, problem: &str) -> SourceError {
    SourceError::InvalidAnswer(format!(
        "component `{component}` answered something else than an answer: {problem}"
    ))
}

#[cfg(test)]
#[path = "resolution_tests.rs"]
mod tests;
