//! Secrets of builds: those whose variable is set are passed, by name; for others there is one sentence. Reads no value.

use crate::{config::BuildSecret, plan::Target};

/// Says which secrets are passed, and remembers which are not.
pub struct Secrets<'a> {
    has_variable: &'a (dyn Fn(&str) -> bool + Sync),
    warnings: Vec<String>,
}

impl<'a> Secrets<'a> {
    /// `has_variable` says whether an environment variable is set and not empty.
    #[must_use]
    pub fn new(has_variable: &'a (dyn Fn(&str) -> bool + Sync)) -> Self {
        Self { has_variable, warnings: Vec::new() }
    }

    /// Those of a target that are passed.
    pub fn of<'t>(&mut self, target: &'t Target) -> Vec<&'t BuildSecret> {
        let (set, unset): (Vec<_>, Vec<_>) =
            target.secrets.iter().partition(|secret| (self.has_variable)(&secret.env_var));
        for secret in unset {
            let warning = format!(
                "the build secret `{}` of image `{}` is left out, because the variable `{}` is not set",
                secret.id, target.identity.image, secret.env_var
            );
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        set
    }

    /// One sentence for each secret that is not passed.
    #[must_use]
    pub fn into_warnings(self) -> Vec<String> {
        self.warnings
    }
}
