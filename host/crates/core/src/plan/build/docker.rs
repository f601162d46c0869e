//! The arguments of `docker`: `buildx bake` for a whole plan, `buildx build` for one target. In the predecessor's order.
//! Each value is an argument of its own; those that docker splits at commas again are quoted as it reads them.

use std::{ffi::OsString, path::Path};

use super::{BuildSettings, Secrets};
use crate::{model::Platform, plan::Target};

/// What makes a build push its image without a tag.
const BY_DIGEST: &str = "type=image,push-by-digest=true,name-canonical=true,push=true";

/// Builds a plan, which docker reads from its standard input, in the project's folder.
///
/// `platforms` are those that the user chose, where all targets are built for all of them.
#[must_use]
pub fn docker_bake(
    settings: &BuildSettings<'_>,
    platforms: Option<&[Platform]>,
    metadata: Option<&Path>,
) -> Vec<OsString> {
    let mut words = Words::new(&["buildx", "bake"]);
    words.when(!settings.cache, "--no-cache");
    words.when(settings.load, "--load");
    words.when(settings.pull, "--pull");
    words.when(settings.bake.push, "--push");
    words.pair("--file", "-");
    if let Some(platforms) = platforms {
        words.pair("--set", format!("*.platform={}", joined(platforms)));
    }
    if settings.pushes_by_digest() {
        words.pair("--set", format!("*.output={BY_DIGEST}"));
    }
    if let Some(metadata) = metadata {
        words.pair("--metadata-file", metadata);
    }
    words.0
}

/// Builds one target. `project` is the project's folder, absolute.
#[must_use]
pub fn docker_build(
    target: &Target,
    settings: &BuildSettings<'_>,
    project: &Path,
    metadata: Option<&Path>,
) -> Vec<OsString> {
    let bake = &settings.bake;
    let mut words = Words::new(&["buildx", "build", "--progress", "plain"]);
    for (key, value) in &target.args {
        words.pair("--build-arg", format!("{key}={value}"));
    }
    target.pins().frontend(&mut words);
    target.pins().contexts(&mut words);
    for (key, value) in target.labels(bake.created, bake.revision) {
        words.pair("--label", format!("{key}={value}"));
    }
    words.when(settings.pull, "--pull");
    words.when(bake.push && !settings.pushes_by_digest(), "--push");
    words.when(settings.load, "--load");
    if let Some(metadata) = metadata {
        words.pair("--metadata-file", metadata);
    }
    words.pair("--file", project.join(&target.dockerfile));
    if let Some(stage) = &target.build_target {
        words.pair("--target", stage);
    }
    if let Some(registry) = bake.cache_registry {
        let reference = field(&format!("ref={}", target.cache_reference(registry)));
        words.pair("--cache-from", format!("type=registry,{reference}"));
        if bake.push {
            words.pair(
                "--cache-to",
                format!("type=registry,{reference},mode=max,compression=zstd,oci-mediatypes=true"),
            );
        }
    }
    // Whoever builds several targets says once what is left out.
    for secret in Secrets::new(bake.has_variable).of(target) {
        let (id, variable) = (field(&format!("id={}", secret.id)), field(&format!("env={}", secret.env_var)));
        words.pair("--secret", format!("{id},{variable}"));
    }
    if settings.pushes_by_digest() {
        words.pair("--output", BY_DIGEST);
    }
    words.pair("--platform", joined(&target.platforms));
    words.when(!settings.cache, "--no-cache");
    for name in settings.names(target) {
        words.pair("--tag", name);
    }
    words.one(project);
    words.0
}

pub(super) fn joined(platforms: &[Platform]) -> String {
    platforms.iter().map(|platform| platform.as_str()).collect::<Vec<_>>().join(",")
}

/// One field of a value that docker reads as a line of CSV.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Arguments in the making.
pub(super) struct Words(pub(super) Vec<OsString>);

impl Words {
    pub(super) fn new(first: &[&str]) -> Self {
        Self(first.iter().map(Into::into).collect())
    }

    pub(super) fn one(&mut self, word: impl Into<OsString>) {
        self.0.push(word.into());
    }

    pub(super) fn when(&mut self, wanted: bool, flag: &str) {
        if wanted {
            self.one(flag);
        }
    }

    /// A flag and its value, which is a word of its own whatever it begins with.
    pub(super) fn pair(&mut self, flag: &str, value: impl Into<OsString>) {
        self.one(flag);
        self.one(value);
    }
}
