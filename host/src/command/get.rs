//! `bakery get tags` and `bakery get version`.

use std::sync::Arc;

use bakery_core::plan::{self, Detail};

use super::{Ended, project::Project, record, resolve::Prepared};
use crate::{
    cli::{Load, Output, Tags, Version},
    report::{Exit, Stdout, Talker},
};

pub(super) fn tags(arguments: &Tags, talker: &Arc<Talker>) -> Ended {
    let (prepared, project) = Prepared::open(&arguments.inputs, talker)?;
    let selection = prepared.select(arguments.targets.selection())?;
    let resolved = prepared.resolve(&project, &selection, Detail::Names, talker)?;
    let builds = plan::select(&project.config, &selection, &resolved.questions, &resolved.facts)?;
    let exit = record::conclude(&prepared, &project, &resolved, &builds, talker)?;
    let targets = plan::targets(&builds)?;
    Stdout.json(&match arguments.output {
        Output::Component => plan::tags_by_component(&targets),
        Output::Uid => plan::tags_by_uid(&targets),
    })?;
    Ok(exit)
}

pub(super) fn version(arguments: &Version, talker: &Arc<Talker>) -> Ended {
    let project = Project::load(&Load::new(&arguments.project)?, talker)?;
    let version = plan::version_of(&project.config, &arguments.image, arguments.subpath.as_deref())?;
    Stdout.text(&format!("{version}\n"))?;
    Ok(Exit::Done)
}
