//! What a build needs before it begins: Containerfiles, a place for its metadata, an environment for the builder.
//! Everything that is wrong is told before anything starts.

use std::{ffi::OsString, io, path::Path};

use bakery_core::{
    model::Platform,
    plan::{
        Target,
        build::{BuildSettings, Secrets, containerfiles},
    },
};

use crate::{
    cli::{UsageError, env},
    command::{Failed, failed::Reason},
};

/// The variable that keeps buildx from making an index of a single image, which cannot become part of another one.
const NO_ATTESTATIONS: &str = "BUILDX_NO_DEFAULT_ATTESTATIONS";

/// Metadata that cannot be written must be known before anything is built.
pub(super) fn check_place(file: &Path) -> Result<(), UsageError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(UsageError::new(format!("--metadata-file: `{}` is not a folder", folder.display())));
    }
    if file.is_dir() {
        return Err(UsageError::new(format!("--metadata-file: `{}` is a folder", file.display())));
    }
    Ok(())
}

/// What an earlier build left must not be taken for what this one builds.
pub(super) fn remove_old(file: &Path) -> Result<(), Failed> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Failed::because(format!("cannot remove the old `{}`: {error}", file.display())))
        }
        _ => Ok(()),
    }
}

/// Every Containerfile that is missing, at once.
pub(super) fn check_containerfiles(targets: &[Target], folder: &Path) -> Result<(), Failed> {
    let missing = |file: &&str| !folder.join(file).is_file();
    let reason = |file| {
        Reason::new(format!("there is no Containerfile `{file}`"))
            .hint("the path follows from `subpath`, and from `extension` of operating system and variant")
    };
    let missing: Vec<Reason> = containerfiles(targets).into_iter().filter(missing).map(reason).collect();
    if missing.is_empty() { Ok(()) } else { Err(missing.into()) }
}

/// The platforms of the targets, where all have the same.
pub(super) fn common_platforms(targets: &[Target]) -> Option<Vec<Platform>> {
    let first = &targets.first()?.platforms;
    targets.iter().all(|target| target.platforms == *first).then(|| first.clone())
}

/// What the builder's environment is to be.
pub(in crate::command) fn environment(
    targets: &[Target],
    settings: &BuildSettings<'_>,
    project: &Path,
) -> Result<Vec<(OsString, OsString)>, Failed> {
    let mut secrets = Secrets::new(settings.bake.has_variable);
    let mut names: Vec<&str> =
        targets.iter().flat_map(|target| secrets.of(target)).map(|secret| secret.env_var.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if let Some(bad) = names.iter().find(|name| !env::may_be_a_secret(name)) {
        return Err(Failed::because(format!("the variable `{bad}` cannot hold a build secret"))
            .hint("it makes programs load or run something else: name another one in `buildSecrets`"));
    }
    check_docker_config(project)?;
    let mut environment = env::for_builders(&names);
    if settings.pushes_by_digest() && !environment.iter().any(|(name, _)| name == NO_ATTESTATIONS) {
        environment.push((NO_ATTESTATIONS.into(), "1".into()));
    }
    Ok(environment)
}

/// Docker runs programs that it finds below its folder.
fn check_docker_config(project: &Path) -> Result<(), Failed> {
    let Some(folder) = env::DOCKER_CONFIG.read_os() else { return Ok(()) };
    let inside = Path::new(&folder).canonicalize().is_ok_and(|folder| folder.starts_with(project));
    if !inside {
        return Ok(());
    }
    Err(Failed::because(
        "the folder that DOCKER_CONFIG names lies in the project, which could bring plugins of docker",
    )
    .hint("move it out of the project"))
}
