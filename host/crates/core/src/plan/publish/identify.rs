//! What an identifier stands for. Releases and rows of fixed axes are found by it; the version of a development version
//! and of other rows must come from the metadata, because no upstream is asked. It never guesses between two.

use std::collections::BTreeSet;

use super::{
    PublishError,
    scope::{Found, Scope},
};
use crate::{
    config::{DevVersion, Image, Os},
    model::{Channel, ProductVersion},
    plan::{DevRef, Identity, identity::uid_text},
};

/// What a target is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Which {
    /// The configuration alone says it.
    Fixed,
    /// A development version.
    Dev(DevRef, ProductVersion),
    /// A row, by its name, of the matrix of the image with this position, whose axes are not all fixed.
    Row(usize, String),
}

/// Whether the rows of the image's matrix depend on answers of upstreams.
pub(super) fn has_open_axes(image: &Image) -> bool {
    image.matrix.as_ref().is_some_and(|matrix| !matrix.dependency_constraints.is_empty())
}

/// Finds out what the identifier stands for. `fixed` are the identifiers that the configuration alone gives; with
/// `suggest` an error names those that are near.
pub(super) fn identify(
    scope: Scope<'_>,
    fixed: &BTreeSet<String>,
    uid: &str,
    entries: &[Found<'_>],
    suggest: bool,
) -> Result<Which, PublishError> {
    let builts = || entries.iter().filter_map(|found| Some((found.file, found.entry.built.as_ref()?)));
    for (file, built) in builts() {
        let says = built.identity.uid();
        if says != uid {
            return Err(PublishError::OtherTarget { file: file.to_owned(), uid: uid.to_owned(), says });
        }
    }
    let says_dev =
        builts().any(|(_, built)| built.identity.channel.is_some() || built.channel_latest.is_some());
    let says_row = builts().any(|(_, built)| built.latest.is_some() || built.latest_patch.is_some());
    if fixed.contains(uid) && !says_dev {
        return Ok(Which::Fixed);
    }
    let file = entries.first().map_or("", |found| found.file);
    let unknown = || PublishError::UnknownTarget {
        file: file.to_owned(),
        uid: uid.to_owned(),
        near: if suggest { nearest(uid, fixed) } else { Vec::new() },
    };
    let Some(version) = version(uid, entries)? else {
        let open = scope.owner(uid).filter(|image| !image.dev_versions.is_empty() || has_open_axes(image));
        let image = open.ok_or_else(unknown)?;
        let lacks = format!("which version of image `{}` it is", image.name);
        return inferred(scope, uid).ok_or_else(|| PublishError::Unidentified {
            file: file.to_owned(),
            uid: uid.to_owned(),
            lacks,
        });
    };
    let devs = if says_row { Vec::new() } else { devs(scope, uid, version) };
    let rows = if says_dev { Vec::new() } else { rows(scope, uid, version) };
    match (&devs[..], &rows[..]) {
        ([], []) => Err(unknown()),
        ([], [row]) => Ok(Which::Row(*row, version.to_owned())),
        ([first, others @ ..], []) if others.iter().all(|other| alike(scope, *first, *other)) => {
            let version = version.parse().map_err(|_| unknown())?;
            Ok(Which::Dev(*first, version))
        }
        _ => {
            let mut candidates: Vec<String> = rows.iter().map(|at| row_name(scope, *at)).collect();
            candidates.extend(devs.iter().map(|at| dev_name(scope, *at)));
            Err(PublishError::Ambiguous { file: file.to_owned(), uid: uid.to_owned(), candidates })
        }
    }
}

/// The version that the entries say; all that say one must say the same.
fn version<'m>(uid: &str, entries: &[Found<'m>]) -> Result<Option<&'m str>, PublishError> {
    let says = |found: &Found<'m>| {
        let built = found.entry.built.as_ref().map(|built| built.identity.version.as_str());
        Some((found.file, built.or_else(|| found.entry.label("version"))?))
    };
    let mut said = entries.iter().filter_map(says);
    let Some(first) = said.next() else { return Ok(None) };
    match said.find(|other| other.1 != first.1) {
        None => Ok(Some(first.1)),
        Some(other) => {
            let owned = |(file, version): (&str, &str)| Box::new((file.to_owned(), version.to_owned()));
            Err(PublishError::TwoVersions { uid: uid.to_owned(), first: owned(first), second: owned(other) })
        }
    }
}

/// The development versions that have the identifier with this version.
fn devs(scope: Scope<'_>, uid: &str, version: &str) -> Vec<DevRef> {
    let mut found = Vec::new();
    for (image_at, image) in scope.images() {
        for (dev_at, dev) in image.dev_versions.iter().enumerate() {
            if identities(image, &dev.os, version, dev.source.channel()).any(|identity| identity.uid() == uid)
            {
                found.push(DevRef { image: image_at, dev: dev_at });
            }
        }
    }
    found
}

/// The images whose matrix has the identifier with this version.
fn rows(scope: Scope<'_>, uid: &str, version: &str) -> Vec<usize> {
    let has = |image: &Image| {
        let matrix = image.matrix.as_ref().filter(|_| has_open_axes(image));
        matrix.is_some_and(|matrix| identities(image, &matrix.os, version, None).any(|i| i.uid() == uid))
    };
    scope.images().filter(|(_, image)| has(image)).map(|(at, _)| at).collect()
}

/// The version where the identifier alone says it: three numbers, in a channel that identifiers name.
fn inferred(scope: Scope<'_>, uid: &str) -> Option<Which> {
    let mut found: Vec<Which> = Vec::new();
    for (image_at, image) in scope.images() {
        for (dev_at, dev) in image.dev_versions.iter().enumerate() {
            let Some(channel) = dev.source.channel().filter(|channel| *channel != Channel::Release) else {
                continue;
            };
            // The version is what is left between the other names.
            let empty = uid_text(&format!("{}-", image.name));
            for identity in identities(image, &dev.os, "", Some(channel)) {
                let frame = identity.uid();
                let after = frame.strip_prefix(&empty).unwrap_or_default();
                let version = uid.strip_prefix(&empty).and_then(|rest| rest.strip_suffix(after));
                if let Some(version) = version.and_then(three_numbers) {
                    found.push(Which::Dev(DevRef { image: image_at, dev: dev_at }, version));
                }
            }
        }
    }
    found.dedup();
    match &found[..] {
        [only] => Some(only.clone()),
        _ => None,
    }
}

/// `2026-05-0` can only be `2026.05.0`; with anything more, `-` could have been any of four characters.
fn three_numbers(text: &str) -> Option<ProductVersion> {
    let numbers: Vec<&str> = text.split('-').collect();
    let good = numbers.len() == 3 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    good.then(|| numbers.join(".").parse().ok()).flatten()
}

/// The names of every target of a version.
fn identities<'a>(
    image: &'a Image,
    systems: &'a [Os],
    version: &'a str,
    channel: Option<Channel>,
) -> impl Iterator<Item = Identity> + 'a {
    let variants = image.variants.iter().map(|variant| Some(&variant.name));
    let variants: Vec<Option<&String>> =
        if image.variants.is_empty() { vec![None] } else { variants.collect() };
    variants.into_iter().flat_map(move |variant| {
        let systems: Vec<Option<&Os>> =
            if systems.is_empty() { vec![None] } else { systems.iter().map(Some).collect() };
        systems.into_iter().map(move |os| Identity {
            image: image.name.clone(),
            version: version.to_owned(),
            variant: variant.cloned(),
            os: os.map(|os| os.name.clone()),
            channel,
        })
    })
}

/// Whether it makes no difference to publishing which of the two it is.
fn alike(scope: Scope<'_>, one: DevRef, other: DevRef) -> bool {
    let of = |at: DevRef| at.get(scope.config);
    let (Some((image, a)), Some((_, b))) = (of(one), of(other)) else { return false };
    let row = |dev: &DevVersion| image.matrix.is_some() && dev.source.kind() == "dependency";
    one.image == other.image && a.os == b.os && a.registries == b.registries && row(a) == row(b)
}

fn dev_name(scope: Scope<'_>, at: DevRef) -> String {
    at.get(scope.config).map_or_else(String::new, |(image, dev)| {
        format!("the development version of image `{}` in line {}", image.name, dev.line)
    })
}

fn row_name(scope: Scope<'_>, at: usize) -> String {
    scope.config.images.get(at).map_or_else(String::new, |image| format!("a row of image `{}`", image.name))
}

/// The identifiers that look most alike, nearest first.
fn nearest(uid: &str, known: &BTreeSet<String>) -> Vec<String> {
    const SHOWN: usize = 3;
    // A very long identifier is no typing error, and the distance costs the product of both lengths.
    if uid.len() > 200 {
        return Vec::new();
    }
    let near = |other: &String| {
        let distance = strsim::osa_distance(uid, other);
        (distance <= other.len() / 3).then(|| (distance, other.clone()))
    };
    let mut near: Vec<(usize, String)> = known.iter().filter_map(near).collect();
    near.sort();
    near.into_iter().take(SHOWN).map(|(_, other)| other).collect()
}
