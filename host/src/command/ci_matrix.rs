//! `bakery ci matrix`: one line of JSON.

use std::sync::Arc;

use bakery_backend::{files, git};
use bakery_core::{
    config,
    plan::{self, ChangeSet, Detail, Selection},
};

use super::{Ended, Failed, project::Project, record, resolve::Prepared};
use crate::{
    cli::{ChangeSource, Column, Matrix},
    report::{Stdout, Talker},
};

/// The most that a list of changed files may hold.
const MAX_LIST: u64 = 16 << 20;

pub(super) fn run(arguments: &Matrix, talker: &Arc<Talker>) -> Ended {
    let (source, warning) =
        ChangeSource::new(arguments.base_ref.as_deref(), arguments.changed_files_from.as_ref())?;
    let (prepared, project) = Prepared::open(&arguments.inputs, talker)?;
    if let Some(warning) = warning {
        talker.warning(warning);
    }
    let selection = prepared.select(Selection {
        image_name: arguments.image_name.clone(),
        image_version: arguments.image_version.clone(),
        changes: source.map(|source| changed(&source, &project, talker)).transpose()?.flatten(),
        ..Selection::default()
    })?;
    let resolved = prepared.resolve(&project, &selection, Detail::Names, talker)?;
    let exclude: Vec<plan::Column> = arguments.exclude.iter().map(|column| column.in_plan()).collect();
    let builds = plan::select(&project.config, &selection, &resolved.questions, &resolved.facts)?;
    let exit = record::conclude(&prepared, &project, &resolved, &builds, talker)?;
    Stdout.json_line(&plan::matrix(&builds, &selection, &exclude)?)?;
    Ok(exit)
}

/// What changed; `None` where it cannot be known, and everything is to be built.
fn changed(source: &ChangeSource, project: &Project, talker: &Talker) -> Result<Option<ChangeSet>, Failed> {
    match source {
        ChangeSource::List(path) => {
            let read = if path.as_os_str() == "-" {
                files::read_stream(std::io::stdin().lock(), MAX_LIST)
            } else {
                files::read_bounded(path, MAX_LIST)
            };
            let bytes = read.map_err(|error| {
                Failed::because(format!("--changed-files-from `{}`: {error}", path.display()))
            })?;
            let text = String::from_utf8_lossy(&bytes);
            let paths = text
                .lines()
                .map(|line| line.strip_suffix('\r').unwrap_or(line))
                .filter(|line| !line.is_empty());
            Ok(Some(ChangeSet::classify(&project.config, paths, None)))
        }
        ChangeSource::Base(base) => {
            let asked = git::Git::at(&project.folder);
            let paths = match asked.changed_since(base) {
                Ok(paths) => paths,
                Err(
                    error @ (git::GitError::UnknownRevision(_)
                    | git::GitError::Failed(_)
                    | git::GitError::Unborn),
                ) => {
                    talker.warning(&format!("--base-ref: {error}; the matrix is the full one"));
                    return Ok(None);
                }
                Err(error) => return Err(refused(&error)),
            };
            let before = asked.file_at_base(base, project.file_name).map_err(|error| refused(&error))?;
            let before = before.and_then(|text| config::load(project.file_name, text.as_bytes(), false).ok());
            Ok(Some(ChangeSet::classify(
                &project.config,
                paths.iter().map(String::as_str),
                before.as_ref().map(|loaded| &loaded.config),
            )))
        }
    }
}

fn refused(error: &git::GitError) -> Failed {
    let failed = Failed::because(format!("--base-ref: {error}"));
    match error {
        git::GitError::Ownership { fix } if !fix.is_empty() => failed.hint(fix.clone()),
        git::GitError::NotARepository(_) => failed.hint("use --changed-files-from outside a git checkout"),
        _ => failed,
    }
}

impl Column {
    fn in_plan(self) -> plan::Column {
        match self {
            Self::Version => plan::Column::Version,
            Self::Dev => plan::Column::Dev,
            Self::Platform => plan::Column::Platform,
        }
    }
}
