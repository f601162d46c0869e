//! Applying answers: a development version with its name, and with the operating systems that have an artifact.
//! Everything that an upstream says becomes a strict type here, or is refused.

use super::{
    Pin, Unresolved,
    artifact::{PlatformArtifact, check_url, download_url, os_targets},
};
use crate::{
    config::{DependencyName, DevVersion, Os},
    model::{Channel, Platform, ProductVersion},
    port::{Artifact, Resolution, SourceError},
};

/// A development version whose name is known.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedDev {
    /// Its name.
    pub version: ProductVersion,
    /// Operating systems that are left, in order.
    pub os: Vec<ResolvedOs>,
    /// Whether its channel points to it now. A pinned version is only that when the source says so.
    pub channel_latest: bool,
    /// Its channel, for tags, identifiers and filters.
    pub release_channel: Option<Channel>,
    /// Whether a dispatch asked for exactly this version.
    pub pinned: bool,
    /// The URL that was read.
    pub origin: Option<String>,
    /// Operating systems that were left out, and why.
    pub dropped: Vec<(String, SourceError)>,
    /// Sentences for the user, those about `dropped` included.
    pub warnings: Vec<String>,
}

/// An operating system with its artifacts.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedOs {
    /// As configured, but `primary` where the others are gone.
    pub os: Os,
    /// What the upstream has, per platform; empty for a dependency.
    pub artifacts: Vec<PlatformArtifact>,
}

impl ResolvedOs {
    /// The URL that a template gets, right on every platform when written in double quotes in a `RUN` instruction.
    #[must_use]
    pub fn download_url(&self) -> Option<String> {
        download_url(&self.os.platforms, &self.artifacts)
    }
}

/// Applies the answer of a version source.
///
/// An operating system without an artifact is dropped with a warning. When the primary one is dropped, a single
/// survivor becomes primary; several survivors stay without short tags. A missing arm64 artifact alone drops nothing:
/// its URL is then guessed from that of amd64.
///
/// # Errors
/// The source failed, nothing is left, the answers disagree with each other or with the pin, or the version is none.
pub fn apply(
    dev: &DevVersion,
    pin: Option<&Pin>,
    resolution: &Resolution,
) -> Result<ResolvedDev, Unresolved> {
    let origin =
        resolution.origin.clone().unwrap_or_else(|| format!("the source of `{}`", dev.source.product()));
    let answers = answers_by_os(&dev.os, resolution)?;
    let mut warnings = Vec::new();
    let mut versions: Vec<(String, String)> = Vec::new();
    let mut dropped = Vec::new();
    let mut left = Vec::new();
    for (os, answer) in dev.os.iter().zip(answers) {
        match accept(os, answer, &mut versions, &mut warnings) {
            Ok(artifacts) => left.push(ResolvedOs { os: os.clone(), artifacts }),
            Err(error) => {
                warnings.push(format!("`{}` is left out, because it has no artifact: {error}", os.name));
                dropped.push((os.name.clone(), error));
            }
        }
    }
    let Some((_, found)) = versions.first().filter(|_| !left.is_empty()) else {
        return Err(Unresolved::NothingLeft(dropped));
    };
    if versions.iter().any(|(_, version)| version != found) {
        return Err(Unresolved::Source(SourceError::Torn { versions, origin, waited: resolution.waited }));
    }
    let pinned = pin.and_then(|pin| pin.version.as_ref());
    if let Some(pinned) = pinned.filter(|pinned| pinned.as_str() != found) {
        return Err(Unresolved::Source(SourceError::Mismatch {
            pinned: pinned.to_string(),
            found: found.clone(),
            origin,
            published: resolution.published.clone(),
            waited: resolution.waited,
        }));
    }
    let version: ProductVersion = found.parse().map_err(|source| Unresolved::Version { origin, source })?;
    settle_primary(dev, &mut left, &mut warnings);
    let head_is_this = resolution.head.as_deref() == Some(version.as_str());
    Ok(ResolvedDev {
        channel_latest: pinned.is_none() || head_is_this,
        version,
        os: left,
        release_channel: dev.source.channel(),
        pinned: pinned.is_some(),
        origin: resolution.origin.clone(),
        dropped,
        warnings,
    })
}

/// Applies the answer of a dependency list, newest first.
///
/// # Errors
/// The list is empty, or its first entry is no version.
pub fn apply_list(
    dev: &DevVersion,
    name: DependencyName,
    versions: &[String],
) -> Result<ResolvedDev, Unresolved> {
    let newest = versions.first().ok_or(Unresolved::EmptyList(name))?;
    let origin = format!("the list of `{}`", name.as_str());
    let version = newest.parse().map_err(|source| Unresolved::Version { origin, source })?;
    Ok(dependency(dev, version, false))
}

/// Applies a pin to a development version that follows a dependency. Nobody is asked, so nobody knows whether it is
/// what the channel points to; it moves no floating tag.
#[must_use]
pub fn apply_pin(dev: &DevVersion, version: ProductVersion) -> ResolvedDev {
    dependency(dev, version, true)
}

fn dependency(dev: &DevVersion, version: ProductVersion, pinned: bool) -> ResolvedDev {
    ResolvedDev {
        version,
        os: dev.os.iter().map(|os| ResolvedOs { os: os.clone(), artifacts: Vec::new() }).collect(),
        channel_latest: !pinned,
        release_channel: dev.source.channel(),
        pinned,
        origin: None,
        dropped: Vec::new(),
        warnings: Vec::new(),
    }
}

type Answer<'a> = (Platform, &'a Result<Artifact, SourceError>);

/// Groups the answers by operating system; a failure that is not about one artifact ends it here.
fn answers_by_os<'a>(systems: &[Os], resolution: &'a Resolution) -> Result<Vec<Vec<Answer<'a>>>, Unresolved> {
    let targets = os_targets(systems);
    if targets.len() != resolution.artifacts.len() {
        return Err(Unresolved::Source(SourceError::InvalidAnswer(format!(
            "{} artifacts were asked for, {} were answered",
            targets.len(),
            resolution.artifacts.len()
        ))));
    }
    let mut grouped: Vec<Vec<Answer<'a>>> = systems.iter().map(|_| Vec::new()).collect();
    for ((at, platform), answer) in targets.into_iter().zip(&resolution.artifacts) {
        if let Err(error) = answer
            && !is_about_one_artifact(error)
        {
            return Err(Unresolved::Source(error.clone()));
        }
        grouped[at].push((platform, answer));
    }
    Ok(grouped)
}

fn is_about_one_artifact(error: &SourceError) -> bool {
    matches!(error, SourceError::NotFound(_) | SourceError::Unsupported(_) | SourceError::InvalidAnswer(_))
}

/// The artifacts of one operating system, or why it is dropped. Notes the versions that were named.
fn accept(
    os: &Os,
    answers: Vec<Answer<'_>>,
    versions: &mut Vec<(String, String)>,
    warnings: &mut Vec<String>,
) -> Result<Vec<PlatformArtifact>, SourceError> {
    let has_amd64 =
        answers.iter().any(|(platform, answer)| *platform == Platform::LinuxAmd64 && answer.is_ok());
    let mut artifacts = Vec::with_capacity(answers.len());
    for (platform, answer) in answers {
        match answer {
            Ok(artifact) => {
                versions.push((format!("{} ({platform})", os.name), artifact.version.clone()));
                check_url(&artifact.url)?;
                let Artifact { url, digest, size, .. } = artifact.clone();
                artifacts.push(PlatformArtifact { platform, url, digest, size });
            }
            Err(error @ SourceError::InvalidAnswer(_)) => return Err(error.clone()),
            Err(_) if !os.platforms.contains(&platform) => {}
            Err(error) if platform == Platform::LinuxArm64 && has_amd64 => warnings.push(format!(
                "the upstream names no artifact of `{}` for {platform} ({error}): its URL is guessed from linux/amd64",
                os.name
            )),
            Err(error) => return Err(error.clone()),
        }
    }
    Ok(artifacts)
}

fn settle_primary(dev: &DevVersion, left: &mut [ResolvedOs], warnings: &mut Vec<String>) {
    let had_primary = dev.os.iter().any(|os| os.primary);
    match left {
        [single] => single.os.primary = true,
        several if had_primary && !several.iter().any(|resolved| resolved.os.primary) => warnings.push(
            "the primary operating system is left out and several others remain, so there are no short tags"
                .to_owned(),
        ),
        _ => {}
    }
}
