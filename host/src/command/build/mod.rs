//! `bakery build`: what is to be built becomes a plan, which is printed or carried out, and what became of it is told.

mod inputs;
mod outcome;

use std::{path::Path, sync::Arc, time::Instant};

use bakery_backend::{
    files::write_atomic,
    git::{Git, GitError},
};
use bakery_core::plan::{
    self, Builds, Detail, Target,
    bake::{Bake, BakeOptions},
    build::BuildSettings,
    summary::Summary,
};

pub(super) use self::inputs::environment as builder_environment;
use self::outcome::Outcome;
use super::{Ended, Failed, folders::Folders, project::Project, record, resolve::Prepared};
use crate::{
    cli::{Build, BuildOptions, env},
    report::{self, BuildProgress, Ears, Exit, Stdout, Talker},
    wiring::{Building, absolute},
};

/// The file that keeps the plan where the user wants it kept.
const KEPT_PLAN: &str = ".bakery-bake.json";

pub(super) fn run(arguments: &Build, talker: &Arc<Talker>) -> Ended {
    let options = BuildOptions::new(arguments)?;
    for warning in &options.warnings {
        talker.warning(warning);
    }
    if let Some(file) = &options.metadata_file {
        inputs::check_place(file)?;
    }
    let (prepared, project) = Prepared::open(&arguments.inputs, talker)?;
    let selection = prepared.select(arguments.targets.selection())?;
    let resolved = prepared.resolve(&project, &selection, Detail::Labels, talker)?;
    let builds = plan::select(&project.config, &selection, &resolved.questions, &resolved.facts)?;
    let exit = record::conclude(&prepared, &project, &resolved, &builds, talker)?;
    let targets = plan::targets(&builds)?;
    if targets.is_empty() {
        let filters: Vec<String> =
            selection.describe().into_iter().map(|(flag, value)| format!("{flag} '{value}'")).collect();
        return Err(Failed::because("no image target is selected")
            .hint(format!("the filters are {}", filters.join(" "))));
    }
    let revision = revision(&project, talker);
    let created = jiff::Zoned::now().datetime().strftime("%Y-%m-%dT%H:%M:%S%.6f").to_string();
    let bake_options = BakeOptions {
        temp_registry: options.temp_registry.as_deref(),
        cache_registry: options.cache_registry.as_deref(),
        push: options.push,
        created: &created,
        revision: revision.as_deref(),
        has_variable: &|name| env::project_variable_is_set(name),
    };
    let bake = plan::bake::plan(&targets, &bake_options);
    for warning in builds.guesses.iter().chain(&bake.warnings) {
        talker.warning(warning);
    }
    if options.plan {
        return print(&options, &targets, &bake, talker).map(|()| exit);
    }
    let settings =
        BuildSettings { bake: bake_options, load: options.load, pull: options.pull, cache: options.cache };
    let chosen = !selection.image_platforms.is_empty();
    let work = Work {
        options: &options,
        prepared: &prepared,
        project: &project,
        builds: &builds,
        targets: targets.into(),
    };
    work.carry_out(settings, &bake, chosen, talker)
        .map(|built| if built == Exit::Done { exit } else { built })
}

fn print(options: &BuildOptions, targets: &[Target], bake: &Bake, talker: &Talker) -> Result<(), Failed> {
    if options.summary.is_some() {
        talker.table(&report::table(&Summary::of_build(targets, options.cache_registry.as_deref())));
    }
    Stdout.json(&bake.plan)?;
    Ok(())
}

/// The commit, where there is one.
fn revision(project: &Project, talker: &Talker) -> Option<String> {
    match Git::at(&project.folder).head() {
        Ok(revision) => Some(revision),
        Err(GitError::NotARepository(_) | GitError::NoProgram | GitError::Unborn) => None,
        Err(error) => {
            talker.warning(&format!("the labels have no revision: {error}"));
            None
        }
    }
}

/// What is to be built, and how.
struct Work<'a> {
    options: &'a BuildOptions,
    prepared: &'a Prepared,
    project: &'a Project,
    builds: &'a Builds<'a>,
    targets: Arc<[Target]>,
}

impl Work<'_> {
    fn carry_out(
        &self,
        settings: BuildSettings<'_>,
        bake: &Bake,
        platforms_were_chosen: bool,
        talker: &Arc<Talker>,
    ) -> Ended {
        let (options, targets) = (self.options, &self.targets);
        let folder = absolute(&self.project.folder)?;
        let environment = inputs::environment(targets, &settings, &folder)?;
        if let Some(file) = &options.metadata_file {
            inputs::remove_old(file)?;
        }
        if !options.clean {
            keep_plan(&folder, bake)?;
        }
        Ears::open(talker);
        let progress = Arc::new(BuildProgress::new(talker));
        let how = Building {
            strategy: options.strategy,
            builder: options.builder,
            fail_fast: options.fail_fast,
            retry: options.retry,
            project: &folder,
            settings,
            plan: &bake.plan,
            platforms: inputs::common_platforms(targets).filter(|_| platforms_were_chosen),
            metadata: options.metadata_file.is_some() || options.summary.is_some(),
            measure: options.summary.is_some(),
            registries: &options.registries,
            environment,
            path: env::PATH.read_os().unwrap_or_default(),
        };
        let started = Instant::now();
        progress.open("build");
        let carried = self.prepared.edge().build(targets, &how, &progress, || {
            let folders = Folders::make(self.project, self.builds, !options.clean, talker)?;
            inputs::check_containerfiles(targets, &folder)?;
            Ok(folders)
        });
        progress.close();
        let (end, signal) = carried?;
        let outcome = Outcome { options, targets, end: end.as_ref(), elapsed: started.elapsed(), signal };
        outcome.conclude(talker)
    }
}

/// The plan for whoever wants to look at it.
fn keep_plan(folder: &Path, bake: &Bake) -> Result<(), Failed> {
    let file = folder.join(KEPT_PLAN);
    let text = format!("{:#}\n", bake.plan);
    write_atomic(&file, text.as_bytes())
        .map_err(|error| Failed::because(format!("cannot write `{}`: {error}", file.display())))
}
