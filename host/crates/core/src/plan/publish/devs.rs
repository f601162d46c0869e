//! Development versions, made from what the metadata say. Asks no upstream: the version is the built one, and whether
//! its channel points to it is what the build said, or what follows from how it was asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    PublishError,
    error::shown,
    known::{Identified, Known, Latest, Made, Settled},
    merge::Source,
    rows::only,
    scope::Scope,
};
use crate::{
    config::Config,
    model::ProductVersion,
    plan::{Ask, DevQuestion, DevRef, Facts, Inclusion, Pin, Questions, Selection, select},
};

const NOBODY_SAYS: &str = "it was dispatched, and no metadata say whether its channel points to it (`channelLatest` of `bakery.target`)";
const BUILDS_DIFFER: &str =
    "its builds do not agree whether its channel points to it (`channelLatest` of `bakery.target`)";

/// Makes a development version that was built.
///
/// A build that says so moves the tags of its channel or leaves them alone. Where no build says anything, a version
/// that was found moves them, because the upstream named it; a dispatched one leaves them alone: it may be an old one,
/// and a tag that stays is safer than one that goes back.
pub(super) fn make<'c>(
    scope: Scope<'c>,
    at: DevRef,
    version: &ProductVersion,
    members: &[&Identified<'_>],
    pins: &[Pin],
) -> Result<Made<'c>, PublishError> {
    let built = |source: &Source<'_>| source.found.entry.built.as_ref()?.channel_latest;
    let says: BTreeSet<bool> = members.iter().flat_map(|member| &member.sources).filter_map(built).collect();
    let pinned = pins.iter().any(|pin| pin.at == at && pin.version.as_ref() == Some(version));
    let latest = match (says.contains(&true), says.contains(&false)) {
        (true, true) => Latest::Unknown(BUILDS_DIFFER),
        (true, false) => Latest::Yes,
        (false, true) => Latest::No,
        (false, false) if pinned => Latest::Unknown(NOBODY_SAYS),
        (false, false) => Latest::Yes,
    };
    let file = members.iter().flat_map(|member| &member.sources).map(|source| source.found.file).next();
    let uid = members.first().map_or("", |member| member.uid);
    let unknown = || PublishError::UnknownTarget {
        file: file.unwrap_or_default().to_owned(),
        uid: uid.to_owned(),
        near: Vec::new(),
    };
    let (image, _) = at.get(scope.config).ok_or_else(unknown)?;
    let pin = Pin { at, version: Some(version.clone()), branch: None };
    let question = DevQuestion { at, pin: Some(pin), ask: Ask::Pin, labels: Vec::new() };
    let questions = Questions { devs: vec![question], ..Questions::default() };
    let selection = Selection { dev_versions: Inclusion::Only, ..only(image)? };
    let mut builds = select(scope.config, &selection, &questions, &Facts::default())?;
    if let Some(skipped) = builds.skipped.pop() {
        let (file, uid) = (file.unwrap_or_default().to_owned(), uid.to_owned());
        return Err(PublishError::Skipped { file, uid, skipped: Box::new(skipped) });
    }
    let mut with = builds.builds.pop().ok_or_else(unknown)?;
    with.channel_latest = Some(true);
    let mut without = with.clone();
    without.channel_latest = Some(false);
    let of_dependencies = image.dependency_constraints.iter().map(|constraint| constraint.name);
    let tools = if with.matrix { Vec::new() } else { of_dependencies.collect() };
    Ok(Made { with, without, latest, tools })
}

/// What is missing where the primary operating system is: an upstream without an artifact for it, or a build that left
/// it out.
pub(super) fn without_primary(config: &Config, at: DevRef, published: &[&Known]) -> Option<String> {
    let (image, dev) = at.get(config)?;
    let primary = dev.os.iter().find(|os| os.primary)?;
    let first = published.first().filter(|_| !published.iter().any(|one| one.target.primary_os))?;
    Some(format!(
        "image `{}` {}: nothing was built on `{}`, the primary operating system, so there are no short tags",
        shown(&image.name),
        first.target.identity.version,
        shown(&primary.name)
    ))
}

/// Which versions move the tags of their channels. Two of one channel would take turns.
#[derive(Default)]
pub(super) struct Heads(BTreeMap<DevRef, ProductVersion>);

impl Heads {
    /// Notes a version, or refuses it.
    pub(super) fn check(
        &mut self,
        config: &Config,
        at: DevRef,
        version: &ProductVersion,
        settled: &Settled,
    ) -> Result<(), PublishError> {
        if !settled.moves_latest {
            return Ok(());
        }
        match self.0.insert(at, version.clone()) {
            None => Ok(()),
            Some(other) => Err(PublishError::TwoHeads {
                image: at.get(config).map_or_else(String::new, |(image, _)| image.name.clone()),
                versions: (other.to_string(), version.to_string()),
            }),
        }
    }
}
