//! The order in which targets are pushed. Registries list tags by push time, so the latest version comes last.

use std::cmp::Ordering;

use super::{
    Target,
    parsed_version::{ParsedVersion, Release},
};

/// Sorts by: image; latest last; version as semver orders it, matrix versions and what is no release first; the number
/// of primary parts; names.
pub fn push_order(targets: &mut [Target]) {
    targets.sort_by_cached_key(Key::of);
}

#[derive(PartialEq, Eq)]
struct Key {
    image: String,
    latest: bool,
    release: Option<Release>,
    primary: u8,
    names: (String, Option<String>, Option<String>),
}

impl Key {
    fn of(target: &Target) -> Self {
        let identity = target.identity.clone();
        let release = match ParsedVersion::parse(&identity.version) {
            Some(ParsedVersion::Release(release)) if !target.matrix => Some(release),
            _ => None,
        };
        Self {
            image: identity.image,
            latest: target.latest,
            release,
            primary: u8::from(target.primary_os) + u8::from(target.primary_variant),
            names: (identity.version, identity.variant, identity.os),
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let release = || match (&self.release, &other.release) {
            (Some(a), Some(b)) => a.compare(b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        self.image
            .cmp(&other.image)
            .then(self.latest.cmp(&other.latest))
            .then_with(release)
            .then(self.primary.cmp(&other.primary))
            .then_with(|| self.names.cmp(&other.names))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
