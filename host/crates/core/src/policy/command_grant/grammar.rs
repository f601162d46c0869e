//! The argument grammar of a program: subcommands, their options and what values may be. Knows no program.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{GrantError, NameProblem};
use crate::policy::error::quote;

/// What a value must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Any text without control characters.
    Text,
    /// Decimal digits.
    Integer,
    /// `key=value`; the key of letters, digits, `.`, `_`, `-` and `/`.
    Pair,
    /// An image reference in a repository that may be read.
    Pull,
    /// An image reference in a repository that may be written, by digest or under granted tags; several tags are
    /// joined by commas.
    Push,
    /// `linux/amd64`.
    Platform,
    /// One of these words.
    OneOf(BTreeSet<String>),
    /// A path inside the scratch space.
    Scratch,
}

impl ValueKind {
    /// Exactly one of these words.
    #[must_use]
    pub fn one_of<I>(words: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        Self::OneOf(words.into_iter().map(Into::into).collect())
    }
}

/// How an option may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagRule {
    pub(super) value: Option<ValueKind>,
    pub(super) joined: bool,
    pub(super) times: usize,
}

impl FlagRule {
    /// Stands alone, once.
    #[must_use]
    pub fn alone() -> Self {
        Self { value: None, joined: false, times: 1 }
    }

    /// Takes one value, once. The value is a word of its own.
    #[must_use]
    pub fn with(value: ValueKind) -> Self {
        Self { value: Some(value), joined: false, times: 1 }
    }

    /// The same, written `--flag=value`: for options that also work without a value.
    #[must_use]
    pub fn joined(mut self) -> Self {
        self.joined = true;
        self
    }

    /// The same, up to so many times.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }
}

/// One way to call a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subcommand {
    pub(super) words: Vec<String>,
    pub(super) flags: BTreeMap<String, FlagRule>,
    pub(super) positionals: Vec<ValueKind>,
    pub(super) rest: Option<ValueKind>,
    pub(super) terminator: bool,
    pub(super) repeatable: bool,
}

impl Subcommand {
    /// `manifest index create`, or nothing for a program without subcommands.
    ///
    /// # Errors
    /// Anything but words with one space between them.
    pub fn new(words: &str) -> Result<Self, GrantError> {
        let split: Vec<&str> = if words.is_empty() { Vec::new() } else { words.split(' ').collect() };
        if !split.iter().all(|word| is_word(word)) {
            return Err(GrantError::Name { name: quote(words), problem: NameProblem::Subcommand });
        }
        Ok(Self { words: split.into_iter().map(str::to_owned).collect(), ..Self::default() })
    }

    /// The same with an option.
    ///
    /// # Errors
    /// A name that is not `-x` or `--name`.
    pub fn flag(mut self, name: &str, rule: FlagRule) -> Result<Self, GrantError> {
        let bare = name.strip_prefix("--").or_else(|| name.strip_prefix('-'));
        if !bare.is_some_and(is_word) {
            return Err(GrantError::Name { name: quote(name), problem: NameProblem::Flag });
        }
        self.flags.insert(name.to_owned(), rule);
        Ok(self)
    }

    /// The same with one more positional argument.
    #[must_use]
    pub fn positional(mut self, kind: ValueKind) -> Self {
        self.positionals.push(kind);
        self
    }

    /// The same with any number of positional arguments after the ones named.
    #[must_use]
    pub fn rest(mut self, kind: ValueKind) -> Self {
        self.rest = Some(kind);
        self
    }

    /// The same for a program that knows `--`: options come first, then `--`, then the positional arguments.
    #[must_use]
    pub fn terminator(mut self) -> Self {
        self.terminator = true;
        self
    }

    /// The same where doing it twice is the same as doing it once, so that a failure that may pass is tried again.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    pub(super) fn position(&self, index: usize) -> Option<&ValueKind> {
        self.positionals.get(index).or(self.rest.as_ref())
    }
}

/// Letters, digits, `-` and `_`; the first is no `-`.
pub(super) fn is_word(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with('-')
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}
