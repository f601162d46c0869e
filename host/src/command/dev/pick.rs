//! Which target of an image is its development image: by default the latest version, the primary variant, the primary
//! operating system, and this machine's platform. An image that has a matrix alone has the latest row instead.

use bakery_core::{
    config::{Config, Dependency, Image},
    model::{Platform, Repository},
    plan::{self, Detail, Facts, Inclusion, Questions, Selection, Target},
};

use crate::{
    cli::DevTargets,
    command::{Failed, record, resolve},
    report::Exit,
};

/// The development image of an image.
#[derive(Clone, Debug)]
pub(super) struct Picked {
    /// The image's name.
    pub(super) image: String,
    /// Where it goes, at least one.
    pub(super) repositories: Vec<Repository>,
    /// What is built.
    pub(super) target: Target,
    /// Platforms that are built.
    pub(super) platforms: Vec<Platform>,
}

/// What the flags choose, in the order of the file. `answer` is asked where rows of a matrix depend on upstreams.
pub(super) fn picked(
    config: &Config,
    targets: &DevTargets,
    answer: impl FnOnce(&Questions) -> Result<Facts, Failed>,
) -> Result<Vec<Picked>, Failed> {
    let selection = Selection {
        image_name: targets.image_name.clone(),
        image_version: targets.image_version.clone(),
        image_variant: targets.image_variant.clone(),
        image_os: targets.image_os.clone(),
        image_platforms: targets.image_platform.clone(),
        ..Selection::default()
    };
    pick(&needed(config), selection, answer)
}

/// What is built without any flag.
///
/// # Errors
/// What upstreams answer decides it: no file says that.
pub(super) fn default(config: &Config, image: &str) -> Result<Option<Picked>, Failed> {
    let config = alone(config, image);
    let answered =
        |image: &Image| image.matrix.as_ref().is_some_and(|m| !m.dependency_constraints.is_empty());
    if config.images.iter().any(answered) {
        return Err(Failed::because("upstreams say which versions its matrix has, and no commit does"));
    }
    only(&config)
}

/// The Containerfile that is built without any flag, whatever upstreams answer.
pub(super) fn containerfile(config: &Config, image: &str) -> Result<Option<String>, Failed> {
    let mut config = alone(config, image);
    // No path depends on the answers, so any will do.
    for matrix in config.images.iter_mut().filter_map(|image| image.matrix.as_mut()) {
        let any = |name| Dependency { name, versions: vec!["0".to_owned()] };
        let names: Vec<_> =
            matrix.dependency_constraints.drain(..).map(|constraint| constraint.name).collect();
        matrix.dependencies.extend(names.into_iter().map(any));
    }
    Ok(only(&config)?.map(|picked| picked.target.dockerfile))
}

/// The configuration with the matrices that development images need: those of images that have no released version.
fn needed(config: &Config) -> Config {
    let mut config = config.clone();
    for image in config.images.iter_mut().filter(|image| !image.versions.is_empty()) {
        image.matrix = None;
    }
    config
}

fn alone(config: &Config, image: &str) -> Config {
    let mut config = needed(config);
    config.images.retain(|one| one.name == image);
    config
}

fn only(config: &Config) -> Result<Option<Picked>, Failed> {
    let none = |_: &Questions| Ok(Facts::default());
    Ok(pick(config, Selection::default(), none)?.into_iter().next())
}

fn pick(
    config: &Config,
    selection: Selection,
    answer: impl FnOnce(&Questions) -> Result<Facts, Failed>,
) -> Result<Vec<Picked>, Failed> {
    let selection = Selection { matrix_versions: Inclusion::Include, ..selection };
    let questions = resolve::ask(config, &selection, &[], Detail::Names)?;
    let facts = answer(&questions)?;
    let builds = plan::select(config, &selection, &questions, &facts)?;
    if let Some(failed) = unanswered(&builds.skipped) {
        return Err(failed);
    }
    let targets = plan::targets(&builds)?;
    let mut picked = Vec::new();
    for image in &config.images {
        let mine: Vec<&Target> = targets.iter().filter(|t| t.identity.image == image.name).collect();
        if let Some(target) = one(&image.name, mine)? {
            let repositories = repositories(target)?;
            let platforms = platforms(target, &selection);
            picked.push(Picked {
                image: image.name.clone(),
                repositories,
                target: target.clone(),
                platforms,
            });
        }
    }
    Ok(picked)
}

/// A matrix without its rows is an error: an image that is missing from an answer would look as if there were none.
fn unanswered(skipped: &[plan::Skipped]) -> Option<Failed> {
    let first = skipped.first()?;
    let exit = skipped.iter().map(|one| record::exit_code(&one.reason)).fold(Exit::Done, Exit::worse);
    let messages: Vec<String> = skipped.iter().map(ToString::to_string).collect();
    let hint = first.reason.hint().unwrap_or_else(|| "--image-name leaves the image out".to_owned());
    Some(Failed::Other { exit, message: messages.join("; "), hint: Some(hint) })
}

/// The first target that is as primary as any.
fn one<'t>(image: &str, targets: Vec<&'t Target>) -> Result<Option<&'t Target>, Failed> {
    let narrow = |targets: Vec<&'t Target>, wanted: &dyn Fn(&Target) -> bool| {
        let some: Vec<&Target> = targets.iter().copied().filter(|target| wanted(target)).collect();
        if some.is_empty() { targets } else { some }
    };
    let targets = narrow(targets, &|target| target.latest);
    let first = targets.first().map(|target| target.identity.version.clone());
    if let Some(other) = targets.iter().find(|target| Some(&target.identity.version) != first.as_ref()) {
        let (what, hint) = if other.matrix {
            ("rows", "choose one with --image-version")
        } else {
            ("versions", "choose one with --image-version, or mark one with `latest: true` in bakery.yaml")
        };
        return Err(Failed::because(format!(
            "image `{image}` has several {what}, among them `{}` and `{}`, and none is marked `latest`",
            first.unwrap_or_default(),
            other.identity.version
        ))
        .hint(hint));
    }
    let targets = narrow(targets, &|target| target.primary_variant);
    Ok(narrow(targets, &|target| target.primary_os).first().copied())
}
fn repositories(target: &Target) -> Result<Vec<Repository>, Failed> {
    let mut repositories: Vec<Repository> = Vec::new();
    for reference in &target.references {
        let name = reference.rsplit_once(':').map_or(reference.as_str(), |(name, _)| name);
        let repository = name.parse().map_err(|error| Failed::because(format!("{error}")))?;
        if !repositories.contains(&repository) {
            repositories.push(repository);
        }
    }
    if repositories.is_empty() {
        return Err(Failed::because(format!("image `{}` has no tag of its own", target.identity.image))
            .hint("its `tagPatterns` leave nothing; a development image takes its repository from them"));
    }
    Ok(repositories)
}

/// This machine's, where the image is built for it and no flag says otherwise.
fn platforms(target: &Target, selection: &Selection) -> Vec<Platform> {
    if !selection.image_platforms.is_empty() {
        return target.platforms.clone();
    }
    let here = here();
    let mine = target.platforms.contains(&here).then_some(here);
    mine.or_else(|| target.platforms.first().copied()).into_iter().collect()
}

/// This machine's.
pub(super) fn here() -> Platform {
    match std::env::consts::ARCH {
        "aarch64" => Platform::LinuxArm64,
        _ => Platform::LinuxAmd64,
    }
}
