//! All grants of one guest, by name. Checks no argument itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    error::GrantError,
    grant::{CommandGrant, is_program_name},
};
use crate::{
    model::RegistryHost,
    policy::{Denial, error::quote},
    port::command::{Command, Invocation},
};

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

    /// By grant: the registries whose credentials it needs; grants that need none are left out.
    #[must_use]
    pub fn credentials(&self) -> BTreeMap<String, BTreeSet<RegistryHost>> {
        let needing = self.0.values().filter(|grant| !grant.credentials.is_empty());
        needing.map(|grant| (grant.name.clone(), grant.credentials.clone())).collect()
    }

    /// The same grants, all with this folder as their scratch space.
    ///
    /// # Errors
    /// A path that is not absolute.
    pub fn with_scratch(self, folder: &Path) -> Result<Self, GrantError> {
        let with = |(name, grant): (String, CommandGrant)| Ok((name, grant.scratch(folder)?));
        self.0.into_iter().map(with).collect::<Result<_, _>>().map(Self)
    }

    /// The same grants, each with its folder as `DOCKER_CONFIG`, where it has one.
    #[must_use]
    pub fn with_docker_config<'a>(self, folder: impl Fn(&str) -> Option<&'a Path>) -> Self {
        let with = |(name, grant): (String, CommandGrant)| match folder(&name) {
            Some(folder) => (name, grant.docker_config(folder)),
            None => (name, grant),
        };
        Self(self.0.into_iter().map(with).collect())
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
