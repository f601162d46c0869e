//! Metadata files for the tests, made as a build makes them. Nothing is built and no file is written.

use bakery_core::{
    config::Config,
    model::{Digest, Platform},
    plan::{
        Target,
        publish::{self, MetadataFile, PublishOptions, PublishPlan},
    },
};
use serde_json::{Map, Value, json};

/// Where builds are pushed to.
pub(crate) const TEMP: &str = "ghcr.io/example";

/// One entry of a metadata file, complete until something is taken out.
#[derive(Clone)]
pub(crate) struct Entry {
    uid: String,
    body: Value,
}

impl Entry {
    /// A build for amd64, of the first second of 2026.
    pub(crate) fn new(uid: &str) -> Self {
        let body = json!({
            "image.name": format!("{TEMP}/app/tmp"),
            "containerimage.digest": Digest::of(uid.as_bytes()).as_str(),
            "containerimage.descriptor": {
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": Digest::of(uid.as_bytes()).as_str(),
                "size": 862,
                "annotations": { "org.opencontainers.image.created": "2026-01-01T00:00:01Z" },
                "platform": { "architecture": "amd64", "os": "linux" },
            },
        });
        Self { uid: uid.to_owned(), body }
    }

    /// Another image: another digest.
    pub(crate) fn digest_of(mut self, text: &str) -> Self {
        let digest = Digest::of(text.as_bytes());
        self.body["containerimage.digest"] = json!(digest.as_str());
        self.body["containerimage.descriptor"]["digest"] = json!(digest.as_str());
        self
    }

    pub(crate) fn arm64(mut self) -> Self {
        self.body["containerimage.descriptor"]["platform"]["architecture"] = json!("arm64");
        let digest = format!("{} arm64", self.uid);
        self.digest_of(&digest)
    }

    pub(crate) fn created(mut self, time: &str) -> Self {
        let annotations = json!({ "org.opencontainers.image.created": time });
        self.body["containerimage.descriptor"]["annotations"] = annotations;
        self
    }

    pub(crate) fn set(mut self, key: &str, value: Value) -> Self {
        self.body[key] = value;
        self
    }

    /// Takes out what stands at the JSON pointer.
    pub(crate) fn without(mut self, pointer: &str) -> Self {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        self.body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
        self
    }

    /// An argument of the build, as its provenance names it: `label:…`, `build-arg:…`.
    pub(crate) fn argument(mut self, key: &str, value: &str) -> Self {
        self.body["buildx.build.provenance"]["invocation"]["parameters"]["args"][key] = json!(value);
        self
    }

    pub(crate) fn version(self, version: &str) -> Self {
        self.argument("label:org.opencontainers.image.version", version)
    }
}

/// The text of a file.
pub(crate) fn text(entries: &[Entry]) -> String {
    let map: Map<String, Value> =
        entries.iter().map(|entry| (entry.uid.clone(), entry.body.clone())).collect();
    Value::Object(map).to_string()
}

/// A file that is read.
pub(crate) fn file(name: &str, entries: &[Entry]) -> MetadataFile {
    publish::read(name, text(entries).as_bytes()).unwrap()
}

/// What a build of one platform writes about a target.
pub(crate) fn built(target: &Target, platform: Platform, created: &str) -> Entry {
    let mut entry = Entry::new(&target.uid).digest_of(&format!("{} {platform}", target.uid)).created(created);
    entry.body["containerimage.descriptor"]["platform"]["architecture"] = json!(platform.architecture());
    entry = entry.set("image.name", json!(target.temp_repository(TEMP)));
    for (key, value) in target.labels("2026-01-01T00:00:00.5", Some("c0ffee")) {
        entry = entry.argument(&format!("label:{key}"), value);
    }
    for (key, value) in &target.args {
        entry = entry.argument(&format!("build-arg:{key}"), value);
    }
    entry
}

pub(crate) fn options() -> PublishOptions<'static> {
    PublishOptions { temp_registry: Some(TEMP), ..PublishOptions::default() }
}

pub(crate) fn plan(config: &Config, files: &[MetadataFile]) -> PublishPlan {
    match publish::plan(config, files, &options()) {
        Ok(plan) => plan,
        Err(errors) => panic!("{errors}"),
    }
}

/// Everything that is wrong, as a person reads it: code, sentence, hint.
pub(crate) fn refusal(config: &Config, files: &[MetadataFile], options: &PublishOptions<'_>) -> String {
    match publish::plan(config, files, options) {
        Ok(plan) => panic!("{}", plan.describe()),
        Err(errors) => told(&errors.0),
    }
}

/// Errors as a person reads them.
pub(crate) fn told(errors: &[publish::PublishError]) -> String {
    let tell = |error: &publish::PublishError| {
        let hint = error.hint().map_or_else(String::new, |hint| format!("\n  {hint}"));
        format!("[{}] {error}{hint}", error.code())
    };
    let told: Vec<String> = errors.iter().map(tell).collect();
    for line in &told {
        assert!(!line.ends_with('.') && line.chars().all(|c| c == '\n' || !c.is_control()), "{line}");
    }
    told.join("\n")
}

/// `repository: tags | floating tags`, one line for each repository of each target.
pub(crate) fn tags(plan: &PublishPlan) -> String {
    let mut lines = Vec::new();
    for target in &plan.targets {
        for one in &target.destinations {
            let join = |tags: &[bakery_core::model::Tag]| {
                tags.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
            };
            let (first, then) = (join(&one.immutable), join(&one.floating));
            lines.push(format!("{} -> {}: {first} | {then}", target.uid, one.repository));
        }
    }
    lines.join("\n")
}
