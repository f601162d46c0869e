//! `bakery get tags` and `bakery get version`.

use clap::{Args, Subcommand, ValueEnum};

use super::args::{Inputs, Project, Targets};

/// Print facts about the project.
#[derive(Debug, Subcommand)]
pub(crate) enum Get {
    /// Print the tags of every target as JSON.
    Tags(Box<Tags>),
    /// Print the version of an image: the one marked latest, or the one in a folder.
    Version(Version),
}

const TAGS_HELP: &str = "\
Examples:
  bakery get tags                               by image, version, variant and operating system
  bakery get tags --output uid --image-name '^connect$'
  bakery get tags --dev-spec '{\"version\": \"2026.05.0-dev+185-gSHA\", \"channel\": \"daily\"}'";

/// Print the tags of every target as JSON.
#[derive(Debug, Args)]
#[command(after_help = TAGS_HELP)]
pub(crate) struct Tags {
    /// How the answer is keyed.
    #[arg(long, value_enum, default_value_t = Output::Component)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) targets: Targets,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
}

/// How tags are keyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// By image, version, variant and operating system.
    Component,
    /// By UID.
    Uid,
}

/// Print the version of an image.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  bakery get version connect\n  bakery get version connect --subpath 2026.03"
)]
pub(crate) struct Version {
    /// The image's name.
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    /// The version in this folder instead of the latest.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) subpath: Option<String>,
    #[command(flatten)]
    pub(crate) project: Project,
}
