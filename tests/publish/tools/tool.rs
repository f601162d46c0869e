//! Where the programs are, and scripts that stand for them.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use bakery_tests::Program;

use crate::world::World;

/// The installed program, or the one that `make tools` built in its place.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    bakery_tests::tool(name)
}

/// The job's command with a program where its variable says.
pub(crate) fn with(command: Program, name: &str, path: &Path) -> Program {
    command.env(&format!("{}_PATH", name.to_uppercase()), path)
}

/// A shell script in the job's folder. Nothing but what its grant gives it is in its environment.
pub(crate) fn script(world: &World, name: &str, text: &str) -> PathBuf {
    let path = world.job.write(name, format!("#!/bin/sh\n{text}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("the file is ours");
    path
}

/// Enables `tool: soci` for every image of the job.
pub(crate) fn convert(world: &World, fields: &str) {
    world.job.reconfigure(
        "    versions:\n",
        &format!("    options: [{{tool: soci, enabled: true, {fields}}}]\n    versions:\n"),
    );
}

/// The index that a tag leads to, parsed.
pub(crate) fn index(world: &World, repository: &str, digest: &str) -> serde_json::Value {
    let manifest = world.registry.manifest(repository, digest).expect("the registry has it");
    serde_json::from_slice(&manifest.bytes).expect("an index is JSON")
}
