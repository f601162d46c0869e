//! `bakery soci convert` and its other name: images with `tool: soci`, converted and kept, but not published.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{
    args::Project,
    publish::{Outputs, Patience, Publish, Registries, Tool, Which},
};

const AFTER_HELP: &str = "\
Examples:
  bakery soci convert --temp-registry ghcr.io/example ./*-metadata.json
  bakery soci convert --dry-run --temp-registry ghcr.io/example ./*-metadata.json

Each converted image lies in the temporary registry afterwards, by digest and under the name of its temporary index
with `-soci` after it. `imagetools soci-convert` is another name of this command; `ci publish` converts by itself.";

/// Convert the images of targets with `tool: soci`, and keep them in the temporary registry.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Convert {
    /// Metadata files that `bakery build --metadata-file` wrote, one per platform; with `*`, `?` or `[` a pattern.
    #[arg(value_name = "METADATA_FILE", required = true)]
    files: Vec<PathBuf>,
    /// Registry that platforms were pushed to by digest.
    #[arg(long, value_name = "REGISTRY")]
    temp_registry: Option<String>,
    /// Print what would be done, and convert nothing.
    #[arg(long, overrides_with = "no_dry_run")]
    dry_run: bool,
    /// Write [default].
    #[arg(long, overrides_with = "dry_run")]
    no_dry_run: bool,
    /// Targets worked on at the same time [env: BAKERY_MAX_CONCURRENCY] [default: 4].
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Write what became of every target to this file, as JSON; also when the run fails or is stopped.
    #[arg(long, value_name = "FILE")]
    result: Option<PathBuf>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    registries: Registries,
    #[command(flatten)]
    project: Project,
}

/// Images that start before they are there as a whole.
#[derive(Debug, Subcommand)]
pub(crate) enum Soci {
    /// Convert the images of targets with `tool: soci`, and keep them in the temporary registry.
    Convert(Box<Convert>),
}

impl Convert {
    /// The same as arguments of a publish, whose first half it is.
    pub(crate) fn as_publish(&self) -> Publish {
        Publish {
            files: self.files.clone(),
            temp_registry: self.temp_registry.clone(),
            temp_index: true,
            imagetools: Tool::Native,
            dry_run: self.dry_run,
            no_dry_run: self.no_dry_run,
            jobs: self.jobs,
            which: self.which.clone(),
            patience: self.patience.clone(),
            registries: self.registries.clone(),
            outputs: Outputs { summary: false, summary_format: None, result: self.result.clone() },
            project: self.project.clone(),
        }
    }
}
