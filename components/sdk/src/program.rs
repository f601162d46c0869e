//! Granted programs as a step's logic sees them: a command put together word by word, and whoever runs it.
//! Must not retry, wait or judge an exit code: the host does.

use crate::{
    Host,
    failure::failure,
    host::{
        command_runner::{self as wit},
        types::{Failure, FailureKind},
    },
};

pub use wit::{Argument, Command, Output};

/// Whoever runs programs. See `wit/command-runner.wit`.
pub trait Programs {
    /// Runs one command to its end.
    ///
    /// # Errors
    /// The host's failure: the command is not granted, or the program failed.
    fn run(&self, command: &Command) -> Result<Output, Failure>;
}

impl Programs for Host {
    fn run(&self, command: &Command) -> Result<Output, Failure> {
        wit::run(command)
    }
}

/// A command on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Words(Command);

impl Words {
    /// A program by the name of its grant, with a subcommand of one or more words.
    #[must_use]
    pub fn new(program: &str, subcommand: &str) -> Self {
        let arguments = subcommand.split(' ').map(|word| Argument::Value(word.to_owned())).collect();
        Self(Command { program: program.to_owned(), arguments, stdin: None })
    }

    /// The same with an option that stands alone.
    #[must_use]
    pub fn flag(mut self, name: &str) -> Self {
        self.0.arguments.push(Argument::Flag(name.to_owned()));
        self
    }

    /// The same with an option that stands alone, where `wanted`.
    #[must_use]
    pub fn flag_if(self, wanted: bool, name: &str) -> Self {
        if wanted { self.flag(name) } else { self }
    }

    /// The same with an option and its value.
    #[must_use]
    pub fn option(self, name: &str, value: impl Into<String>) -> Self {
        self.flag(name).value(value)
    }

    /// The same with an option and its value, once for each value.
    #[must_use]
    pub fn options<T: Into<String>>(self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        values.into_iter().fold(self, |words, value| words.option(name, value))
    }

    /// The same with an argument.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.0.arguments.push(Argument::Value(value.into()));
        self
    }

    /// The same with a path in the scratch space.
    #[must_use]
    pub fn scratch(mut self, path: &str) -> Self {
        self.0.arguments.push(Argument::Scratch(path.to_owned()));
        self
    }

    /// The command.
    #[must_use]
    pub fn command(&self) -> &Command {
        &self.0
    }

    /// Runs it.
    ///
    /// # Errors
    /// The host's failure; `internal` where the host calls a program well that says it failed.
    pub fn run(&self, programs: &impl Programs) -> Result<Output, Failure> {
        let output = programs.run(&self.0)?;
        if output.exit_code == 0 {
            return Ok(output);
        }
        let message = format!("`{}` ended with exit code {}", self.0.program, output.exit_code);
        Err(failure(FailureKind::Internal, &self.0.program, message))
    }
}

/// A command as it would be typed; scratch paths begin with `~/`.
#[must_use]
pub fn line(command: &Command) -> String {
    let mut line = command.program.clone();
    for argument in &command.arguments {
        line.push(' ');
        match argument {
            Argument::Flag(text) | Argument::Value(text) => line.push_str(text),
            Argument::Scratch(path) => {
                line.push_str("~/");
                line.push_str(path);
            }
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakePrograms;

    #[test]
    fn a_command_has_its_words_in_the_order_in_which_they_were_said() {
        let words = Words::new("oras", "manifest fetch")
            .flag_if(false, "--plain-http")
            .flag("--descriptor")
            .options("--x", ["1", "2"])
            .value("a:b")
            .scratch("src");
        assert_eq!(line(words.command()), "oras manifest fetch --descriptor --x 1 --x 2 a:b ~/src");
        assert_eq!(words.command().arguments[0], Argument::Value("manifest".to_owned()));
        assert_eq!(words.command().arguments[3], Argument::Flag("--x".to_owned()));
    }

    #[test]
    fn a_program_that_failed_is_never_taken_for_one_that_did_not() {
        let programs = FakePrograms::new().answering("oras version", 2, "");
        let error = Words::new("oras", "version").run(&programs).unwrap_err();
        assert_eq!(
            (error.kind, error.message.as_str()),
            (FailureKind::Internal, "`oras` ended with exit code 2")
        );
    }
}
