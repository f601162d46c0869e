//! From the tree to the model, one file per group of keys: every rule and every default of `bakery.yaml`.
//! Nothing here parses YAML or opens a file.

mod address;
mod config;
mod constraint;
mod dependency;
mod dev_version;
mod image;
mod matrix;
mod options;
mod os;
mod path;
mod person;
mod publish;
mod registry;
mod repository;
mod secret;
mod source;
mod tag_pattern;
mod templates;
mod variant;
mod version;

pub(super) use config::config;
