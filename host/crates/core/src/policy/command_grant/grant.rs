//! Grants of commands, and the check that makes an argument vector of a guest's words. Resolves no name on a PATH.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::{
    argument::{self, Wrong},
    error::{GrantError, NameProblem},
    grammar::{Subcommand, ValueKind, is_word},
};
use crate::{
    model::Digest,
    policy::{Denial, RegistryGrants, error::quote},
    port::command::{Argument, Command, CommandLimits, Invocation, Network, Word},
};

/// What a guest may make of one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandGrant {
    name: String,
    program: PathBuf,
    digest: Option<Digest>,
    subcommands: Vec<Subcommand>,
    environment: Vec<(OsString, OsString)>,
    scratch: Option<PathBuf>,
    registries: RegistryGrants,
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

    fn title(&self, words: &str) -> String {
        if words.is_empty() { self.name.clone() } else { format!("{} {}", self.name, quote(words)) }
    }
}

/// Every command that one guest may ask for. Empty means none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandGrants(BTreeMap<String, CommandGrant>);

impl CommandGrants {
    /// These and no others.
    ///
    /// # Errors
    /// Two of one name.
    pub fn new(grants: impl IntoIterator<Item = CommandGrant>) -> Result<Self, GrantError> {
        let mut all = BTreeMap::new();
        for grant in grants {
            if let Some(twice) = all.insert(grant.name.clone(), grant) {
                return Err(GrantError::Twice(twice.name));
            }
        }
        Ok(Self(all))
    }

    /// Whether nothing is granted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The argument vector for what a guest asks.
    ///
    /// # Errors
    /// What is not granted, with the line to add.
    pub fn check(&self, command: &Command) -> Result<Invocation, Denial> {
        match self.0.get(&command.program) {
            Some(grant) => grant.check(command),
            None if is_program_name(&command.program) => Err(Denial {
                subject: command.program.clone(),
                hint: format!("add `{}:` under `commands:`", command.program),
            }),
            None => Err(Denial {
                subject: quote(&command.program),
                hint: "a program is asked for by the name of its grant, not by a path".into(),
            }),
        }
    }
}

/// The arguments after a subcommand, on their way to words.
struct Walk<'a> {
    grant: &'a CommandGrant,
    subcommand: &'a Subcommand,
    used: BTreeMap<&'a str, usize>,
    options: Vec<Word>,
    positionals: Vec<Word>,
    positions: usize,
}

impl<'a> Walk<'a> {
    fn over(
        grant: &'a CommandGrant,
        subcommand: &'a Subcommand,
        arguments: &'a [Argument],
    ) -> Result<Vec<Word>, Denial> {
        let mut walk = Self {
            grant,
            subcommand,
            used: BTreeMap::new(),
            options: subcommand.words.iter().map(Word::from).collect(),
            positionals: Vec::new(),
            positions: 0,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument {
                Argument::Flag(name) => walk.option(name, &mut arguments)?,
                Argument::Value(_) | Argument::Scratch(_) => walk.positional(argument)?,
            }
        }
        if subcommand.terminator && !walk.positionals.is_empty() {
            walk.options.push(Word::from("--"));
        }
        walk.options.append(&mut walk.positionals);
        Ok(walk.options)
    }

    fn option(&mut self, name: &'a str, rest: &mut std::slice::Iter<'a, Argument>) -> Result<(), Denial> {
        let title = self.title();
        let Some(rule) = self.subcommand.flags.get(name) else {
            return Err(self.unknown_flag(name));
        };
        let used = self.used.entry(name).or_default();
        *used += 1;
        if *used > rule.times {
            return Err(Denial {
                subject: format!("{title} {name}"),
                hint: format!("`{title}` takes `{name}` at most {} times", rule.times),
            });
        }
        let Some(kind) = &rule.value else {
            self.place(Word::from(name));
            return Ok(());
        };
        let Some(value) = rest.next() else {
            let hint = format!("`{name}` takes a value, which is the argument after it");
            return Err(Denial { subject: format!("{title} {name}"), hint });
        };
        if rule.joined {
            let word = self.value(kind, value, &format!("{name}="))?;
            self.place(word);
        } else {
            let word = self.value(kind, value, "")?;
            self.place(Word::from(name));
            self.place(word);
        }
        Ok(())
    }

    fn positional(&mut self, argument: &Argument) -> Result<(), Denial> {
        let Some(kind) = self.subcommand.position(self.positions) else {
            return Err(Denial {
                subject: format!("{} {}", self.title(), quote(text(argument))),
                hint: format!(
                    "`{}` takes {} arguments that are no flags",
                    self.title(),
                    self.subcommand.positionals.len()
                ),
            });
        };
        self.positions += 1;
        let word = self.value(kind, argument, "")?;
        if self.subcommand.terminator {
            self.positionals.push(word);
        } else {
            self.options.push(word);
        }
        Ok(())
    }

    fn value(&self, kind: &ValueKind, argument: &Argument, prefix: &str) -> Result<Word, Denial> {
        let subject = || format!("{} {}", self.title(), quote(text(argument)));
        match argument::word(kind, argument, prefix, &self.grant.registries) {
            Ok(Word::Scratch { .. }) if self.grant.scratch.is_none() => Err(Denial {
                subject: subject(),
                hint: format!("`{}` has no scratch space here", self.grant.name),
            }),
            Ok(word) => Ok(word),
            Err(Wrong::Value(problem)) => {
                Err(Denial { subject: subject(), hint: format!("`{}` {problem}", quote(text(argument))) })
            }
            Err(Wrong::Denied(denial)) => Err(denial),
        }
    }

    fn place(&mut self, word: Word) {
        self.options.push(word);
    }

    fn unknown_flag(&self, name: &str) -> Denial {
        let title = self.title();
        let subject = format!("{title} {}", quote(name));
        let bare = name.strip_prefix("--").or_else(|| name.strip_prefix('-'));
        let hint = if bare.is_some_and(is_word) {
            format!("add `{name}:` under `flags:` of `{title}` in `commands:`")
        } else {
            "a flag is `-x` or `--name`; its value is the argument after it".into()
        };
        Denial { subject, hint }
    }

    fn title(&self) -> String {
        self.grant.title(&self.subcommand.words.join(" "))
    }
}

fn text(argument: &Argument) -> &str {
    match argument {
        Argument::Flag(text) | Argument::Value(text) | Argument::Scratch(text) => text,
    }
}

fn is_program_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
}
