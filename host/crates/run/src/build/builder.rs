//! What a builder is to a run: one call for a plan, or one for each target.

use std::sync::Arc;

use bakery_core::{
    plan::{Target, build::Entry},
    port::{BoxFuture, Failure},
};

/// What a builder says about what it built.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Built {
    /// For each target its metadata, where the builder gave any.
    pub entries: Vec<(String, Entry)>,
    /// What it said beside them.
    pub beside: Entry,
}

/// A program that builds images. Each call is tried as often as the run allows.
pub trait Builder: Send + Sync {
    /// Builds all targets with one command.
    ///
    /// # Errors
    /// The last attempt's failure.
    fn bake<'a>(&'a self, targets: &'a Arc<[Target]>) -> BoxFuture<'a, Result<Built, Failure>>;

    /// Builds one target.
    ///
    /// # Errors
    /// The last attempt's failure.
    fn build<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<Built, Failure>>;
}
