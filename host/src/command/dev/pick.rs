//! Which target of an image is its development image: by default the latest version, the primary variant, the primary
//! operating system, and this machine's platform.

use bakery_core::{
    config::Config,
    model::{Platform, Repository},
    plan::{self, Facts, Questions, Selection, Target},
};

use crate::{cli::DevTargets, command::Failed};

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

/// What the flags choose, in the order of the file.
pub(super) fn picked(config: &Config, targets: &DevTargets) -> Result<Vec<Picked>, Failed> {
    let selection = Selection {
        image_name: targets.image_name.clone(),
        image_version: targets.image_version.clone(),
        image_variant: targets.image_variant.clone(),
        image_os: targets.image_os.clone(),
        image_platforms: targets.image_platform.clone(),
        ..Selection::default()
    };
    pick(config, &selection)
}

/// What is built without any flag.
pub(super) fn default(config: &Config, image: &str) -> Result<Option<Picked>, Failed> {
    let all = pick(config, &Selection::default())?;
    Ok(all.into_iter().find(|picked| picked.image == image))
}

fn pick(config: &Config, selection: &Selection) -> Result<Vec<Picked>, Failed> {
    // Released versions need no answers of upstreams.
    let builds = plan::select(config, selection, &Questions::default(), &Facts::default())?;
    let targets = plan::targets(&builds)?;
    let mut picked = Vec::new();
    for image in &config.images {
        let mine: Vec<&Target> = targets.iter().filter(|t| t.identity.image == image.name).collect();
        if let Some(target) = one(&image.name, mine)? {
            let repositories = repositories(target)?;
            let platforms = platforms(target, selection);
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

/// The first target that is as primary as any.
fn one<'t>(image: &str, targets: Vec<&'t Target>) -> Result<Option<&'t Target>, Failed> {
    let narrow = |targets: Vec<&'t Target>, wanted: &dyn Fn(&Target) -> bool| {
        let some: Vec<&Target> = targets.iter().copied().filter(|target| wanted(target)).collect();
        if some.is_empty() { targets } else { some }
    };
    let targets = narrow(targets, &|target| target.latest);
    let first = targets.first().map(|target| target.identity.version.clone());
    if let Some(other) = targets.iter().find(|target| Some(&target.identity.version) != first.as_ref()) {
        return Err(Failed::because(format!(
            "image `{image}` has several versions, among them `{}` and `{}`, and none is marked `latest`",
            first.unwrap_or_default(),
            other.identity.version
        ))
        .hint("choose one with --image-version, or mark one with `latest: true` in bakery.yaml"));
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
