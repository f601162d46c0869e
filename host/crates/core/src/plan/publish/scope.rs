//! Which entries of the metadata are this run's business: grouping by target, and the image filter.
//! Judges no entry.

use std::collections::BTreeMap;

use regex::Regex;

use super::{MetadataEntry, MetadataFile};
use crate::{
    config::{Config, Image},
    plan::identity::uid_text,
};

/// An entry and the name of its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'m> {
    pub(super) file: &'m str,
    pub(super) entry: &'m MetadataEntry,
}

/// The entries of each target, in the order of the files.
pub(super) type ByUid<'m> = BTreeMap<&'m str, Vec<Found<'m>>>;

/// Groups the entries by target. The order of files is that of their names, so that it does not depend on how they are
/// listed; a shell lists them so.
pub(super) fn group(files: &[MetadataFile]) -> ByUid<'_> {
    let mut files: Vec<&MetadataFile> = files.iter().collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let mut groups = ByUid::new();
    for file in files {
        for entry in &file.entries {
            groups.entry(&entry.uid).or_default().push(Found { file: &file.name, entry });
        }
    }
    groups
}

/// Whether a build says which image it is of.
pub(super) fn names_its_image(entries: &[Found<'_>]) -> bool {
    entries.iter().any(|found| found.entry.built.is_some())
}

/// The configuration as the image filter leaves it.
#[derive(Clone, Copy)]
pub(super) struct Scope<'c> {
    pub(super) config: &'c Config,
    pub(super) filter: Option<&'c Regex>,
}

impl<'c> Scope<'c> {
    /// The images that the filter leaves, with their positions.
    pub(super) fn images(self) -> impl Iterator<Item = (usize, &'c Image)> {
        self.config.images.iter().enumerate().filter(move |(_, image)| self.takes(image))
    }

    /// The images that the filter leaves out.
    pub(super) fn left_out(self) -> impl Iterator<Item = &'c Image> {
        self.config.images.iter().filter(move |image| !self.takes(image))
    }

    /// Whether the identifier of a version that the configuration does not name belongs to an image that the filter
    /// leaves out. What belongs to no image does not.
    pub(super) fn leaves_out(self, uid: &str, entries: &[Found<'_>]) -> bool {
        let named = entries.iter().find_map(|found| found.entry.built.as_ref());
        let owner = match named {
            Some(built) => self.config.images.iter().find(|image| image.name == built.identity.image),
            None => self.owner(uid),
        };
        owner.is_some_and(|image| !self.takes(image))
    }

    /// The image with the longest name that the identifier begins with.
    pub(super) fn owner(self, uid: &str) -> Option<&'c Image> {
        let begins = |image: &&Image| {
            uid.strip_prefix(&uid_text(&image.name)).is_some_and(|rest| rest.starts_with('-'))
        };
        self.config.images.iter().filter(begins).max_by_key(|image| image.name.len())
    }

    fn takes(self, image: &Image) -> bool {
        self.filter.is_none_or(|regex| regex.is_match(&image.name))
    }
}
