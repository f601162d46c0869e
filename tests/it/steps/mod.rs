//! Publishing steps in the sandbox: the built-in ones against a registry on loopback, and others against every rule.

mod failures;
mod hostile;
mod house;
mod imports;
mod publish;
mod staging;
