//! Development images: tags for the tree as it is, the lock of the worktree, manifests that name them.

mod check;
mod commit;
mod ignore;
mod inputs;
mod lock;
mod manifests;
mod pick;
mod place;
mod rewrite;
mod tag;
mod tags;

use std::sync::Arc;

use super::Ended;
use crate::{cli::Dev, report::Talker};

/// Runs one of the commands.
pub(super) fn run(dev: &Dev, talker: &Arc<Talker>) -> Ended {
    match dev {
        Dev::Tag(tag) => tag::run(tag, talker),
        Dev::Rewrite(rewrite) => rewrite::run(rewrite, talker),
        Dev::Check(check) => check::run(check, talker),
    }
}
