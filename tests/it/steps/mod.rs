//! Publishing steps in the sandbox: the built-in ones against a registry on loopback, and others against every rule.

mod bounds;
mod claims;
mod commands;
mod failures;
mod grants;
mod house;
mod imports;
mod layouts;
mod plan;
mod publish;
mod scene;
mod scratch;
mod staging;
mod workshop;
