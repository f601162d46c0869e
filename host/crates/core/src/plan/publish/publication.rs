//! The whole way from metadata files to a plan. The steps are in files of their own.

use std::{
    cell::LazyCell,
    collections::{BTreeMap, BTreeSet},
};

use regex::Regex;

use super::{
    Goal, MetadataFile, PublishError, PublishErrors, PublishPlan, PublishTarget,
    annotations::annotations,
    destinations,
    error::shown,
    identify::{Which, identify},
    known::{self, Identified, Known},
    merge::{Source, merge},
    scope::{self, Found, Scope},
    soci::soci,
};
use crate::{
    config::Config,
    model::{Channel, Platform, Repository},
    plan::{Pin, Target, push_order},
    port::StepSource,
};

/// Errors from which on no neighbours are named.
const SUGGESTED: usize = 20;

/// What flags say about a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct PublishOptions<'a> {
    /// `--temp-registry`: required, because it is part of the temporary index's name.
    pub temp_registry: Option<&'a str>,
    /// `--image-name`: targets of other images are left alone.
    pub image_name: Option<&'a Regex>,
    /// The effective channel: development versions of other channels are left alone.
    pub dev_channel: Option<Channel>,
    /// What a dispatch pins: the metadata must be of exactly these versions.
    pub pins: &'a [Pin],
    /// The commit, where the metadata do not say it.
    pub revision: Option<&'a str>,
    /// Whether a step reads the index under its temporary name, so that it must be put there.
    pub staged: bool,
    /// How far the targets go.
    pub goal: Goal,
}

/// Plans a run: every target of the metadata that the filters leave, in push order. The order of the files makes no
/// difference.
///
/// # Errors
/// Everything that is wrong, of all files and targets.
pub fn plan(
    config: &Config,
    files: &[MetadataFile],
    options: &PublishOptions<'_>,
) -> Result<PublishPlan, PublishErrors> {
    let temp_registry = options.temp_registry;
    let mut run = Run { config, options, files, temp_registry, warnings: Vec::new(), errors: Vec::new() };
    let targets = run.targets();
    if run.errors.is_empty() {
        Ok(PublishPlan { targets, warnings: run.warnings, goal: options.goal })
    } else {
        Err(PublishErrors(run.errors))
    }
}

struct Run<'a> {
    config: &'a Config,
    options: &'a PublishOptions<'a>,
    files: &'a [MetadataFile],
    temp_registry: Option<&'a str>,
    warnings: Vec<String>,
    errors: Vec<PublishError>,
}

impl<'a> Run<'a> {
    fn targets(&mut self) -> Vec<PublishTarget> {
        if self.files.is_empty() {
            self.errors.push(PublishError::NoFiles);
        }
        self.check_temp_registry();
        let scope = Scope { config: self.config, filter: self.options.image_name };
        let fixed = match known::fixed(scope) {
            Ok(fixed) => fixed,
            Err(error) => {
                self.errors.push(error.into());
                return Vec::new();
            }
        };
        let (identified, left_out) = self.identified(scope, &known::identifiers(&fixed));
        let (known, errors) = known::known(scope, &fixed, &identified, self.options.pins, &mut self.warnings);
        self.errors.extend(errors);
        let mut targets = self.assembled(&identified, known);
        match self.options.goal {
            Goal::Publish => {
                let (warnings, errors) = destinations::settle(&mut targets);
                self.warnings.extend(warnings);
                self.errors.extend(errors);
            }
            Goal::Convert => self.keep_converted(&mut targets),
        }
        if self.errors.is_empty() && targets.is_empty() {
            self.errors.push(PublishError::NoTargets { filters: self.filters(), left_out });
        }
        targets
    }

    /// Every target that is published, with its sources; and the identifiers that the filters leave out.
    fn identified(
        &mut self,
        scope: Scope<'_>,
        fixed: &BTreeSet<String>,
    ) -> (Vec<Identified<'a>>, Vec<String>) {
        let (mut identified, mut left_out) = (Vec::new(), Vec::new());
        let others = LazyCell::new(|| known::others(scope));
        for (uid, entries) in scope::group(self.files) {
            // What an image has by its configuration is its own, whatever names of images it begins with.
            let out = match scope::names_its_image(&entries) {
                false if fixed.contains(uid) => false,
                false if others.contains(uid) => true,
                _ => scope.leaves_out(uid, &entries),
            };
            if out {
                left_out.push(uid.to_owned());
                continue;
            }
            // Finding neighbours costs, and nobody reads hundreds of them.
            let which = identify(scope, fixed, uid, &entries, self.errors.len() < SUGGESTED);
            if which.as_ref().is_ok_and(|which| self.is_of_other_channel(which)) {
                left_out.push(uid.to_owned());
                continue;
            }
            let merged = merge(uid, &entries);
            let sound = merged.errors.is_empty();
            self.errors.extend(merged.errors);
            match which.and_then(|which| self.check_pin(uid, &entries, which)) {
                Ok(which) if sound => {
                    self.warnings.extend(merged.warnings);
                    identified.push(Identified { uid, which, sources: merged.sources });
                }
                Ok(_) => {}
                Err(error) => self.errors.push(error),
            }
        }
        (identified, left_out)
    }

    /// What is not converted has nothing to do, and nothing is published.
    fn keep_converted(&mut self, targets: &mut Vec<PublishTarget>) {
        let before = targets.len();
        targets.retain(|target| target.soci.is_some());
        targets.iter_mut().for_each(|target| target.destinations.clear());
        if before > 0 && targets.is_empty() && self.errors.is_empty() {
            self.errors.push(PublishError::NoSoci);
        }
    }

    /// Once, and not for every target.
    fn check_temp_registry(&mut self) {
        match self.temp_registry {
            None => self.errors.push(PublishError::NoTempRegistry),
            Some(registry) => {
                if let Err(source) = format!("{registry}/tmp").parse::<Repository>() {
                    self.errors.push(PublishError::TempRegistry { registry: registry.to_owned(), source });
                    self.temp_registry = None;
                }
            }
        }
    }

    fn is_of_other_channel(&self, which: &Which) -> bool {
        let (Some(wanted), Which::Dev(at, _)) = (self.options.dev_channel, which) else { return false };
        at.get(self.config).is_some_and(|(_, dev)| dev.source.channel() != Some(wanted))
    }

    /// A dispatched version must be the built one.
    fn check_pin(&self, uid: &str, entries: &[Found<'_>], which: Which) -> Result<Which, PublishError> {
        let Which::Dev(at, found) = &which else { return Ok(which) };
        let pin = self.options.pins.iter().find(|pin| pin.at == *at);
        match pin.and_then(|pin| pin.version.as_ref()).filter(|pinned| *pinned != found) {
            None => Ok(which),
            Some(pinned) => Err(PublishError::OtherPin {
                file: entries.first().map_or_else(String::new, |found| found.file.to_owned()),
                uid: uid.to_owned(),
                pinned: pinned.to_string(),
                found: found.to_string(),
            }),
        }
    }

    /// Targets and sources put together, in push order.
    fn assembled(
        &mut self,
        identified: &[Identified<'a>],
        mut known: BTreeMap<&'a str, Known>,
    ) -> Vec<PublishTarget> {
        let mut targets: Vec<Target> = known.values().map(|known| known.target.clone()).collect();
        push_order(&mut targets);
        let mut assembled = Vec::with_capacity(targets.len());
        for target in targets {
            let one = identified.iter().find(|one| one.uid == target.uid);
            let (Some(one), Some(known)) = (one, known.remove(&target.uid[..])) else { continue };
            match self.assemble(one, &known) {
                Ok(target) => assembled.push(target),
                Err(errors) => self.errors.extend(errors),
            }
        }
        assembled
    }

    fn assemble(&mut self, one: &Identified<'a>, known: &Known) -> Result<PublishTarget, Vec<PublishError>> {
        let target = &known.target;
        let (sources, mut errors) = self.sources(target, &one.sources);
        if known.homeless && self.options.goal == Goal::Publish {
            errors.push(PublishError::NoRegistry { target: target.to_string() });
        }
        let destinations = if known.homeless { Ok(Vec::new()) } else { destinations::destinations(target) };
        let destinations = destinations.map_err(|wrong| errors.extend(wrong)).unwrap_or_default();
        let texts: Vec<String> = one.sources.iter().map(|source| source.text.clone()).collect();
        let temp_index = self.temp_registry.and_then(|registry| {
            let name = target.temp_index(registry, &texts).parse();
            name.map_err(|source| errors.push(PublishError::TempName { uid: target.uid.clone(), source }))
                .ok()
        });
        let soci = soci(self.config, target).unwrap_or_else(|wrong| {
            errors.push(wrong);
            None
        });
        let annotations = annotations(known, &one.sources, self.options.revision, &mut self.warnings);
        if let Some((references, reason)) = &known.left_alone {
            let references: Vec<String> = references.iter().map(|one| format!("`{one}`")).collect();
            self.warnings.push(format!(
                "{} of {} are left alone: {reason}",
                references.join(", "),
                shown(&target.to_string())
            ));
        }
        let (Some(temp_index), true) = (temp_index, errors.is_empty()) else { return Err(errors) };
        let target = PublishTarget {
            uid: target.uid.clone(),
            identity: target.identity.clone(),
            sources,
            files: one.sources.iter().map(|source| source.found.file.to_owned()).collect(),
            temp_index,
            staged: self.options.staged || soci.is_some(),
            soci,
            destinations,
            annotations,
        };
        match target.temp_soci() {
            Err(source) if target.soci.is_some() => {
                Err(vec![PublishError::TempName { uid: target.uid, source }])
            }
            _ => Ok(target),
        }
    }

    /// The sources of a target: exactly one for each of its platforms.
    fn sources(&self, target: &Target, sources: &[Source<'a>]) -> (Vec<StepSource>, Vec<PublishError>) {
        let (mut steps, mut errors) = (Vec::new(), Vec::new());
        for source in sources {
            let platform = source.platform.parse::<Platform>().ok();
            match platform.filter(|platform| target.platforms.contains(platform)) {
                Some(platform) => steps.push(StepSource { reference: source.reference.clone(), platform }),
                None => errors.push(PublishError::OtherPlatform {
                    file: source.found.file.to_owned(),
                    uid: target.uid.clone(),
                    platform: source.platform.to_owned(),
                    platforms: target.platforms.clone(),
                }),
            }
        }
        for platform in target.platforms.iter().filter(|p| !steps.iter().any(|step| step.platform == **p)) {
            let mut files: Vec<String> = self.files.iter().map(|file| file.name.clone()).collect();
            files.sort();
            files.dedup();
            errors.push(PublishError::MissingPlatform {
                uid: target.uid.clone(),
                target: target.to_string(),
                platform: *platform,
                files,
            });
        }
        (steps, errors)
    }

    fn filters(&self) -> Vec<(&'static str, String)> {
        let image = self.options.image_name.map(|regex| ("--image-name", regex.as_str().to_owned()));
        let channel = self.options.dev_channel.map(|channel| ("--dev-channel", channel.to_string()));
        image.into_iter().chain(channel).collect()
    }
}
