//! Which programs a guest may ask for, with which arguments, environment, time and output: deny by default.
//! Looks nothing up and starts nothing.

mod argument;
mod environment;
mod error;
mod grammar;
mod grant;
mod grants;
mod operation;
mod walk;

pub use argument::scratch_path;
pub use environment::{EnvironmentSet, Variable};
pub use error::{GrantError, NameProblem};
pub use grammar::{FlagRule, Subcommand, ValueKind};
pub use grant::CommandGrant;
pub use grants::CommandGrants;

#[cfg(test)]
mod tests;
