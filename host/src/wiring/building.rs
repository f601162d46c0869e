//! A build as the wiring sees it: what is asked for and what it comes to. On Linux `carry` does it; elsewhere there are no
//! commands, and nothing can be built.

#[cfg(target_os = "linux")]
mod builder;
#[cfg(target_os = "linux")]
mod carry;
#[cfg(target_os = "linux")]
mod measure;

use std::{
    collections::HashMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use bakery_core::{model::Platform, plan::build::BuildSettings, port::Measured};
use bakery_run::build::BuildReport;
use serde_json::Value;

use crate::{
    cli::{BuilderKind, Registries, Strategy},
    command::Failed,
};

/// How targets are built.
pub(crate) struct Building<'a> {
    /// One command, or one for each target.
    pub(crate) strategy: Strategy,
    /// What builds, where the user says.
    pub(crate) builder: Option<BuilderKind>,
    /// After a failure begin nothing more.
    pub(crate) fail_fast: bool,
    /// Further attempts.
    pub(crate) retry: u32,
    /// The project's folder, absolute.
    pub(crate) project: &'a Path,
    /// What is added to every target.
    pub(crate) settings: BuildSettings<'a>,
    /// The bake plan.
    pub(crate) plan: &'a Value,
    /// The platforms that the user chose, where all targets are built for all of them.
    pub(crate) platforms: Option<Vec<Platform>>,
    /// Whether the builder is asked what it built.
    pub(crate) metadata: bool,
    /// Whether sizes are looked up afterwards.
    pub(crate) measure: bool,
    /// How registries are reached.
    pub(crate) registries: &'a Registries,
    /// The environment of the builder.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// Where programs are looked up.
    pub(crate) path: OsString,
}

/// What a build came to.
#[derive(Default)]
pub(crate) struct BuildEnd {
    /// What became of every target.
    pub(crate) report: BuildReport,
    /// What images measure in their registry, by target, where that was looked up.
    pub(crate) registry: HashMap<String, Measured>,
    /// What images measure in the local store.
    pub(crate) local: HashMap<String, u64>,
}

/// An absolute path of a folder that is there.
pub(crate) fn absolute(folder: &Path) -> Result<PathBuf, Failed> {
    folder.canonicalize().map_err(|error| Failed::because(format!("`{}`: {error}", folder.display())))
}

#[cfg(not(target_os = "linux"))]
impl super::Edge {
    /// Other systems have no commands.
    pub(crate) fn build<F>(
        &self,
        _: &std::sync::Arc<[bakery_core::plan::Target]>,
        _: &Building<'_>,
        _: &std::sync::Arc<crate::report::BuildProgress>,
        _: impl FnOnce() -> Result<F, Failed>,
    ) -> Result<(Option<BuildEnd>, Option<crate::report::Exit>), Failed> {
        Err(Failed::because("images are built on Linux alone"))
    }
}
