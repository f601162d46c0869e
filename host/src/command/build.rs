//! `bakery build --plan`: the bake plan as JSON.

use std::sync::Arc;

use bakery_backend::git::{Git, GitError};
use bakery_core::plan::{self, Detail, bake::BakeOptions};

use super::{Ended, Failed, record, resolve::Prepared};
use crate::{
    cli::{Build, env},
    report::{Stdout, Talker},
};

pub(super) fn run(arguments: &Build, talker: &Arc<Talker>) -> Ended {
    let (prepared, project) = Prepared::open(&arguments.inputs, talker)?;
    let selection = prepared.select(arguments.targets.selection())?;
    let resolved = prepared.resolve(&project, &selection, Detail::Labels, talker)?;
    let builds = plan::select(&project.config, &selection, &resolved.questions, &resolved.facts)?;
    let exit = record::conclude(&prepared, &project, &resolved, &builds, talker)?;
    let targets = plan::targets(&builds)?;
    if targets.is_empty() {
        let filters: Vec<String> =
            selection.describe().into_iter().map(|(flag, value)| format!("{flag} '{value}'")).collect();
        return Err(Failed::because("no image target is selected")
            .hint(format!("the filters are {}", filters.join(" "))));
    }
    let revision = match Git::at(&project.folder).head() {
        Ok(revision) => Some(revision),
        Err(GitError::NotARepository(_) | GitError::NoProgram | GitError::Unborn) => None,
        Err(error) => {
            talker.warning(&format!("the labels have no revision: {error}"));
            None
        }
    };
    let created = jiff::Zoned::now().datetime().strftime("%Y-%m-%dT%H:%M:%S%.6f").to_string();
    let bake = plan::bake::plan(
        &targets,
        &BakeOptions {
            temp_registry: arguments.temp_registry.as_deref(),
            cache_registry: arguments.cache_registry.as_deref(),
            push: arguments.push && !arguments.no_push,
            created: &created,
            revision: revision.as_deref(),
            has_variable: &|name| env::project_variable_is_set(name),
        },
    );
    for warning in builds.guesses.iter().chain(&bake.warnings) {
        talker.warning(warning);
    }
    Stdout.json(&bake.plan)?;
    Ok(exit)
}
