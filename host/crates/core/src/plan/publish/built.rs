//! `bakery.target`: what bakery's own build says about the target it built. It wins over everything that is guessed.
//! Written and read here, so that the two cannot differ.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::look::Look;
use crate::{
    model::Channel,
    plan::{Build, BuildKind, Identity},
};

/// The key of an entry.
pub(crate) const KEY: &str = "bakery.target";

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

impl BuiltTarget {
    /// What a build of this version says. Only what an upstream decides is said: releases and their tags are
    /// `bakery.yaml`'s to say.
    pub(in crate::plan) fn new(identity: Identity, build: &Build<'_>) -> Self {
        let row = build.kind == BuildKind::Row;
        let only = build.dependencies.iter().filter(|_| build.matrix);
        let version = |one: &crate::config::Dependency| {
            one.versions.first().map(|version| (one.name.as_str().to_owned(), version.clone()))
        };
        Self {
            identity,
            channel_latest: build.channel_latest,
            latest: row.then_some(build.latest),
            latest_patch: row.then_some(build.latest_patch),
            dependencies: only.filter_map(version).collect(),
        }
    }

    /// As it is written. What it does not say is not there.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Identity { image, version, variant, os, channel } = &self.identity;
        let mut out = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                out.insert(key.to_owned(), value);
            }
        };
        put("image", Some(json!(image)));
        put("version", Some(json!(version)));
        put("variant", variant.as_ref().map(|text| json!(text)));
        put("os", os.as_ref().map(|text| json!(text)));
        put("channel", channel.map(|channel| json!(channel.as_str())));
        put("channelLatest", self.channel_latest.map(Value::from));
        put("latest", self.latest.map(Value::from));
        put("latestPatch", self.latest_patch.map(Value::from));
        put("dependencies", (!self.dependencies.is_empty()).then(|| json!(self.dependencies)));
        Value::Object(out)
    }
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
