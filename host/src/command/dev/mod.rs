//! Development images: tags for the tree as it is, the lock of the worktree, manifests that name them.

mod bases;
mod build;
mod check;
mod commit;
mod force;
mod ignore;
mod import;
mod inputs;
mod lock;
mod manifests;
mod nodes;
mod pick;
mod place;
mod platforms;
mod prune;
mod remote;
mod rewrite;
mod stamps;
mod stores;
mod tag;
mod tags;
mod upstreams;
mod wanted;

use std::sync::Arc;

use super::Ended;
use crate::{cli::Dev, report::Talker};

/// Runs one of the commands.
pub(super) fn run(dev: &Dev, talker: &Arc<Talker>) -> Ended {
    match dev {
        Dev::Tag(tag) => tag::run(tag, talker),
        Dev::Build(build) => build::run(build, talker),
        Dev::Prune(prune) => prune::run(prune, talker),
        Dev::Rewrite(rewrite) => rewrite::run(rewrite, talker),
        Dev::Check(check) => check::run(check, talker),
    }
}
