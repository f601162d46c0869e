//! The arguments of `buildah`: one target for one platform, into its own store, and from there into an image layout.

use std::{ffi::OsString, path::Path};

use super::{BuildSettings, Secrets, docker::Words};
use crate::{model::Platform, plan::Target};

/// A build with `buildah`.
#[derive(Clone, Copy)]
pub struct BuildahBuild<'a> {
    /// What is built.
    pub target: &'a Target,
    /// For which of its platforms: `buildah` builds one at a time.
    pub platform: Platform,
    /// The project's folder, absolute.
    pub project: &'a Path,
    /// Where it writes the image's identifier.
    pub id_file: &'a Path,
}

/// Builds one target for one platform into the local store.
#[must_use]
pub fn buildah_build(build: &BuildahBuild<'_>, settings: &BuildSettings<'_>) -> Vec<OsString> {
    let BuildahBuild { target, platform, project, id_file } = *build;
    let bake = &settings.bake;
    let mut words = Words::new(&["build", "--layers"]);
    for (key, value) in &target.args {
        words.pair("--build-arg", format!("{key}={value}"));
    }
    target.pins().contexts_as_written(&mut words);
    for (key, value) in target.labels(bake.created, bake.revision) {
        words.pair("--label", format!("{key}={value}"));
    }
    // Without a value the flag has another default in every version.
    words.one(if settings.pull { "--pull=always" } else { "--pull=false" });
    words.pair("--file", project.join(&target.dockerfile));
    if let Some(stage) = &target.build_target {
        words.pair("--target", stage);
    }
    if let Some(registry) = bake.cache_registry.filter(|_| settings.cache) {
        let repository = target.cache_repository(registry);
        words.pair("--cache-from", repository.as_str());
        if bake.push {
            words.pair("--cache-to", repository.as_str());
        }
    }
    for secret in Secrets::new(bake.has_variable).of(target) {
        words.pair("--secret", format!("id={},env={}", secret.id, secret.env_var));
    }
    words.pair("--platform", platform.as_str());
    words.when(!settings.cache, "--no-cache");
    words.pair("--iidfile", id_file);
    for name in settings.names(target) {
        words.pair("--tag", name);
    }
    words.one(project);
    words.0
}

/// Writes an image of the local store as an image layout, into a folder that is not there yet.
#[must_use]
pub fn buildah_layout(image: &str, folder: &Path) -> Vec<OsString> {
    let mut words = Words::new(&["push"]);
    words.one(image);
    let mut layout = OsString::from("oci:");
    layout.push(folder);
    words.one(layout);
    words.0
}
