//! Builders of this machine: which one is taken, and how its commands follow one another. The arguments are
//! `bakery_core::plan::build`'s to say.

mod buildah;
mod caller;
mod docker;

use std::{collections::HashMap, ffi::OsStr, sync::Arc};

use bakery_backend::command::{LookupError, find_program};
use bakery_core::{plan::Target, port::scratch::ScratchSpace};
use bakery_run::build::{BuildReport, Builder, Strategy as Cut};
use bakery_transfer::Transfer;

pub(super) use self::caller::Caller;
use self::{buildah::Buildah, docker::Docker};
use super::Building;
use crate::{
    cli::{BuilderKind, Strategy},
    command::Failed,
};

/// The builder of a run.
pub(super) enum Chosen<'a> {
    Docker(Docker<'a>),
    Buildah(Buildah<'a>),
}

impl Chosen<'_> {
    pub(super) fn as_dyn(&self) -> &dyn Builder {
        match self {
            Self::Docker(docker) => docker,
            Self::Buildah(buildah) => buildah,
        }
    }

    /// How the work is cut. `buildah` knows no plans.
    pub(super) fn strategy(&self, wanted: Strategy) -> Cut {
        match (self, wanted) {
            (Self::Docker(_), Strategy::Bake) => Cut::Bake,
            _ => Cut::Build,
        }
    }

    /// Bytes of images in the local store, by target, where they can be known with one command.
    pub(super) async fn local_sizes(
        &self,
        targets: &Arc<[Target]>,
        report: &BuildReport,
    ) -> HashMap<String, u64> {
        match self {
            Self::Docker(docker) => docker.local_sizes(targets, report).await,
            Self::Buildah(_) => HashMap::new(),
        }
    }
}

/// What a builder works with.
#[derive(Clone)]
pub(super) struct Parts<'a> {
    pub(super) caller: Caller,
    pub(super) how: &'a Building<'a>,
    /// Where it writes.
    pub(super) space: &'a dyn ScratchSpace,
    pub(super) transfer: Transfer,
}

impl Parts<'_> {
    /// With this program, which is on the PATH.
    fn with(mut self, name: &str) -> Result<Result<Self, LookupError>, Failed> {
        match find_program(name, OsStr::new(&self.how.path)) {
            Ok(program) => {
                self.caller = self.caller.with_program(name, program)?;
                Ok(Ok(self))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    fn note_plans(&self) {
        if self.how.strategy == Strategy::Bake {
            self.caller.note("buildah has no plans: each target is built with a command of its own");
        }
    }
}

/// The builder that the user names; else docker where it has its plugin, else `buildah`.
///
/// # Errors
/// There is none.
pub(super) async fn choose(parts: Parts<'_>) -> Result<Chosen<'_>, Failed> {
    match parts.how.builder {
        Some(BuilderKind::Docker) => {
            let parts =
                parts.with("docker")?.map_err(|error| missing(&error, "docker with its plugin buildx"))?;
            Ok(Chosen::Docker(Docker::new(parts)?))
        }
        Some(BuilderKind::Buildah) => {
            let parts = parts.with("buildah")?.map_err(|error| missing(&error, "buildah"))?;
            parts.note_plans();
            Ok(Chosen::Buildah(Buildah::new(parts)?))
        }
        None => {
            let why = match parts.clone().with("docker")? {
                Ok(parts) => match parts.caller.has_buildx().await {
                    Ok(()) => return Ok(Chosen::Docker(Docker::new(parts)?)),
                    Err(why) => why,
                },
                Err(error) => error.to_string(),
            };
            let parts = parts.with("buildah")?.map_err(|error| {
                Failed::because(format!("there is nothing to build with: {why}; {error}"))
                    .hint("install docker with its plugin buildx, or buildah")
            })?;
            parts.caller.note(&format!("building with buildah, because {why}"));
            parts.note_plans();
            Ok(Chosen::Buildah(Buildah::new(parts)?))
        }
    }
}

fn missing(error: &LookupError, what: &str) -> Failed {
    Failed::because(error.to_string()).hint(format!("install {what}, or name another one with --builder"))
}

fn no_folder() -> Failed {
    Failed::because("there is no folder for what the builder writes")
}
