//! Turning the parts of one image into builds: releases, matrix rows and development versions.
//! Every build passes the same filters in [`Assembly::add`].

use super::{
    Ask, Build, BuildKind, Builds, DevQuestion, DevRef, Facts, PlanError, Questions, ResolvedDev, Selection,
    Skipped, SkippedItem, Unresolved, apply, apply_list, apply_pin,
    builds::{configured, narrow_systems, narrow_variants},
    expand::expand,
    folder,
    resolved::ResolvedOs,
};
use crate::config::{Config, Dependency, DependencyName, DevSource, DevVersion, Image};

pub(super) struct Assembly<'a, 'c> {
    selection: &'a Selection,
    questions: &'a Questions,
    facts: &'a Facts,
    out: Builds<'c>,
}

impl<'a, 'c> Assembly<'a, 'c> {
    pub(super) fn new(
        config: &'c Config,
        selection: &'a Selection,
        questions: &'a Questions,
        facts: &'a Facts,
    ) -> Self {
        let out = Builds {
            config,
            builds: Vec::new(),
            resolved: Vec::new(),
            skipped: Vec::new(),
            considered: questions.passed_over.clone(),
            warnings: questions.warnings.clone(),
            guesses: Vec::new(),
        };
        Self { selection, questions, facts, out }
    }

    pub(super) fn finish(mut self) -> Builds<'c> {
        folder::settle(&mut self.out);
        self.out
    }

    /// The entries of `versions`.
    pub(super) fn releases(&mut self, image: &'c Image) {
        for version in &image.versions {
            let changed = self
                .selection
                .changes
                .as_ref()
                .is_none_or(|changes| changes.takes_version(&image.name, &version.name));
            if !changed || (self.selection.latest && !version.latest) {
                continue;
            }
            let build = Build {
                image,
                kind: BuildKind::Release,
                name: version.name.clone(),
                subpath: version.subpath.clone(),
                latest: version.latest,
                latest_patch: false,
                matrix: false,
                systems: Vec::new(),
                variants: Vec::new(),
                registries: &version.registries,
                dependencies: version.dependencies.clone(),
                args: Vec::new(),
                build_target: version.build_target.as_deref().or(image.build_target.as_deref()),
                channel: None,
                channel_latest: None,
            };
            self.add(build, configured(&version.os));
        }
    }

    /// The rows of the matrix.
    pub(super) fn rows(&mut self, at: usize, image: &'c Image) -> Result<(), PlanError> {
        let Some(matrix) = &image.matrix else { return Ok(()) };
        // A matrix that nobody asks about is one that no change touches.
        let Some(question) = self.questions.matrices.iter().find(|question| question.image == at) else {
            return Ok(());
        };
        let axes: Result<Vec<&[String]>, Unresolved> =
            question.axes.iter().map(|&list| self.list(list)).collect();
        let axes = match axes {
            Ok(axes) => axes,
            Err(reason) => {
                self.skip(SkippedItem::Matrix(at), reason);
                return Ok(());
            }
        };
        let (rows, warnings) = expand(image, matrix, &axes)?;
        self.out.warnings.extend(warnings);
        let has_latest = rows.iter().any(|row| row.latest);
        // Without a latest row a change would build nothing, so all are kept.
        let latest_only =
            has_latest && self.selection.changes.as_ref().is_some_and(|c| c.takes_latest_row_only());
        for row in rows {
            if (self.selection.latest || latest_only) && !row.latest {
                continue;
            }
            let build = Build {
                image,
                kind: BuildKind::Row,
                name: row.name,
                subpath: matrix.subpath.clone(),
                latest: row.latest,
                latest_patch: row.latest_patch,
                matrix: true,
                systems: Vec::new(),
                variants: Vec::new(),
                registries: &matrix.registries,
                dependencies: row.dependencies,
                args: row.args,
                build_target: matrix.build_target.as_deref().or(image.build_target.as_deref()),
                channel: None,
                channel_latest: None,
            };
            self.add(build, configured(&matrix.os));
        }
        Ok(())
    }

    /// The entries of `devVersions` that were asked about.
    pub(super) fn dev_versions(&mut self, at: usize, image: &'c Image) {
        let questions = self.questions;
        for question in questions.devs.iter().filter(|question| question.at.image == at) {
            let Some(dev) = image.dev_versions.get(question.at.dev) else { continue };
            let answered = self
                .resolve(dev, question)
                .and_then(|resolved| Ok((resolved, self.labels(image, question)?)));
            match answered {
                Ok((resolved, labels)) => self.dev_version(image, dev, question.at, resolved, labels),
                Err(reason) => self.skip(SkippedItem::Dev(question.at), reason),
            }
        }
    }

    fn dev_version(
        &mut self,
        image: &'c Image,
        dev: &'c DevVersion,
        at: DevRef,
        resolved: ResolvedDev,
        labels: Vec<Dependency>,
    ) {
        for guess in &resolved.guesses {
            self.out.guesses.push(format!("image `{}` {}: {guess}", image.name, resolved.version));
        }
        for warning in &resolved.warnings {
            self.out.warnings.push(format!("image `{}` {}: {warning}", image.name, resolved.version));
        }
        let name = resolved.version.to_string();
        let mut build = Build {
            image,
            kind: BuildKind::Dev(at),
            subpath: format!(".dev-{name}").to_lowercase().replace(' ', "-"),
            name,
            latest: false,
            latest_patch: false,
            matrix: false,
            systems: Vec::new(),
            variants: Vec::new(),
            registries: &dev.registries,
            dependencies: labels,
            args: Vec::new(),
            build_target: image.build_target.as_deref(),
            channel: resolved.release_channel,
            channel_latest: Some(resolved.channel_latest),
        };
        // The development version of a dependency is one more row of the image's matrix.
        if let (DevSource::Dependency { name: dependency, .. }, Some(matrix)) = (&dev.source, &image.matrix) {
            build.subpath = matrix.subpath.clone();
            build.matrix = true;
            build.build_target = matrix.build_target.as_deref().or(build.build_target);
            build.args = dependency_args(*dependency, &build.name, dev);
            build.dependencies = vec![Dependency { name: *dependency, versions: vec![build.name.clone()] }];
        }
        self.add(build, resolved.os.clone());
        self.out.resolved.push((at, resolved));
    }

    /// The filters that every build passes: operating system, platform, variant, and last the version.
    fn add(&mut self, mut build: Build<'c>, systems: Vec<ResolvedOs>) {
        build.systems = narrow_systems(self.selection, systems);
        build.variants = narrow_variants(self.selection, build.image);
        if build.systems.is_empty() || build.variants.is_empty() {
            return;
        }
        self.out.considered.push(build.name.clone());
        if self.selection.takes_version(&build.name) {
            self.out.builds.push(build);
        }
    }

    fn resolve(&self, dev: &DevVersion, question: &DevQuestion) -> Result<ResolvedDev, Unresolved> {
        match &question.ask {
            Ask::Unserved(key) => Err(Unresolved::Unserved(key.clone())),
            Ask::NoOs => Err(Unresolved::NoOs),
            Ask::Pin => match question.pin.as_ref().and_then(|pin| pin.version.clone()) {
                Some(version) => Ok(apply_pin(dev, version)),
                None => Err(Unresolved::Unasked),
            },
            Ask::List(list) => match &dev.source {
                DevSource::Dependency { name, .. } => apply_list(dev, *name, self.list(*list)?),
                DevSource::Channel { .. } => Err(Unresolved::Unasked),
            },
            Ask::Source(source) => {
                let query = self.questions.sources.get(*source).ok_or(Unresolved::Unasked)?;
                let answer = self.facts.source(query).ok_or(Unresolved::Unasked)?;
                let resolution = answer.as_ref().map_err(|error| Unresolved::Source(error.clone()))?;
                apply(dev, question.pin.as_ref(), resolution)
            }
        }
    }

    fn labels(&self, image: &Image, question: &DevQuestion) -> Result<Vec<Dependency>, Unresolved> {
        let constraints = image.dependency_constraints.iter();
        let answers = question.labels.iter().map(|&list| self.list(list));
        constraints
            .zip(answers)
            .map(|(c, versions)| Ok(Dependency { name: c.name, versions: versions?.to_vec() }))
            .collect()
    }

    fn list(&self, at: usize) -> Result<&'a [String], Unresolved> {
        let query = self.questions.lists.get(at).ok_or(Unresolved::Unasked)?;
        let dependency = query.dependency;
        let answer = self.facts.list(query).ok_or(Unresolved::Unasked)?;
        let versions =
            answer.as_ref().map_err(|error| Unresolved::List { dependency, error: error.clone() })?;
        if versions.is_empty() {
            return Err(Unresolved::EmptyList(dependency));
        }
        match versions.iter().find(|version| !is_dependency_version(version)) {
            None => Ok(versions),
            Some(bad) => {
                let text = bad.chars().take(80).flat_map(char::escape_debug).collect();
                Err(Unresolved::ListVersion { dependency, text })
            }
        }
    }

    fn skip(&mut self, what: SkippedItem, reason: Unresolved) {
        self.out.skipped.push(Skipped::new(self.out.config, what, reason));
    }
}

/// Versions of dependencies end up in names, labels and build arguments.
fn is_dependency_version(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-' | b'_');
    text.len() <= 128 && text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.bytes().all(word)
}

fn dependency_args(dependency: DependencyName, version: &str, dev: &DevVersion) -> Vec<(String, String)> {
    let own = (format!("{}_VERSION", dependency.as_str().to_uppercase()), version.to_owned());
    let values = dev.values.iter().map(|(key, value)| (key.to_uppercase(), value.clone()));
    std::iter::once(own).chain(values).collect()
}
