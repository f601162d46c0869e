//! The command line: what can be asked, in words. Decides nothing and starts nothing.

mod args;
mod build;
mod build_options;
mod ci_matrix;
mod compile;
mod completions;
mod convert;
mod dev;
pub(crate) mod env;
mod get;
mod options;
mod patience;
mod plugin;
mod publish;
mod publish_options;
mod summary;

pub(crate) use args::{Ci, Cli, Command, Inputs, Project as ProjectArgs};
pub(crate) use build::{Build, BuilderKind, Strategy};
pub(crate) use build_options::BuildOptions;
pub(crate) use ci_matrix::{Column, Matrix};
pub(crate) use convert::{Convert, Soci};
pub(crate) use dev::{
    Build as DevBuild, Check as DevCheck, Dev, DevRemote, DevTargets, Prune as DevPrune,
    Rewrite as DevRewrite, Tag as DevTag,
};
pub(crate) use get::{Get, Output, Tags, Version};
pub(crate) use options::{ChangeSource, DispatchOptions, Load, Network, UsageError};
pub(crate) use patience::Patience;
pub(crate) use plugin::{Inspect, Plugin};
pub(crate) use publish::{Imagetools, Publish, Registries, SummaryFormat, Tool};
pub(crate) use publish_options::PublishOptions;
pub(crate) use summary::Summary;
