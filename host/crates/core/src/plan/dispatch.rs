//! What a dispatch payload can mean and what it pins. The payload itself is read by the override component, not here.

use super::{Inclusion, PlanError, Selection, artifact::NO_OS_PLATFORMS};
use crate::{
    config::{Config, DevVersion, Image},
    model::{Channel, ProductVersion},
    port::{OverrideCandidate, OverridePin},
};

/// The place of a development version in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DevRef {
    /// Index into `config.images`.
    pub image: usize,
    /// Index into that image's `dev_versions`.
    pub dev: usize,
}

impl DevRef {
    /// The image and its entry, where the reference belongs to this configuration.
    #[must_use]
    pub fn get(self, config: &Config) -> Option<(&Image, &DevVersion)> {
        let image = config.images.get(self.image)?;
        Some((image, image.dev_versions.get(self.dev)?))
    }
}

/// What a payload asks of one development version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Which.
    pub at: DevRef,
    /// The version to build.
    pub version: Option<ProductVersion>,
    /// The release branch that the payload names.
    pub branch: Option<String>,
}

/// Development versions that the filters select, in file order: what a payload can mean.
///
/// A version that is not resolved has no name, so `--image-version` is not asked here; see
/// [`questions`](super::questions).
#[must_use]
pub fn candidates(config: &Config, selection: &Selection) -> Vec<DevRef> {
    if !selection.takes_dev_versions() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (image_at, image) in config.images.iter().enumerate() {
        if !selection.takes_image(image) || !takes_some_variant(selection, image) {
            continue;
        }
        if selection.changes.as_ref().is_some_and(|changes| !changes.takes_dev_versions(&image.name)) {
            continue;
        }
        for (dev_at, dev) in image.dev_versions.iter().enumerate() {
            if takes_channel(selection, dev) && takes_some_os(selection, dev) {
                found.push(DevRef { image: image_at, dev: dev_at });
            }
        }
    }
    found
}

/// The candidates as the override component sees them; `id` is the position in `candidates`.
#[must_use]
pub fn override_candidates(config: &Config, candidates: &[DevRef]) -> Vec<OverrideCandidate> {
    (0..)
        .zip(candidates)
        .filter_map(|(id, at)| {
            let (image, dev) = at.get(config)?;
            Some(OverrideCandidate {
                id,
                image: image.name.clone(),
                product: dev.source.product().to_owned(),
                channel: dev.source.channel().map(|channel| channel.to_string()),
                source: dev.source.kind().to_owned(),
            })
        })
        .collect()
}

/// Reads the override component's answer into pins, in the order of the candidates.
///
/// # Errors
/// A candidate that was not offered or is pinned twice, a version outside the grammar, a release branch that could
/// leave its place in a URL.
pub fn pins(config: &Config, candidates: &[DevRef], answer: &[OverridePin]) -> Result<Vec<Pin>, PlanError> {
    let mut pins: Vec<Pin> = Vec::with_capacity(answer.len());
    for pin in answer {
        let problem = |problem| PlanError::PinCandidate { candidate: pin.candidate, problem };
        let at = usize::try_from(pin.candidate).ok().and_then(|at| candidates.get(at)).copied();
        let at = at.ok_or_else(|| problem("was not offered"))?;
        if pins.iter().any(|earlier| earlier.at == at) {
            return Err(problem("it had already pinned"));
        }
        let image = at.get(config).map_or_else(String::new, |(image, _)| image.name.clone());
        let version = match &pin.version {
            Some(text) => Some(text.parse().map_err(|source| PlanError::PinVersion { image, source })?),
            None => None,
        };
        if let Some(branch) = &pin.branch {
            check_branch(branch, "the dispatch payload")?;
        }
        pins.push(Pin { at, version, branch: pin.branch.clone() });
    }
    pins.sort_by_key(|pin| pin.at);
    Ok(pins)
}

/// The channel that filters: the flag's, or else the payload's.
///
/// # Errors
/// Both are given and differ, or the payload's is not a channel.
pub fn effective_channel(flag: Option<Channel>, payload: Option<&str>) -> Result<Option<Channel>, PlanError> {
    let payload: Option<Channel> = payload.map(str::parse).transpose().map_err(PlanError::DispatchChannel)?;
    match (flag, payload) {
        (Some(flag), Some(spec)) if flag != spec => Err(PlanError::ChannelConflict { flag, spec }),
        (flag, payload) => Ok(flag.or(payload)),
    }
}

/// `--dev-versions` as it holds: a payload implies `only`.
///
/// # Errors
/// A payload together with an explicit `exclude`.
pub fn effective_inclusion(flag: Option<Inclusion>, dispatched: bool) -> Result<Inclusion, PlanError> {
    match (flag, dispatched) {
        (Some(Inclusion::Exclude), true) => Err(PlanError::DispatchExcluded),
        (Some(flag), _) => Ok(flag),
        (None, true) => Ok(Inclusion::Only),
        (None, false) => Ok(Inclusion::default()),
    }
}

/// A branch goes into the path of a URL: `[A-Za-z0-9][A-Za-z0-9._-]*`, no `..`, at most 128 characters.
pub(super) fn check_branch(branch: &str, origin: &str) -> Result<(), PlanError> {
    let good = branch.len() <= 128
        && branch.starts_with(|c: char| c.is_ascii_alphanumeric())
        && branch.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        && !branch.contains("..");
    if good {
        return Ok(());
    }
    let branch = branch.chars().take(80).flat_map(char::escape_debug).collect();
    Err(PlanError::Branch { branch, origin: origin.to_owned() })
}

fn takes_channel(selection: &Selection, dev: &DevVersion) -> bool {
    selection.dev_channel.is_none_or(|channel| dev.source.channel() == Some(channel))
}

fn takes_some_variant(selection: &Selection, image: &Image) -> bool {
    if image.variants.is_empty() {
        return selection.takes_variant(None);
    }
    image.variants.iter().any(|variant| selection.takes_variant(Some(&variant.name)))
}

fn takes_some_os(selection: &Selection, dev: &DevVersion) -> bool {
    if dev.os.is_empty() {
        return selection.takes_os(None) && !selection.narrow_platforms(&NO_OS_PLATFORMS).is_empty();
    }
    dev.os
        .iter()
        .any(|os| selection.takes_os(Some(&os.name)) && !selection.narrow_platforms(&os.platforms).is_empty())
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;
    use crate::plan::sample;

    fn config() -> Config {
        let mut connect = sample::image("connect");
        connect.dev_versions =
            vec![sample::dev("connect", Channel::Daily), sample::dev("connect", Channel::Preview)];
        let mut workbench = sample::image("workbench");
        workbench.dev_versions = vec![sample::dev("workbench", Channel::Daily)];
        let mut positron = sample::matrix_image("positron", &[("positron", &["1.0.0"])]);
        positron.dev_versions = vec![sample::dependency_dev()];
        sample::config(vec![connect, workbench, positron])
    }

    #[test]
    fn candidates_are_the_development_versions_that_the_filters_select() {
        fn check(change: impl FnOnce(&mut Selection), want: &[(usize, usize)]) {
            let mut selection = Selection { dev_versions: Inclusion::Only, ..Selection::default() };
            change(&mut selection);
            let found: Vec<(usize, usize)> =
                candidates(&config(), &selection).into_iter().map(|at| (at.image, at.dev)).collect();
            assert_eq!(found, want);
        }
        check(|_| {}, &[(0, 0), (0, 1), (1, 0), (2, 0)]);
        check(|s| s.dev_versions = Inclusion::Include, &[(0, 0), (0, 1), (1, 0), (2, 0)]);
        check(|s| s.dev_versions = Inclusion::Exclude, &[]);
        check(|s| s.latest = true, &[]);
        check(|s| s.dev_channel = Some(Channel::Daily), &[(0, 0), (1, 0)]);
        check(|s| s.dev_channel = Some(Channel::Release), &[]);
        check(|s| s.image_name = Some(Regex::new("^con").unwrap()), &[(0, 0), (0, 1)]);
        check(|s| s.matrix_versions = Inclusion::Only, &[(2, 0)]);
        check(|s| s.image_os = Some(Regex::new("Debian").unwrap()), &[]);
        check(|s| s.image_platforms = vec![Regex::new("arm64").unwrap()], &[]);
        check(|s| s.image_variant = Some(Regex::new("Standard").unwrap()), &[]);
    }

    #[test]
    fn the_override_component_sees_image_product_channel_and_kind() {
        let config = config();
        let refs = [DevRef { image: 1, dev: 0 }, DevRef { image: 2, dev: 0 }];
        let seen: Vec<String> = override_candidates(&config, &refs)
            .into_iter()
            .map(|c| {
                format!("{} {} {} {} {}", c.id, c.image, c.product, c.channel.unwrap_or_default(), c.source)
            })
            .collect();
        assert_eq!(seen, ["0 workbench workbench daily channel", "1 positron positron  dependency"]);
    }

    #[test]
    fn pins_are_checked_where_they_enter() {
        let config = config();
        let refs = [DevRef { image: 0, dev: 0 }, DevRef { image: 1, dev: 0 }];
        let pin = |candidate, version: Option<&str>, branch: Option<&str>| OverridePin {
            candidate,
            version: version.map(str::to_owned),
            branch: branch.map(str::to_owned),
        };
        let good = pins(
            &config,
            &refs,
            &[pin(1, Some("2026.05.0-dev+1"), None), pin(0, None, Some("apple-blossom"))],
        );
        let good = good.unwrap();
        assert_eq!(good[0].at, refs[0]);
        assert_eq!(good[0].branch.as_deref(), Some("apple-blossom"));
        assert_eq!(good[1].version.as_ref().unwrap().as_str(), "2026.05.0-dev+1");
        let refused = |answer: &[OverridePin]| pins(&config, &refs, answer).unwrap_err().to_string();
        assert_eq!(
            refused(&[pin(2, None, None)]),
            "the override component pinned candidate 2, which was not offered"
        );
        assert_eq!(
            refused(&[pin(0, None, None), pin(0, None, None)]),
            "the override component pinned candidate 0, which it had already pinned"
        );
        assert_eq!(
            refused(&[pin(1, Some("1.2.3\n"), None)]),
            "the version pinned for image `workbench` by the dispatch payload is wrong: `1.2.3\\n` is not a version: \
             expected numbers like `2026.06.0`, `2026.06.0-daily+143` or `2026.04.0+526.pro2`"
        );
        assert_eq!(
            refused(&[pin(1, None, Some("a/../x"))]),
            "`a/../x` from the dispatch payload is not a release branch"
        );
    }

    #[test]
    fn a_release_branch_cannot_leave_its_place_in_a_url() {
        for good in ["latest", "apple-blossom", "2026.07", "a_b", "1"] {
            assert_eq!(check_branch(good, "a test"), Ok(()), "{good}");
        }
        let long = "a".repeat(129);
        for bad in
            ["", ".", "..", "a..b", "a/b", "-x", ".x", "_x", "a b", "a%2fb", "a?b", "a#b", "ä", "a\n", &long]
        {
            assert!(check_branch(bad, "a test").is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_channel_of_flag_and_payload_must_agree() {
        use Channel::{Daily, Preview};
        for (flag, payload, want) in [
            (None, None, Ok(None)),
            (Some(Daily), None, Ok(Some(Daily))),
            (None, Some("preview"), Ok(Some(Preview))),
            (Some(Daily), Some("daily"), Ok(Some(Daily))),
            (
                Some(Daily),
                Some("preview"),
                Err("`--dev-channel daily` and the dispatch payload's channel `preview` are different"),
            ),
            (
                None,
                Some("stable"),
                Err(
                    "the dispatch payload's channel is wrong: `stable` is not a channel: expected `release`, `preview` or `daily`",
                ),
            ),
        ] {
            assert_eq!(
                effective_channel(flag, payload).map_err(|e| e.to_string()),
                want.map_err(str::to_owned)
            );
        }
    }

    #[test]
    fn a_payload_implies_only_and_contradicts_exclude() {
        use Inclusion::{Exclude, Include, Only};
        for (flag, dispatched, want) in [
            (None, false, Ok(Exclude)),
            (None, true, Ok(Only)),
            (Some(Include), true, Ok(Include)),
            (Some(Only), true, Ok(Only)),
            (Some(Exclude), false, Ok(Exclude)),
            (Some(Exclude), true, Err(PlanError::DispatchExcluded)),
        ] {
            assert_eq!(effective_inclusion(flag, dispatched), want);
        }
    }
}
