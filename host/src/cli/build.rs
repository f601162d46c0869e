//! `bakery build`.

use clap::Args;

use super::args::{Inputs, Targets};

const AFTER_HELP: &str = "\
Examples:
  bakery build --plan                           the bake plan of every released version
  bakery build --plan --image-name '^connect$' --image-platform linux/amd64
  bakery build --plan --push --temp-registry ghcr.io/example --cache-registry ghcr.io/example
  bakery build --plan --dev-spec '{\"version\": \"2026.05.0-dev+185-gSHA\", \"channel\": \"daily\"}'";

/// Print the bake plan.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Build {
    /// Print the bake plan as JSON and build nothing.
    #[arg(long, required = true)]
    pub(crate) plan: bool,
    /// Plan to push.
    #[arg(long, overrides_with = "no_push")]
    pub(crate) push: bool,
    /// Plan not to push [default].
    #[arg(long, overrides_with = "push")]
    pub(crate) no_push: bool,
    /// Push by digest to this registry instead of tagging.
    #[arg(long, value_name = "REGISTRY")]
    pub(crate) temp_registry: Option<String>,
    /// Keep layers in this registry.
    #[arg(long, value_name = "REGISTRY")]
    pub(crate) cache_registry: Option<String>,
    #[command(flatten)]
    pub(crate) targets: Targets,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
}
