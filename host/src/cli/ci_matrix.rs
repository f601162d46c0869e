//! `bakery ci matrix`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use regex::Regex;

use super::args::{Inputs, regex};

const AFTER_HELP: &str = "\
Examples:
  bakery ci matrix                              released versions of every image
  bakery ci matrix '^connect$' --exclude platform
  bakery ci matrix --dev-versions only --dev-channel daily
  bakery ci matrix --dev-spec \"$PAYLOAD\" --dev-spec-wait 15m
                                                one dispatched version; waits while the upstream is stale
  bakery ci matrix --base-ref origin/main       only what the branch changed
  bakery ci matrix --dev-versions only --mirror https://cdn.posit.co/=http://mirror.example/posit/";

/// Print what to build as one JSON line.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Matrix {
    /// Only images whose name this regular expression finds.
    #[arg(value_name = "IMAGE_NAME", value_parser = regex)]
    pub(crate) image_name: Option<Regex>,
    /// Only this version: the same text, or a prefix of its numbers. No match is an error.
    #[arg(long, value_name = "VERSION")]
    pub(crate) image_version: Option<String>,
    /// Leave out a key of the rows; repeatable. Without `platform` there is one row per version.
    #[arg(long, value_name = "KEY", value_enum)]
    pub(crate) exclude: Vec<Column>,
    /// Only what changed since the merge base with this git revision [env: BAKERY_BASE_REF].
    #[arg(long, value_name = "REF")]
    pub(crate) base_ref: Option<String>,
    /// Only what these files touch: a list, one path per line, relative to the context; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) changed_files_from: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
}

/// A key that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Column {
    /// `version`.
    Version,
    /// `dev`.
    Dev,
    /// `platform`.
    Platform,
}
