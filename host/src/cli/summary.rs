//! `bakery ci summary`.

use std::path::PathBuf;

use clap::Args;

const AFTER_HELP: &str = "\
Examples:
  bakery ci summary ./*-summary.json --output summary.md
  bakery ci summary ./*-summary.json --output \"$GITHUB_STEP_SUMMARY\" --disclaimer 'Nothing was pushed.'";

/// Turn the JSON of several `--summary` runs into one Markdown table.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Summary {
    /// Files with the JSON that `--summary --summary-format json` printed; with `*`, `?` or `[` a pattern.
    #[arg(value_name = "SUMMARY_JSON", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Write the Markdown here.
    #[arg(long, value_name = "PATH")]
    pub(crate) output: PathBuf,
    /// A sentence above the table.
    #[arg(long, value_name = "TEXT")]
    pub(crate) disclaimer: Option<String>,
}
