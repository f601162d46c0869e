//! `bakery build`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{
    args::{Inputs, Targets},
    publish::{Registries, SummaryFormat},
};

const AFTER_HELP: &str = "\
Examples:
  bakery build --image-name '^connect$' --image-version 2026.04
                                                build with one plan, into docker's own store
  bakery build --strategy build --jobs 4 --retry 1 --push --temp-registry ghcr.io/example \\
      --image-platform linux/amd64 --metadata-file amd64-metadata.json
                                                push one platform by digest, for `bakery ci publish`
  bakery build --builder buildah                build without docker
  bakery build --plan                           the bake plan of every released version, as JSON
  bakery build --plan --image-name '^connect$' --image-platform linux/amd64
  bakery build --dev-spec '{\"version\": \"2026.05.0-dev+185-gSHA\", \"channel\": \"daily\"}'";

/// Build images, or print the plan.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Build {
    /// Print the bake plan as JSON and build nothing.
    #[arg(long)]
    pub(crate) plan: bool,
    #[command(flatten)]
    pub(crate) how: How,
    #[command(flatten)]
    pub(crate) switches: Switches,
    /// Push by digest to this registry instead of tagging.
    #[arg(long, value_name = "REGISTRY")]
    pub(crate) temp_registry: Option<String>,
    /// Keep layers in this registry.
    #[arg(long, value_name = "REGISTRY")]
    pub(crate) cache_registry: Option<String>,
    /// Write what was built to this file, as JSON: input of `ci publish`.
    #[arg(long, value_name = "FILE")]
    pub(crate) metadata_file: Option<PathBuf>,
    /// Also print a summary of the targets.
    #[arg(long)]
    pub(crate) summary: bool,
    /// A table on standard error, or JSON on standard output.
    #[arg(long, value_name = "FORMAT", value_enum, ignore_case = true)]
    pub(crate) summary_format: Option<SummaryFormat>,
    #[command(flatten)]
    pub(crate) targets: Targets,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    #[command(flatten)]
    pub(crate) registries: Registries,
}

/// How the work is done.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct How {
    /// One command for the whole plan, or one for each target.
    #[arg(long, value_name = "STRATEGY", value_enum, ignore_case = true, default_value = "bake")]
    pub(crate) strategy: Strategy,
    /// What builds: docker, with its plugin buildx, or buildah [default: docker where it is there, else buildah].
    #[arg(long, value_name = "BUILDER", value_enum, ignore_case = true)]
    pub(crate) builder: Option<BuilderKind>,
    /// After a failure begin nothing more; with `--strategy build`.
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Further attempts where another one can help: lost connections, busy registries.
    #[arg(long, value_name = "N", default_value = "0", value_parser = clap::value_parser!(u32).range(0..=20))]
    pub(crate) retry: u32,
}

/// What is done with what is built. Of a switch and its opposite the last one holds.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Switches {
    /// Put images into the local store [default].
    #[arg(long, overrides_with = "no_load")]
    pub(crate) load: bool,
    /// Do not.
    #[arg(long, overrides_with = "load")]
    pub(crate) no_load: bool,
    /// Push images.
    #[arg(long, overrides_with = "no_push")]
    pub(crate) push: bool,
    /// Do not [default].
    #[arg(long, overrides_with = "push")]
    pub(crate) no_push: bool,
    /// Look for newer base images.
    #[arg(long, overrides_with = "no_pull")]
    pub(crate) pull: bool,
    /// Do not [default].
    #[arg(long, overrides_with = "pull")]
    pub(crate) no_pull: bool,
    /// Use layers of earlier builds [default].
    #[arg(long, overrides_with = "no_cache")]
    pub(crate) cache: bool,
    /// Do not.
    #[arg(long, overrides_with = "cache")]
    pub(crate) no_cache: bool,
    /// Remove the folders of development versions afterwards [default].
    #[arg(long, overrides_with = "no_clean")]
    pub(crate) clean: bool,
    /// Keep them, and the bake plan as `.bakery-bake.json`.
    #[arg(long, overrides_with = "clean")]
    pub(crate) no_clean: bool,
}

/// How the work is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Strategy {
    /// One command for the whole plan.
    Bake,
    /// One command for each target.
    Build,
}

/// What builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BuilderKind {
    /// `docker buildx`.
    Docker,
    /// `buildah`.
    Buildah,
}
