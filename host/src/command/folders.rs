//! Folders of development versions: left-overs removed, templates read and rendered, folders written, and all of them
//! removed when the build is over. Whether anything is built there is not its business.

use std::sync::Arc;

use bakery_backend::{
    templates::{FolderError, read_folder},
    version_folder::{Claim, ClaimError, sweep},
};
use bakery_core::plan::{self, Builds, VersionFolder};
use bakery_render::{File, Rendered, Tree};

use super::{Failed, project::Project};
use crate::report::Talker;

/// The folders that a build needs. They are removed when this is dropped, unless they are to stay.
pub(crate) struct Folders {
    claims: Vec<(String, Claim)>,
    keep: bool,
    talker: Arc<Talker>,
}

impl Folders {
    /// Makes the folders of all development versions among `builds`, and removes what dead runs left. Where no version
    /// needs a folder, none is made. Nothing is written before everything is rendered.
    ///
    /// Listen for signals before this is called: what a signal ends by default leaves its folders to the next run.
    pub(crate) fn make(
        project: &Project,
        builds: &Builds<'_>,
        keep: bool,
        talker: &Arc<Talker>,
    ) -> Result<Self, Failed> {
        sweep_all(project, talker);
        let mut folders = Self { claims: Vec::new(), keep, talker: Arc::clone(talker) };
        let needed = plan::dev_folders(builds);
        if needed.is_empty() {
            return Ok(folders);
        }
        let macros = macro_folders(project)?;
        let mut rendered = Vec::with_capacity(needed.len());
        for folder in &needed {
            rendered.push(render(project, builds, folder, &macros, talker)?);
        }
        for (folder, rendered) in needed.iter().zip(&rendered) {
            let claim =
                Claim::take(&project.folder, &folder.image_path(), &folder.subpath).map_err(claim_failed)?;
            let path = folder.path();
            for file in &rendered.tree.files {
                claim.write(&file.path, &file.bytes, file.mode).map_err(|error| {
                    Failed::because(format!("cannot write `{path}/{}`: {error}", file.path))
                })?;
            }
            folders.claims.push((path, claim));
        }
        Ok(folders)
    }

    /// Removes them now, and says what cannot be removed.
    pub(crate) fn remove(mut self) {
        self.end();
    }

    fn end(&mut self) {
        for (path, claim) in self.claims.drain(..) {
            let ended = if self.keep { claim.keep() } else { claim.remove() };
            if let Err(error) = ended {
                self.talker.warning(&format!("cannot remove `{path}`: {error}"));
            }
        }
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        self.end();
    }
}

fn sweep_all(project: &Project, talker: &Talker) {
    let mut seen = Vec::new();
    for image in &project.config.images {
        if seen.contains(&&image.subpath) {
            continue;
        }
        seen.push(&image.subpath);
        for swept in sweep(&project.folder, &image.subpath) {
            match swept.removed {
                Ok(()) => {
                    talker.note(&format!("removed `{}`, which a run that ended early had left", swept.path))
                }
                Err(error) => {
                    talker.warning(&format!("cannot remove `{}`, which a run left: {error}", swept.path))
                }
            }
        }
    }
}

fn macro_folders(project: &Project) -> Result<Vec<Tree>, Failed> {
    let folders = &project.config.templates.macros;
    folders.iter().map(|folder| tree(project, folder).map_err(|error| read_failed(&error))).collect()
}

fn tree(project: &Project, folder: &str) -> Result<Tree, FolderError> {
    let files = read_folder(&project.folder, folder)?.into_iter().map(|file| File {
        path: file.path,
        bytes: file.bytes,
        mode: file.mode,
    });
    Ok(Tree { path: folder.trim_end_matches('/').to_owned(), files: files.collect() })
}

fn render(
    project: &Project,
    builds: &Builds<'_>,
    folder: &VersionFolder<'_>,
    macros: &[Tree],
    talker: &Talker,
) -> Result<Rendered, Failed> {
    let image = &folder.image.name;
    let name = match folder.image_path().as_str() {
        "." => "template".to_owned(),
        path => format!("{path}/template"),
    };
    let template = tree(project, &name).map_err(|error| match error {
        FolderError::Missing(path) => Failed::because(format!(
            "image `{image}` has no templates, from which its version `{}` is made: there is no folder `{path}`",
            folder.version
        ))
        .hint("add the folder, or leave development versions out with `--dev-versions exclude`"),
        error => read_failed(&error),
    })?;
    let rendered = bakery_render::render(folder, &template, macros).map_err(Failed::Templates)?;
    for skipped in &rendered.skipped {
        talker.detail(&format!(
            "`{name}/{skipped}` is left out: version `{}` of image `{image}` has no such operating system",
            folder.version
        ));
    }
    if let Some(missing) = missing(builds, folder, &rendered).first() {
        return Err(Failed::because(format!("the templates of image `{image}` give no `{missing}`"))
            .hint(format!("add `{name}/Containerfile.<extension of the operating system>.jinja2`")));
    }
    Ok(rendered)
}

/// Containerfiles that the builds want of this folder and that it does not have.
fn missing(builds: &Builds<'_>, folder: &VersionFolder<'_>, rendered: &Rendered) -> Vec<String> {
    let mut missing = Vec::new();
    let wanting = builds.builds.iter().filter(|build| {
        build.is_dev() && std::ptr::eq(build.image, folder.image) && build.subpath == folder.subpath
    });
    for build in wanting {
        for variant in &build.variants {
            for system in &build.systems {
                let os = system.os.as_ref().map(|resolved| resolved.os.extension.as_str());
                let name = plan::containerfile(os, variant.map(|variant| variant.extension.as_str()));
                if rendered.tree.file(&name).is_none() {
                    missing.push(name);
                }
            }
        }
    }
    missing
}

fn read_failed(error: &FolderError) -> Failed {
    Failed::because(error.to_string())
}

fn claim_failed(error: ClaimError) -> Failed {
    let failed = Failed::because(error.to_string());
    match error {
        ClaimError::Busy { .. } => failed.hint("wait for it to end, or build in another copy of the project"),
        ClaimError::Foreign(_) => failed.hint("move it away, or remove it"),
        ClaimError::Io { .. } => failed,
    }
}
