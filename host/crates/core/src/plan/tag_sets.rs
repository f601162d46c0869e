//! The tag patterns of images that give none: one set for ordinary images, one for images with a matrix.
//! Data only.

use crate::config::{TagFilter, TagPattern};
use TagFilter::{All, ChannelLatest, Latest, LatestPatch, PrimaryOs, PrimaryVariant};

type Row = (&'static str, &'static [TagFilter]);

/// Floating tags of the latest version.
const LATEST: [Row; 4] = [
    ("{{ OS }}-{{ Variant }}", &[Latest]),
    ("{{ OS }}", &[Latest, PrimaryVariant]),
    ("{{ Variant }}", &[Latest, PrimaryOs]),
    ("latest", &[Latest, PrimaryOs, PrimaryVariant]),
];

const VERSION: [Row; 4] = [
    ("{{ Version }}-{{ OS }}-{{ Variant }}", &[All]),
    ("{{ Version }}-{{ Variant }}", &[PrimaryOs]),
    ("{{ Version }}-{{ OS }}", &[PrimaryVariant]),
    ("{{ Version }}", &[PrimaryOs, PrimaryVariant]),
];

/// All daily builds of a release share these tags, so only the one that its channel points to may have them: a pinned
/// older build must not move them. (The predecessor lets it.) A release has no channel and always passes.
const WITHOUT_METADATA: [Row; 4] = [
    ("{{ Version | stripMetadata }}-{{ OS }}-{{ Variant }}", &[All, ChannelLatest]),
    ("{{ Version | stripMetadata }}-{{ Variant }}", &[PrimaryOs, ChannelLatest]),
    ("{{ Version | stripMetadata }}-{{ OS }}", &[PrimaryVariant, ChannelLatest]),
    ("{{ Version | stripMetadata }}", &[PrimaryOs, PrimaryVariant, ChannelLatest]),
];

const WITHOUT_PATCH: [Row; 4] = [
    ("{{ Version | stripPatch }}-{{ OS }}-{{ Variant }}", &[LatestPatch]),
    ("{{ Version | stripPatch }}-{{ Variant }}", &[LatestPatch, PrimaryOs]),
    ("{{ Version | stripPatch }}-{{ OS }}", &[LatestPatch, PrimaryVariant]),
    ("{{ Version | stripPatch }}", &[LatestPatch, PrimaryOs, PrimaryVariant]),
];

const CHANNEL_FULL: [Row; 1] = [("{{ Channel }}-{{ OS }}-{{ Variant }}", &[All, ChannelLatest])];

const CHANNEL: [Row; 3] = [
    ("{{ Channel }}-{{ Variant }}", &[PrimaryOs, ChannelLatest]),
    ("{{ Channel }}-{{ OS }}", &[PrimaryVariant, ChannelLatest]),
    ("{{ Channel }}", &[PrimaryOs, PrimaryVariant, ChannelLatest]),
];

/// The patterns of an image that gives none.
pub(super) fn default_patterns(has_matrix: bool) -> Vec<TagPattern> {
    let sets: &[&[Row]] = if has_matrix {
        &[&VERSION, &WITHOUT_PATCH, &CHANNEL, &LATEST]
    } else {
        &[&VERSION, &WITHOUT_METADATA, &LATEST, &CHANNEL_FULL, &CHANNEL]
    };
    sets.iter()
        .flat_map(|set| set.iter())
        .map(|(pattern, only)| TagPattern { patterns: vec![(*pattern).to_owned()], only: only.to_vec() })
        .collect()
}
