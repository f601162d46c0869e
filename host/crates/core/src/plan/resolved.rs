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
    /// URLs that the upstream did not name, for whoever builds.
    pub guesses: Vec<String>,
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
    let (mut warnings, mut guesses) = (Vec::new(), Vec::new());
    let mut versions: Vec<(String, String)> = Vec::new();
    let mut dropped = Vec::new();
    let mut left = Vec::new();
    for (os, answer) in dev.os.iter().zip(answers) {
        match accept(os, answer, &mut versions, &mut guesses) {
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
        guesses,
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
        guesses: Vec::new(),
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
    guesses: &mut Vec<String>,
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
            Err(error) if platform == Platform::LinuxArm64 && has_amd64 => guesses.push(format!(
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        model::Digest,
        plan::{DevRef, sample},
    };

    fn resolution(artifacts: Vec<Result<Artifact, SourceError>>) -> Resolution {
        Resolution {
            artifacts,
            head: Some("1.0.1".to_owned()),
            origin: Some("https://cdn.example/latest.json".to_owned()),
            published: None,
            waited: Duration::ZERO,
            attempts: 1,
        }
    }

    fn found(version: &str) -> Result<Artifact, SourceError> {
        Ok(Artifact {
            version: version.to_owned(),
            url: "https://h/a_amd64.deb".to_owned(),
            digest: None,
            size: None,
        })
    }

    fn missing() -> Result<Artifact, SourceError> {
        Err(SourceError::NotFound("there is none".to_owned()))
    }

    fn pin(version: &str) -> Pin {
        Pin { at: DevRef { image: 0, dev: 0 }, version: Some(version.parse().unwrap()), branch: None }
    }

    fn dev(systems: &[Os]) -> DevVersion {
        DevVersion { os: systems.to_vec(), ..sample::dev("connect", Channel::Daily) }
    }

    #[test]
    fn survivors_become_primary_only_when_they_are_alone() {
        use sample::{os, primary};
        fn check(systems: &[Os], present: &[bool], want: &[(&str, bool)], warnings: usize) {
            let answers =
                present.iter().map(|present| if *present { found("1.0.1") } else { missing() }).collect();
            let resolved = apply(&dev(systems), None, &resolution(answers)).unwrap();
            let left: Vec<(&str, bool)> =
                resolved.os.iter().map(|r| (r.os.name.as_str(), r.os.primary)).collect();
            assert_eq!(left, want);
            assert_eq!(resolved.dropped.len(), systems.len() - want.len());
            assert_eq!(resolved.warnings.len(), warnings, "{:?}", resolved.warnings);
        }
        let three = [os("A 1"), os("B 1"), primary(os("C 1"))];
        check(&three, &[true, true, true], &[("A 1", false), ("B 1", false), ("C 1", true)], 0);
        check(&three, &[true, true, false], &[("A 1", false), ("B 1", false)], 2);
        check(&three, &[true, false, false], &[("A 1", true)], 2);
        check(&three, &[false, false, true], &[("C 1", true)], 2);
        check(&three, &[true, false, true], &[("A 1", false), ("C 1", true)], 1);
        check(&[os("A 1"), os("B 1")], &[true, true], &[("A 1", false), ("B 1", false)], 0);
        check(&[os("A 1"), os("B 1")], &[false, true], &[("B 1", true)], 1);
    }

    #[test]
    fn a_channel_points_to_a_pinned_version_only_when_the_source_says_so() {
        for (pinned, version, head, want) in [
            (false, "1.0.1", Some("1.0.1"), true),
            (false, "1.0.1", None, true),
            (true, "1.0.1", Some("1.0.1"), true),
            (true, "1.0.0", Some("1.0.1"), false),
            (true, "1.0.0", None, false),
        ] {
            let mut answer = resolution(vec![found(version), found(version)]);
            answer.head = head.map(str::to_owned);
            let pin = pinned.then(|| pin(version));
            let resolved = apply(&sample::dev("connect", Channel::Daily), pin.as_ref(), &answer).unwrap();
            assert_eq!((resolved.channel_latest, resolved.pinned), (want, pinned), "{version} {head:?}");
            assert_eq!(resolved.release_channel, Some(Channel::Daily));
        }
    }

    #[test]
    fn an_answer_that_must_not_be_built_is_refused() {
        fn check(pin: Option<&Pin>, answers: Vec<Result<Artifact, SourceError>>, want: &str) {
            let error =
                apply(&sample::dev("connect", Channel::Daily), pin, &resolution(answers)).unwrap_err();
            assert_eq!(error.to_string(), want);
        }
        check(
            None,
            vec![found("1.0.0"), found("1.0.1")],
            "https://cdn.example/latest.json is half propagated: it has `1.0.0` for Ubuntu 22.04 (linux/amd64), \
             `1.0.1` for Ubuntu 24.04 (linux/amd64)",
        );
        check(
            Some(&pin("1.0.2")),
            vec![found("1.0.1"), found("1.0.1")],
            "`1.0.2` was dispatched, but https://cdn.example/latest.json has `1.0.1`",
        );
        check(
            None,
            vec![found("1.0,latest"), found("1.0,latest")],
            "https://cdn.example/latest.json answered something that is no version: `1.0,latest` is not a version: \
             expected numbers like `2026.06.0`, `2026.06.0-daily+143` or `2026.04.0+526.pro2`",
        );
        check(
            None,
            vec![missing(), missing()],
            "none of its operating systems has an artifact: Ubuntu 22.04: there is none; Ubuntu 24.04: there is none",
        );
        check(None, vec![found("1.0.1")], "2 artifacts were asked for, 1 were answered");
        check(
            None,
            vec![found("1.0.1"), Err(SourceError::InvalidConfig("`url` is missing".to_owned()))],
            "`url` is missing",
        );
    }

    #[test]
    fn a_url_that_a_shell_would_read_drops_its_operating_system() {
        let evil = Artifact { url: "https://h/$(id)".to_owned(), ..found("1.0.1").unwrap() };
        let answer = resolution(vec![Ok(evil), found("1.0.1")]);
        let resolved = apply(&sample::dev("connect", Channel::Daily), None, &answer).unwrap();
        assert_eq!(
            resolved.warnings,
            [
                "`Ubuntu 22.04` is left out, because it has no artifact: the artifact's URL has the character `$`, which is \
              not safe in a Containerfile"
            ]
        );
    }

    #[test]
    fn arm64_artifacts_are_exact_where_the_upstream_names_them_and_guessed_where_it_does_not() {
        fn check(
            arm64: Result<Artifact, SourceError>,
            url: &str,
            known: usize,
            warnings: &[&str],
        ) -> ResolvedDev {
            let systems = [sample::both_platforms(sample::os("Ubuntu 24.04"))];
            let resolved = apply(&dev(&systems), None, &resolution(vec![found("1.0.1"), arm64])).unwrap();
            assert_eq!(resolved.os[0].download_url().as_deref(), Some(url));
            assert_eq!(resolved.os[0].artifacts.len(), known);
            assert_eq!(resolved.guesses, warnings);
            resolved
        }
        let digest: Digest = format!("sha256:{}", "ab".repeat(32)).parse().unwrap();
        let exact = Artifact {
            version: "1.0.1".to_owned(),
            url: "https://h/a_arm64.deb".to_owned(),
            digest: Some(digest.clone()),
            size: Some(7),
        };
        let resolved = check(Ok(exact), "https://h/a_$TARGETARCH.deb", 2, &[]);
        assert_eq!(resolved.os[0].artifacts[1].digest, Some(digest));
        check(
            missing(),
            "https://h/a_$TARGETARCH.deb",
            1,
            &[
                "the upstream names no artifact of `Ubuntu 24.04` for linux/arm64 (there is none): its URL is guessed from \
               linux/amd64",
            ],
        );
        let systems = [sample::both_platforms(sample::os("Ubuntu 24.04")), sample::os("Ubuntu 22.04")];
        let bad = Err(SourceError::InvalidAnswer("the digest is none".to_owned()));
        let resolved =
            apply(&dev(&systems), None, &resolution(vec![found("1.0.1"), bad, found("1.0.1")])).unwrap();
        assert_eq!(resolved.dropped[0].0, "Ubuntu 24.04");
    }

    #[test]
    fn the_newest_version_of_a_dependency_must_be_one() {
        let dev = sample::dependency_dev();
        let list = |versions: &[&str]| {
            let versions: Vec<String> = versions.iter().map(|version| (*version).to_owned()).collect();
            apply_list(&dev, DependencyName::Positron, &versions).map_err(|error| error.to_string())
        };
        let resolved = list(&["2026.07.0-55", "2026.03.0-212"]).unwrap();
        assert_eq!((resolved.version.as_str(), resolved.channel_latest), ("2026.07.0-55", true));
        assert_eq!(list(&[]).unwrap_err(), "no version of `positron` satisfies the constraint");
        assert!(list(&["latest"]).unwrap_err().starts_with("the list of `positron` answered something"));
        let pinned = apply_pin(&dev, "2026.07.0-55".parse().unwrap());
        assert!(!pinned.channel_latest && pinned.pinned);
    }
}
