//! Which answers a plan needs: one question per distinct need of what the filters select. Asks nobody.

use std::collections::HashMap;

use super::{DevRef, Pin, PlanError, Selection, artifact, candidates, dispatch::check_branch};
use crate::{
    config::{
        Config, Constraint, DependencyConstraint, DependencyName, DevSource, DevVersion, Image, PinPolicy,
        SourceEntry,
    },
    model::{ComponentRef, SourceKey},
    port::{ListQuery, OsTarget, SourceQuery},
};

/// What the caller is going to do with the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Detail {
    /// Rows, identifiers and tags.
    Names,
    /// Labels too, which carry the versions of the image's dependencies. Only then are the lists behind
    /// `dependencyConstraints` asked for development versions, so that a pinned template version needs no network.
    Labels,
}

/// Who answers. The products table and the dependency table, as functions.
#[derive(Clone, Copy)]
pub struct Catalogue<'a> {
    /// The entry of a product and channel.
    pub source: &'a dyn Fn(&SourceKey) -> Option<SourceEntry>,
    /// The entry of a dependency.
    pub list: &'a dyn Fn(DependencyName) -> ListSource,
}

/// One row of the dependency table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSource {
    /// Which component answers.
    pub component: ComponentRef,
    /// JSON object.
    pub config: String,
    /// URL prefixes the component may read.
    pub allow: Vec<String>,
}

/// Everything that must be asked, without repetition, and what each answer is for.
#[derive(Clone, Debug, Default)]
pub struct Questions {
    /// Questions to version sources.
    pub sources: Vec<SourceQuery>,
    /// Questions to dependency lists.
    pub lists: Vec<ListQuery>,
    /// The development versions of the plan, in file order.
    pub devs: Vec<DevQuestion>,
    /// The matrices of the plan, in file order.
    pub matrices: Vec<MatrixQuestion>,
    /// Pinned versions that `--image-version` leaves out.
    pub passed_over: Vec<String>,
    /// Sentences for the user.
    pub warnings: Vec<String>,
}

/// How one development version gets its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevQuestion {
    /// Which.
    pub at: DevRef,
    /// What a dispatch asks of it.
    pub pin: Option<Pin>,
    /// Who answers.
    pub ask: Ask,
    /// Indices into `lists`: one for each of the image's `dependencyConstraints`, with [`Detail::Labels`].
    pub labels: Vec<usize>,
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The version source: index into `sources`.
    Source(usize),
    /// The dependency list: index into `lists`.
    List(usize),
    /// Nobody: the pin is the answer.
    Pin,
    /// Nobody can: the products table has no entry.
    Unserved(SourceKey),
    /// Nobody can: the entry has no operating system.
    NoOs,
}

/// How one matrix gets its resolved axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixQuestion {
    /// Index into `config.images`.
    pub image: usize,
    /// Indices into `lists`, one for each of the matrix's `dependencyConstraints`.
    pub axes: Vec<usize>,
}

/// Which answers are needed for what the filters select.
///
/// With pins, only pinned development versions are part of the plan: a dispatch builds what it names. A pinned version
/// that `--image-version` leaves out is not asked for; an unpinned one is, because nobody knows its name yet.
///
/// A version source is asked once for all operating systems of an entry. It is asked for amd64 always, and for arm64
/// where an operating system is built for it, because only the upstream knows how its arm64 artifact is called.
///
/// # Errors
/// A `release_branch` of the configuration that could leave its place in a URL.
pub fn questions(
    config: &Config,
    selection: &Selection,
    pins: &[Pin],
    detail: Detail,
    catalogue: Catalogue<'_>,
) -> Result<Questions, PlanError> {
    let mut asking =
        Asking { catalogue, questions: Questions::default(), sources: HashMap::new(), lists: HashMap::new() };
    if selection.takes_releases() {
        for (at, image) in config.images.iter().enumerate() {
            asking.matrix(at, image, selection);
        }
    }
    for at in candidates(config, selection) {
        let pin = pins.iter().find(|pin| pin.at == at);
        if !pins.is_empty() && pin.is_none() {
            continue;
        }
        if let Some((image, dev)) = at.get(config) {
            asking.dev(at, image, dev, pin, selection, detail)?;
        }
    }
    Ok(asking.questions)
}

struct Asking<'a> {
    catalogue: Catalogue<'a>,
    questions: Questions,
    sources: HashMap<SourceQuery, usize>,
    lists: HashMap<ListQuery, usize>,
}

impl Asking<'_> {
    fn matrix(&mut self, at: usize, image: &Image, selection: &Selection) {
        let changed = selection.changes.as_ref().is_none_or(|changes| changes.takes_matrix(&image.name));
        let Some(matrix) = image.matrix.as_ref().filter(|_| selection.takes_matrix(image)) else { return };
        if selection.takes_image(image) && changed {
            let axes = matrix.dependency_constraints.iter().map(|constraint| self.list(constraint)).collect();
            self.questions.matrices.push(MatrixQuestion { image: at, axes });
        }
    }

    fn dev(
        &mut self,
        at: DevRef,
        image: &Image,
        dev: &DevVersion,
        pin: Option<&Pin>,
        selection: &Selection,
        detail: Detail,
    ) -> Result<(), PlanError> {
        let pinned = pin.and_then(|pin| pin.version.as_ref());
        if let Some(version) = pinned.filter(|version| !selection.takes_version(version.as_str())) {
            self.questions.passed_over.push(version.to_string());
            return Ok(());
        }
        let ask = match &dev.source {
            DevSource::Dependency { .. } if pinned.is_some() => Ask::Pin,
            DevSource::Dependency { name, prerelease, .. } => {
                if let Some(branch) = pin.and_then(|pin| pin.branch.as_ref()) {
                    self.questions.warnings.push(format!(
                        "the release branch `{branch}` has no effect on image `{}`: versions of `{}` have none",
                        image.name,
                        name.as_str()
                    ));
                }
                let constraint = Constraint { latest: true, count: Some(1), min: None, max: None };
                Ask::List(self.list(&DependencyConstraint {
                    name: *name,
                    constraint,
                    prerelease: *prerelease,
                }))
            }
            DevSource::Channel { .. } if dev.os.is_empty() => Ask::NoOs,
            DevSource::Channel { key, release_branch } => match (self.catalogue.source)(key) {
                None => Ask::Unserved(key.clone()),
                Some(entry) => {
                    if let Some(branch) = release_branch {
                        check_branch(
                            branch,
                            &format!("`devVersions` of image `{}` (line {})", image.name, dev.line),
                        )?;
                    }
                    let query = source_query(dev, key, release_branch.as_deref(), pin, entry);
                    Ask::Source(intern(&mut self.questions.sources, &mut self.sources, query))
                }
            },
        };
        let labelled = detail == Detail::Labels && image.matrix.is_none();
        let constraints = image.dependency_constraints.iter().filter(|_| labelled);
        let labels = constraints.map(|constraint| self.list(constraint)).collect();
        self.questions.devs.push(DevQuestion { at, pin: pin.cloned(), ask, labels });
        Ok(())
    }

    fn list(&mut self, wanted: &DependencyConstraint) -> usize {
        let ListSource { component, config, allow } = (self.catalogue.list)(wanted.name);
        let query = ListQuery {
            component,
            dependency: wanted.name,
            prerelease: wanted.prerelease,
            constraint: wanted.constraint.clone(),
            config,
            allow,
        };
        intern(&mut self.questions.lists, &mut self.lists, query)
    }
}

/// The branch is the payload's, or else the pinned version's year and month, or else the entry's own.
fn source_query(
    dev: &DevVersion,
    key: &SourceKey,
    own_branch: Option<&str>,
    pin: Option<&Pin>,
    entry: SourceEntry,
) -> SourceQuery {
    let pinned = pin.and_then(|pin| pin.version.as_ref());
    let branch = pin
        .and_then(|pin| pin.branch.as_deref())
        .or_else(|| pinned.map(|version| version.year_month()))
        .or(own_branch)
        .map(str::to_owned);
    let targets = artifact::os_targets(&dev.os)
        .into_iter()
        .map(|(at, platform)| OsTarget { os: crate::model::BuildOs::parse(&dev.os[at].name), platform })
        .collect();
    let offline = entry.offline_when_pinned && pinned.is_some();
    SourceQuery {
        component: entry.component,
        product: key.product.clone(),
        channel: key.channel.to_string(),
        pinned: pinned.map(ToString::to_string),
        branch,
        substitute: pinned.is_some() && dev.pin_policy == PinPolicy::Substitute,
        targets,
        config: entry.config.to_string(),
        allow: if offline { Vec::new() } else { entry.allow },
    }
}

fn intern<T: Clone + Eq + std::hash::Hash>(all: &mut Vec<T>, seen: &mut HashMap<T, usize>, one: T) -> usize {
    *seen.entry(one).or_insert_with_key(|one| {
        all.push(one.clone());
        all.len() - 1
    })
}
