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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{policy::command_grant::Subcommand, port::command::Argument};

    fn grant(name: &str) -> CommandGrant {
        CommandGrant::new(name, "/bin/tool").unwrap().subcommand(Subcommand::new("go").unwrap())
    }

    fn environment(grants: &CommandGrants, program: &str) -> Vec<(String, String)> {
        let arguments = vec![Argument::Value("go".to_owned())];
        let command = Command { program: program.to_owned(), arguments, stdin: None };
        let invocation = grants.check(&command).unwrap();
        let text = |text: &std::ffi::OsString| text.to_string_lossy().into_owned();
        invocation.environment().iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    #[test]
    fn only_a_grant_that_needs_credentials_is_given_a_folder_of_them() {
        let own = vec![("DOCKER_CONFIG".into(), "/home/x/.docker".into()), ("A".into(), "b".into())];
        let needing = grant("needing").environment(own.clone()).credentials(["ghcr.io".parse().unwrap()]);
        let grants = CommandGrants::new([needing, grant("other").environment(own)]).unwrap();
        let wanted = grants.credentials();
        assert_eq!(wanted.keys().collect::<Vec<_>>(), ["needing"]);
        assert_eq!(wanted["needing"], ["ghcr.io".parse().unwrap()].into());
        let folder = Path::new("/made");
        let grants = grants.with_docker_config(|name| (name == "needing").then_some(folder));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(environment(&grants, "needing"), [pair("A", "b"), pair("DOCKER_CONFIG", "/made")]);
        assert_eq!(environment(&grants, "other"), [pair("DOCKER_CONFIG", "/home/x/.docker"), pair("A", "b")]);
    }

    #[test]
    fn every_grant_of_a_call_has_its_scratch_space() {
        let grants = CommandGrants::new([grant("a"), grant("b")]).unwrap();
        assert!(grants.clone().with_scratch(Path::new("relative")).is_err());
        let grants = grants.with_scratch(Path::new("/space")).unwrap();
        assert!(grants.0.values().all(|grant| grant.scratch.as_deref() == Some(Path::new("/space"))));
    }
}
