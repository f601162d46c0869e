//! `bakery.target`: what bakery's own build says about the target it built. It wins over everything that is guessed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::look::Look;
use crate::{model::Channel, plan::Identity};

/// The key of an entry.
pub(super) const KEY: &str = "bakery.target";

/// What a build says about its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltTarget {
    /// Its names: `image`, `version`, `variant`, `os`, `channel`.
    pub identity: Identity,
    /// `channelLatest`: whether the channel pointed to the version when it was built.
    pub channel_latest: Option<bool>,
    /// `latest`: whether the row was the latest of its matrix.
    pub latest: Option<bool>,
    /// `latestPatch`: whether the row was the newest patch of its group.
    pub latest_patch: Option<bool>,
    /// `dependencies`: the versions of a row, by name.
    pub dependencies: BTreeMap<String, String>,
}

/// Reads the key, where it is there.
pub(super) fn built_target(entry: &Map<String, Value>, look: &mut Look<'_>) -> Option<BuiltTarget> {
    let map = look.object(entry, KEY)?;
    look.below(KEY, |look| {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let (image, version) = (look.required(map, "image"), look.required(map, "version"));
        let channel =
            look.parsed(map, "channel", |text| text.parse::<Channel>().map_err(|error| error.to_string()));
        let (variant, os) = (owned(look.text(map, "variant")), owned(look.text(map, "os")));
        let channel_latest = look.flag(map, "channelLatest");
        let (latest, latest_patch) = (look.flag(map, "latest"), look.flag(map, "latestPatch"));
        let dependencies = look.object(map, "dependencies").map_or_else(BTreeMap::new, |versions| {
            look.below("dependencies", |look| {
                let one =
                    |name: &String| look.text(versions, name).map(|text| (name.clone(), text.to_owned()));
                versions.keys().filter_map(one).collect()
            })
        });
        let identity = Identity { image: image?, version: version?, variant, os, channel };
        Some(BuiltTarget { identity, channel_latest, latest, latest_patch, dependencies })
    })
}
