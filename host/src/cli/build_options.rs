//! From the arguments of a build to options: defaults, and combinations that make no sense. Opens no file.

use std::path::PathBuf;

use super::{
    UsageError,
    build::{Build, BuilderKind, Strategy},
    publish::{Registries, SummaryFormat},
};

/// How to build.
#[derive(Clone, Debug)]
pub(crate) struct BuildOptions {
    /// Print the plan and build nothing.
    pub(crate) plan: bool,
    /// One command, or one for each target.
    pub(crate) strategy: Strategy,
    /// What builds, where the user says.
    pub(crate) builder: Option<BuilderKind>,
    /// After a failure begin nothing more.
    pub(crate) fail_fast: bool,
    /// Further attempts.
    pub(crate) retry: u32,
    /// Put images into the local store.
    pub(crate) load: bool,
    /// Push images.
    pub(crate) push: bool,
    /// Look for newer base images.
    pub(crate) pull: bool,
    /// Use layers of earlier builds.
    pub(crate) cache: bool,
    /// Remove what was made for the build.
    pub(crate) clean: bool,
    /// Registry for builds of single platforms.
    pub(crate) temp_registry: Option<String>,
    /// Registry of layer caches.
    pub(crate) cache_registry: Option<String>,
    /// Where to write what was built.
    pub(crate) metadata_file: Option<PathBuf>,
    /// Print a summary.
    pub(crate) summary: Option<SummaryFormat>,
    /// How registries are reached.
    pub(crate) registries: Registries,
    /// Sentences for the user.
    pub(crate) warnings: Vec<String>,
}

impl BuildOptions {
    pub(crate) fn new(build: &Build) -> Result<Self, UsageError> {
        let (how, switches) = (build.how, build.switches);
        let format = build.summary_format;
        if build.plan && how.strategy == Strategy::Build {
            return Err(UsageError::new(
                "--plan prints the plan of `--strategy bake`; `--strategy build` has none",
            )
            .hint("leave one of the two out"));
        }
        if build.plan && build.summary && format == Some(SummaryFormat::Json) {
            return Err(UsageError::new("--summary-format json is not supported with --plan").hint(
                "a plan is JSON on standard output already; --summary alone counts it on standard error",
            ));
        }
        let mut warnings = Vec::new();
        let mut no_effect = |when: bool, what: &str| {
            if when {
                warnings.push(format!("{what} has no effect"));
            }
        };
        no_effect(format.is_some() && !build.summary, "--summary-format without --summary");
        no_effect(
            how.fail_fast && how.strategy == Strategy::Bake,
            "--fail-fast with `--strategy bake`, which is one command,",
        );
        no_effect(build.plan && build.metadata_file.is_some(), "--metadata-file with --plan");
        let registries = build.registries.checked()?;
        Ok(Self {
            plan: build.plan,
            strategy: how.strategy,
            builder: how.builder,
            fail_fast: how.fail_fast,
            retry: how.retry,
            load: !switches.no_load,
            push: switches.push && !switches.no_push,
            pull: switches.pull && !switches.no_pull,
            cache: !switches.no_cache,
            clean: !switches.no_clean,
            temp_registry: build.temp_registry.clone(),
            cache_registry: build.cache_registry.clone(),
            metadata_file: build.metadata_file.clone(),
            summary: build.summary.then(|| format.unwrap_or(SummaryFormat::Table)),
            registries,
            warnings,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    fn options(arguments: &[&str]) -> Result<BuildOptions, UsageError> {
        let all = ["bakery", "build"].into_iter().chain(arguments.iter().copied());
        let Command::Build(build) = Cli::try_parse_from(all).unwrap().command else {
            panic!("another command");
        };
        BuildOptions::new(&build)
    }

    #[test]
    fn of_a_switch_and_its_opposite_the_last_one_holds() {
        let switches = |arguments: &[&str]| {
            let o = options(arguments).unwrap();
            [o.load, o.push, o.pull, o.cache, o.clean]
        };
        let default = [true, false, false, true, true];
        assert_eq!(switches(&[]), default);
        let all = ["--no-load", "--push", "--pull", "--no-cache", "--no-clean"];
        assert_eq!(switches(&all), [false, true, true, false, false]);
        let back = ["--load", "--no-push", "--no-pull", "--cache", "--clean"];
        assert_eq!(switches(&[all, back].concat()), default);
    }

    #[test]
    fn words_may_be_written_in_capitals() {
        let options = options(&["--strategy", "BUILD", "--builder", "Buildah", "--retry", "2"]).unwrap();
        assert_eq!(options.strategy, Strategy::Build);
        assert_eq!((options.builder, options.retry), (Some(BuilderKind::Buildah), 2));
    }

    #[test]
    fn a_plan_is_of_bake_and_json_is_the_plan_s() {
        assert!(options(&["--plan", "--strategy", "build"]).is_err());
        let error = options(&["--plan", "--summary", "--summary-format", "json"]).unwrap_err();
        assert!(error.message.contains("not supported with --plan"), "{error}");
        assert!(options(&["--plan", "--summary"]).is_ok());
        let warned = |arguments: &[&str]| options(arguments).unwrap().warnings.len();
        assert_eq!(warned(&["--fail-fast"]), 1);
        assert_eq!(warned(&["--fail-fast", "--strategy", "build"]), 0);
        assert_eq!(warned(&["--summary-format", "json"]), 1);
        assert_eq!(warned(&["--plan", "--metadata-file", "m.json"]), 1);
    }
}
