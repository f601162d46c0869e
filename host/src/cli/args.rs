//! The command tree and the flags that several commands share. Values are checked here for their form alone.

use std::{path::PathBuf, time::Duration};

use bakery_core::{
    model::{Channel, parse_duration},
    plan::{Inclusion, Selection},
};
use clap::{ArgAction, Args, Parser, Subcommand};
use regex::Regex;

use super::{build, ci_matrix, compile, completions, convert, dev, get, plugin, publish, summary};

const AFTER_HELP: &str = "\
Examples:
  bakery ci matrix                                       what to build, as one JSON line
  bakery ci matrix --dev-spec '{\"version\": \"2026.05.0-dev+185-gSHA\", \"channel\": \"daily\"}'
  bakery get tags --output uid                           every tag of every target
  bakery build --plan                                    the bake plan, as JSON
  bakery build --strategy build --push --temp-registry ghcr.io/example --metadata-file m.json
                                                         one platform by digest, for `ci publish`
  bakery ci publish --temp-registry ghcr.io/example ./*-metadata.json
                                                         one index per target, under all its tags
  bakery plugin inspect my-source.wasm                   what a component can reach

Exit codes and environment variables: `bakery help codes`, `bakery help env`, or docs/reference/.";

/// Finds out which product versions to build, plans container images and publishes them.
#[derive(Debug, Parser)]
#[command(name = "bakery", version, about, after_help = AFTER_HELP, disable_help_subcommand = true, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) talk: Talk,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What is asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Commands for CI pipelines.
    #[command(subcommand)]
    Ci(Ci),
    /// Build images, or print the plan.
    #[command(visible_alias = "bake", alias = "b")]
    Build(Box<build::Build>),
    /// Print facts about the project.
    #[command(subcommand)]
    Get(get::Get),
    /// Images that are built and run here: their tags, and manifests that name them.
    #[command(subcommand)]
    Dev(Box<dev::Dev>),
    /// Indexes of images, in registries.
    #[command(subcommand)]
    Imagetools(publish::Imagetools),
    /// Old name of a part of `imagetools`.
    #[command(subcommand, hide = true)]
    Oras(publish::Oras),
    /// Images that start before they are there as a whole.
    #[command(subcommand)]
    Soci(convert::Soci),
    /// Look at components.
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    /// Print the completion script of a shell.
    Completions(completions::Completions),
    /// Print the version.
    Version,
    /// Explain a topic, or print this text.
    Help(completions::Help),
    /// Compile the component on standard input; bakery calls itself with this, in a child with limits.
    #[command(name = "__compile", hide = true)]
    Compile(compile::Compile),
}

/// Commands for CI pipelines.
#[derive(Debug, Subcommand)]
pub(crate) enum Ci {
    /// Print what to build as one JSON line: image, version, dev, platform.
    Matrix(Box<ci_matrix::Matrix>),
    /// Publish what was built: one index per target, under all its tags.
    Publish(Box<publish::Publish>),
    /// The same as `ci publish`, under its old name.
    Merge(Box<publish::Publish>),
    /// Turn the JSON of several `--summary` runs into one Markdown table.
    Summary(summary::Summary),
}

/// How much to say on standard error.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Talk {
    /// Say more: requests, guests' logs.
    #[arg(short, long, global = true, action = ArgAction::SetTrue, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Say nothing but errors.
    #[arg(short, long, global = true, action = ArgAction::SetTrue)]
    pub(crate) quiet: bool,
}

/// Where the project is.
#[derive(Clone, Debug, Args)]
pub(crate) struct Project {
    /// Folder with bakery.yaml.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) context: PathBuf,
    /// Make unknown keys in bakery.yaml errors.
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Which kinds of versions.
#[derive(Clone, Debug, Args)]
pub(crate) struct Kinds {
    /// Development versions: include, exclude or only [default: exclude, or only with a dispatch].
    #[arg(long, value_name = "WHICH", value_parser = inclusion)]
    pub(crate) dev_versions: Option<Inclusion>,
    /// Only development versions of this channel: release, preview or daily.
    #[arg(long, value_name = "CHANNEL", value_parser = channel)]
    pub(crate) dev_channel: Option<Channel>,
    /// Old name of --dev-channel.
    #[arg(long, value_name = "CHANNEL", value_parser = channel, hide = true)]
    pub(crate) dev_stream: Option<Channel>,
    /// Images that are built for every combination of dependencies: include, exclude or only.
    #[arg(long, value_name = "WHICH", value_parser = inclusion, default_value = "exclude")]
    pub(crate) matrix_versions: Inclusion,
}

/// What a dispatch asks for.
#[derive(Clone, Debug, Args)]
pub(crate) struct Dispatch {
    /// Payload of a dispatch, a JSON object: version, channel, release_branch, image, product
    /// [env: BAKERY_DEV_SPEC].
    #[arg(long, value_name = "JSON")]
    pub(crate) dev_spec: Option<String>,
    /// How long to wait for an upstream that does not have the dispatched version yet
    /// [env: BAKERY_DEV_SPEC_WAIT] [default: 0].
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) dev_spec_wait: Option<Duration>,
    /// Go on when a source fails: print the rest, say what is missing, exit 13.
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Write what was pinned and what every source answered to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
}

/// How upstreams are reached.
#[derive(Clone, Debug, Args)]
pub(crate) struct Upstreams {
    /// Read URLs that begin with FROM below TO instead, and allow TO; repeatable [env: BAKERY_MIRRORS].
    #[arg(long, value_name = "FROM=TO")]
    pub(crate) mirror: Vec<String>,
    /// Questions asked, and targets built, at the same time [env: BAKERY_MAX_CONCURRENCY] [default: 4].
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,
    /// Attempts of one request to an upstream.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20))]
    pub(crate) retry_attempts: Option<u32>,
}

/// What every command that asks upstreams takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Inputs {
    #[command(flatten)]
    pub(crate) kinds: Kinds,
    #[command(flatten)]
    pub(crate) dispatch: Dispatch,
    #[command(flatten)]
    pub(crate) upstreams: Upstreams,
    #[command(flatten)]
    pub(crate) project: Project,
}

/// Which targets, where a command works on targets.
#[derive(Clone, Debug, Args)]
pub(crate) struct Targets {
    /// Only images whose name this regular expression finds.
    #[arg(long, value_name = "REGEX", value_parser = regex)]
    pub(crate) image_name: Option<Regex>,
    /// Only this version: the same text, or a prefix of its numbers.
    #[arg(long, value_name = "VERSION")]
    pub(crate) image_version: Option<String>,
    /// Only variants whose name this regular expression finds.
    #[arg(long, value_name = "REGEX", value_parser = regex)]
    pub(crate) image_variant: Option<Regex>,
    /// Only operating systems whose name this regular expression finds.
    #[arg(long, value_name = "REGEX", value_parser = regex)]
    pub(crate) image_os: Option<Regex>,
    /// Only platforms that this regular expression finds; repeatable.
    #[arg(long, value_name = "REGEX", value_parser = regex)]
    pub(crate) image_platform: Vec<Regex>,
    /// Only versions marked `latest`.
    #[arg(long)]
    pub(crate) latest: bool,
}

impl Targets {
    /// These filters; what flags and payload imply is added later.
    pub(crate) fn selection(&self) -> Selection {
        Selection {
            image_name: self.image_name.clone(),
            image_version: self.image_version.clone(),
            image_variant: self.image_variant.clone(),
            image_os: self.image_os.clone(),
            image_platforms: self.image_platform.clone(),
            latest: self.latest,
            ..Selection::default()
        }
    }
}

/// Reads a regular expression; the engine is linear in the length of the text.
pub(super) fn regex(text: &str) -> Result<Regex, String> {
    regex::RegexBuilder::new(text)
        .size_limit(1 << 20)
        .build()
        .map_err(|error| format!("not a regular expression: {}", error.to_string().replace('\n', " ")))
}

fn inclusion(text: &str) -> Result<Inclusion, String> {
    text.parse().map_err(|_| "expected `include`, `exclude` or `only`".to_owned())
}

/// Reads the word of a channel.
pub(super) fn channel(text: &str) -> Result<Channel, String> {
    text.parse().map_err(|error: bakery_core::model::ParseChannelError| error.to_string())
}
