//! From the arguments after a subcommand to the words of an argument vector. Knows one subcommand at a time.

use std::collections::BTreeMap;

use super::{
    CommandGrant,
    argument::{self, Wrong},
    grammar::{Subcommand, ValueKind, is_word},
    grant::text,
};
use crate::{
    policy::{Denial, error::quote},
    port::command::{Argument, Word},
};

/// The arguments after a subcommand, on their way to words.
pub(super) struct Walk<'a> {
    grant: &'a CommandGrant,
    subcommand: &'a Subcommand,
    used: BTreeMap<&'a str, usize>,
    options: Vec<Word>,
    positionals: Vec<Word>,
    positions: usize,
}

impl<'a> Walk<'a> {
    /// The words for `arguments`, the subcommand's own first.
    pub(super) fn over(
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
