//! The grant of one command: what it is, what it gets, and what may be asked of it. Resolves no name on a PATH.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::{
    error::{GrantError, NameProblem},
    grammar::{Subcommand, is_word},
    walk::Walk,
};
use crate::{
    model::{Digest, RegistryHost},
    policy::{Denial, RegistryGrants, error::quote},
    port::command::{Argument, Command, CommandLimits, Invocation, Network, Word},
};

/// Where programs that know docker look for credentials.
const DOCKER_CONFIG: &str = "DOCKER_CONFIG";

/// What a guest may make of one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandGrant {
    pub(super) name: String,
    program: PathBuf,
    digest: Option<Digest>,
    subcommands: Vec<Subcommand>,
    environment: Vec<(OsString, OsString)>,
    pub(super) scratch: Option<PathBuf>,
    pub(super) registries: RegistryGrants,
    pub(super) credentials: BTreeSet<RegistryHost>,
    limits: CommandLimits,
    network: Network,
}

impl CommandGrant {
    /// A program under a name, with nothing that may be asked of it: no subcommand, an empty environment, no scratch
    /// space, no registry, the default limits, the network open.
    ///
    /// # Errors
    /// A name that could be a path or an option, a path that is not absolute.
    pub fn new(name: &str, program: impl Into<PathBuf>) -> Result<Self, GrantError> {
        let program = program.into();
        if !is_program_name(name) {
            return Err(GrantError::Name { name: quote(name), problem: NameProblem::Program });
        }
        if !program.is_absolute() {
            return Err(GrantError::ProgramPath { name: name.to_owned(), path: program });
        }
        Ok(Self {
            name: name.to_owned(),
            program,
            digest: None,
            subcommands: Vec::new(),
            environment: Vec::new(),
            scratch: None,
            registries: RegistryGrants::default(),
            credentials: BTreeSet::new(),
            limits: CommandLimits::default(),
            network: Network::Open,
        })
    }

    /// The same, only as long as the program's file is this one.
    #[must_use]
    pub fn pinned(mut self, digest: Digest) -> Self {
        self.digest = Some(digest);
        self
    }

    /// The same with one more way to call it.
    #[must_use]
    pub fn subcommand(mut self, subcommand: Subcommand) -> Self {
        self.subcommands.push(subcommand);
        self
    }

    /// The same with this environment and no other; see [`super::EnvironmentSet::resolve`].
    #[must_use]
    pub fn environment(mut self, environment: Vec<(OsString, OsString)>) -> Self {
        self.environment = environment;
        self
    }

    /// The same with a scratch space: the folder it starts in, and the only one whose paths it can be given.
    ///
    /// # Errors
    /// A path that is not absolute.
    pub fn scratch(mut self, folder: impl Into<PathBuf>) -> Result<Self, GrantError> {
        let path = folder.into();
        if !path.is_absolute() {
            return Err(GrantError::ScratchPath { name: self.name, path });
        }
        self.scratch = Some(path);
        Ok(self)
    }

    /// The same with what its image references may name.
    #[must_use]
    pub fn registries(mut self, registries: RegistryGrants) -> Self {
        self.registries = registries;
        self
    }

    /// The same with credentials for these registries and no others, in a `DOCKER_CONFIG` of the host's making.
    #[must_use]
    pub fn credentials(mut self, registries: impl IntoIterator<Item = RegistryHost>) -> Self {
        self.credentials.extend(registries);
        self
    }

    /// The same with this folder as `DOCKER_CONFIG`, whatever its environment says.
    pub(super) fn docker_config(mut self, folder: &Path) -> Self {
        self.environment.retain(|(name, _)| name != DOCKER_CONFIG);
        self.environment.push((DOCKER_CONFIG.into(), folder.into()));
        self
    }

    /// The same with other limits.
    #[must_use]
    pub fn limits(mut self, limits: CommandLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The same with or without the network.
    #[must_use]
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// The grant's key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The program's path.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The argument vector for what a guest asks.
    ///
    /// # Errors
    /// What is not granted, with the line to add.
    pub fn check(&self, command: &Command) -> Result<Invocation, Denial> {
        self.check_size(command)?;
        let (subcommand, arguments) = self.find(&command.arguments)?;
        let words = Walk::over(self, subcommand, arguments)?;
        let invocation = self.invocation(words, command.stdin.clone());
        Ok(if subcommand.repeatable { invocation.repeatable() } else { invocation })
    }

    /// A command of the host's own making, which no grammar checks. Nothing of a guest may be in it.
    #[must_use]
    pub fn own(&self, words: Vec<Word>, stdin: Option<Vec<u8>>) -> Invocation {
        self.invocation(words, stdin)
    }

    fn invocation(&self, words: Vec<Word>, stdin: Option<Vec<u8>>) -> Invocation {
        Invocation {
            name: self.name.clone(),
            program: self.program.clone(),
            digest: self.digest.clone(),
            words,
            environment: self.environment.clone(),
            scratch: self.scratch.clone(),
            stdin,
            limits: self.limits.clone(),
            network: self.network,
            repeatable: false,
        }
    }

    fn check_size(&self, command: &Command) -> Result<(), Denial> {
        let limits = &self.limits;
        let bytes: usize = command.arguments.iter().map(|argument| text(argument).len()).sum();
        let stdin = command.stdin.as_ref().map_or(0, Vec::len);
        for (what, found, limit) in [
            ("arguments", command.arguments.len(), limits.arguments),
            ("bytes of arguments", bytes, limits.argument_bytes),
            ("bytes of standard input", stdin, limits.stdin_bytes),
        ] {
            if found > limit {
                return Err(Denial {
                    subject: format!("{} with {found} {what}", self.name),
                    hint: format!("`{}` takes at most {limit} {what}", self.name),
                });
            }
        }
        Ok(())
    }

    /// The subcommand with the most words that the arguments begin with, and what follows it.
    fn find<'a>(&self, arguments: &'a [Argument]) -> Result<(&Subcommand, &'a [Argument]), Denial> {
        let begins = |words: &[String]| {
            words.len() <= arguments.len()
                && words
                    .iter()
                    .zip(arguments)
                    .all(|(word, argument)| matches!(argument, Argument::Value(value) if value == word))
        };
        let best = self.subcommands.iter().filter(|s| begins(&s.words)).max_by_key(|s| s.words.len());
        match best {
            Some(subcommand) => Ok((subcommand, &arguments[subcommand.words.len()..])),
            None => Err(self.unknown_subcommand(arguments)),
        }
    }

    fn unknown_subcommand(&self, arguments: &[Argument]) -> Denial {
        let words: Vec<&str> = arguments
            .iter()
            .map_while(|argument| match argument {
                Argument::Value(value) if is_word(value) => Some(value.as_str()),
                _ => None,
            })
            .take(3)
            .collect();
        let asked = words.join(" ");
        Denial {
            subject: self.title(&asked),
            hint: format!("add `- {asked}` under `subcommands:` of `{}` in `commands:`", self.name),
        }
    }

    pub(super) fn title(&self, words: &str) -> String {
        if words.is_empty() { self.name.clone() } else { format!("{} {}", self.name, quote(words)) }
    }
}

pub(super) fn text(argument: &Argument) -> &str {
    match argument {
        Argument::Flag(text) | Argument::Value(text) | Argument::Scratch(text) => text,
    }
}

pub(super) fn is_program_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
}
