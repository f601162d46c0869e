//! `bakery completions` and `bakery help`: texts that are made from the tables of this program.

use clap::{Args, CommandFactory, ValueEnum};

use super::{Cli, env};
use crate::report::Exit;

/// Print the completion script of a shell.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  bakery completions bash > /etc/bash_completion.d/bakery\n  bakery completions zsh > \"${fpath[1]}/_bakery\""
)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

impl Completions {
    /// The script.
    pub(crate) fn text(&self) -> String {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "bakery", &mut script);
        String::from_utf8_lossy(&script).into_owned()
    }
}

/// Explain a topic, or print the general help.
#[derive(Debug, Args)]
pub(crate) struct Help {
    /// What to explain.
    #[arg(value_enum)]
    pub(crate) topic: Option<Topic>,
}

/// What can be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Topic {
    /// Exit codes.
    Codes,
    /// Environment variables.
    Env,
}

impl Help {
    /// The text.
    pub(crate) fn text(&self) -> String {
        match self.topic {
            None => Cli::command().render_long_help().to_string(),
            Some(Topic::Codes) => Exit::TABLE
                .iter()
                .map(|(_, code, name, about)| format!("{code:>4}  {name:<12} {about}\n"))
                .collect(),
            Some(Topic::Env) => env::ALL.iter().map(|v| format!("{:<38} {}\n", v.name, v.about)).collect(),
        }
    }
}
