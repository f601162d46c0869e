//! What to build: matrix, targets, tags, labels, bake plan. Configuration and facts in, plans out.
//!
//! The way of a plan, each step pure:
//!
//! 1. [`candidates`] says which development versions a dispatch could mean, [`pins`] reads what it pins.
//! 2. [`questions`] says which answers are needed; the caller asks, and puts the answers into [`Facts`].
//! 3. [`select`] makes [`Builds`]: every version that is built, and what could not be resolved.
//! 4. [`matrix`] makes rows, [`targets`] makes targets, [`bake::plan`] a bake plan, of the same builds.
//! 5. [`build`] says how a builder is called for targets, and what is written about what it built.

mod answers;
mod artifact;
mod assemble;
pub mod bake;
pub mod build;
mod builds;
mod changes;
mod config_diff;
mod dispatch;
mod error;
mod expand;
mod facts;
mod folder;
mod hint;
mod identity;
mod labels;
mod order;
mod parsed_version;
mod pep440;
pub mod publish;
mod questions;
mod resolved;
mod rows;
mod selection;
pub mod summary;
mod tag_sets;
mod tags;
mod target;
pub mod template;
mod unresolved;
mod version_filter;

#[cfg(test)]
mod sample;

pub use answers::{tags_by_component, tags_by_uid, version_of};
pub use artifact::PlatformArtifact;
pub use builds::{Build, BuildKind, Builds, System, select};
pub use changes::{ChangeSet, ImageChanges};
pub use dispatch::{
    DevRef, Pin, candidates, effective_channel, effective_inclusion, override_candidates, pins,
};
pub use error::PlanError;
pub use facts::Facts;
pub use folder::{VersionFolder, dev_folders};
pub use identity::Identity;
pub use order::push_order;
pub use questions::{Ask, Catalogue, Detail, DevQuestion, ListSource, MatrixQuestion, Questions, questions};
pub use resolved::{ResolvedDev, ResolvedOs, apply, apply_list, apply_pin};
pub use rows::{Column, ParseColumnError, Row, matrix};
pub use selection::{Inclusion, ParseInclusionError, Selection};
pub use target::{Target, containerfile, targets};
pub use unresolved::{Skipped, SkippedItem, Unresolved};
pub use version_filter::version_matches;
