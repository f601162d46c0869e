//! `bakery plugin inspect`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Look at components.
#[derive(Debug, Subcommand)]
pub(crate) enum Plugin {
    /// Print what a component imports (its whole reach) and exports, without running a byte of it.
    Inspect(Inspect),
    /// Print the products and channels that are built in.
    Products,
}

/// Print what a component can reach.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  bakery plugin inspect my-source.wasm")]
pub(crate) struct Inspect {
    /// The component.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}
