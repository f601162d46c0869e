//! Builders of this machine: which one is taken, and how its commands follow one another. The arguments are
//! `bakery_core::plan::build`'s to say.

mod buildah;
mod caller;
mod docker;

use std::{collections::HashMap, ffi::OsStr, path::Path, sync::Arc};

use bakery_backend::command::{LookupError, find_program};
use bakery_core::plan::Target;
use bakery_run::build::{BuildReport, Builder, Strategy as Cut};
use bakery_transfer::Transfer;

pub(super) use self::caller::Caller;
use self::{buildah::Buildah, docker::Docker};
use super::building::Building;
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

/// The builder that the user names; else docker where it has its plugin, else `buildah`.
///
/// # Errors
/// There is none.
pub(super) async fn choose<'a>(
    caller: Caller,
    how: &'a Building<'a>,
    folder: &'a Path,
    transfer: Transfer,
) -> Result<Chosen<'a>, Failed> {
    let docker = |caller: Caller| Chosen::Docker(Docker { caller, how, folder });
    let buildah = |caller: Caller| Chosen::Buildah(Buildah { caller, how, folder, transfer });
    let find = |name| find_program(name, OsStr::new(&how.path));
    match how.builder {
        Some(BuilderKind::Docker) => {
            let program = find("docker").map_err(|error| missing(&error, "docker with its plugin buildx"))?;
            Ok(docker(caller.with_program("docker", program)?))
        }
        Some(BuilderKind::Buildah) => {
            let program = find("buildah").map_err(|error| missing(&error, "buildah"))?;
            let caller = caller.with_program("buildah", program)?;
            note_plans(&caller, how);
            Ok(buildah(caller))
        }
        None => {
            let why = match find("docker") {
                Ok(program) => {
                    let caller = caller.clone().with_program("docker", program)?;
                    match caller.has_buildx().await {
                        Ok(()) => return Ok(docker(caller)),
                        Err(why) => why,
                    }
                }
                Err(error) => error.to_string(),
            };
            let program = find("buildah").map_err(|error| {
                Failed::because(format!("there is nothing to build with: {why}; {error}"))
                    .hint("install docker with its plugin buildx, or buildah")
            })?;
            let caller = caller.with_program("buildah", program)?;
            caller.note(&format!("building with buildah, because {why}"));
            note_plans(&caller, how);
            Ok(buildah(caller))
        }
    }
}

fn note_plans(caller: &Caller, how: &Building<'_>) {
    if how.strategy == Strategy::Bake {
        caller.note("buildah has no plans: each target is built with a command of its own");
    }
}

fn missing(error: &LookupError, what: &str) -> Failed {
    Failed::because(error.to_string()).hint(format!("install {what}, or name another one with --builder"))
}
