//! `bakery ci publish`: metadata files become a plan, the plan is carried out, and what became of it is told.

use std::{ffi::OsString, path::Path, sync::Arc, time::Instant};

use bakery_backend::{
    files::{append, write_atomic},
    git::{Git, GitError},
};
use bakery_core::{
    plan::{
        self, Inclusion, Selection,
        publish::{self, Goal, MetadataFile, PublishPlan, PublishTarget},
        summary::Summary,
    },
    policy::RetryPolicy,
    port::{Failure, FailureKind},
};
use bakery_run::publish::{Published, Status};
use serde_json::Value;

use super::{
    Ended, Failed, dispatched,
    failed::{Reason, exit_of},
    files::read_all,
    project::Project,
};
use crate::{
    cli::{Convert, Load, Patience, Publish, PublishOptions, SummaryFormat, Tool, UsageError, env},
    report::{self, Closing, Ears, Exit, Progress, Stdout, Talker},
    wiring::{Edge, Publishing},
};

pub(super) fn run(arguments: &Publish, command_line: &[OsString], talker: &Arc<Talker>) -> Ended {
    go(arguments, Goal::Publish, command_line, talker)
}

/// `bakery soci convert`: the first half of a publish, for the targets that are converted.
pub(super) fn convert(arguments: &Convert, command_line: &[OsString], talker: &Arc<Talker>) -> Ended {
    go(&arguments.as_publish(), Goal::Convert, command_line, talker)
}

fn go(arguments: &Publish, goal: Goal, command_line: &[OsString], talker: &Arc<Talker>) -> Ended {
    let options = PublishOptions::new(arguments)?;
    let load = Load::new(&arguments.project)?;
    if let Some(file) = &options.result {
        check_place(file)?;
    }
    for warning in &options.warnings {
        talker.warning(warning);
    }
    let ended = prepare(&options, goal, &load, talker)
        .and_then(|prepared| carry_out(&options, &prepared, &load.context, command_line, talker));
    if let (Err(failed), Some(file)) = (&ended, &options.result) {
        let reasons: Vec<_> = failed.reasons().into_iter().map(|one| (one.message, one.hint)).collect();
        write_result(file, &report::refused(options.dry_run, failed.exit(), &reasons))?;
    }
    ended
}

/// What is known before anything is asked of a registry.
struct Prepared {
    plan: PublishPlan,
    patience: Patience,
}

/// Reads everything, and plans.
fn prepare(
    options: &PublishOptions,
    goal: Goal,
    load: &Load,
    talker: &Arc<Talker>,
) -> Result<Prepared, Failed> {
    let edge = Edge::to_registries(options.jobs, RetryPolicy::default(), &load.context, talker);
    let spec = match &options.payload {
        None => None,
        Some((payload, from)) => Some(dispatched::check(&edge, payload, from, talker)?),
    };
    let project = Project::load(load, talker)?;
    let config = &project.config;
    let spoken = spec.as_ref().and_then(|spec| spec.channel.as_deref());
    let channel = plan::effective_channel(options.dev_channel, spoken)
        .map_err(|error| UsageError::new(error.to_string()).hint("leave one of the two out"))?;
    let pins = match &options.payload {
        None => Vec::new(),
        Some((payload, from)) => {
            let offered = Selection {
                image_name: options.image_name.clone(),
                dev_versions: Inclusion::Only,
                matrix_versions: Inclusion::Include,
                dev_channel: options.dev_channel,
                ..Selection::default()
            };
            dispatched::pin(&edge, payload, from, (config, &offered), talker)?
        }
    };
    let files = read(options)?;
    let planned = |revision: Option<&str>| {
        publish::plan(
            config,
            &files,
            &publish::PublishOptions {
                temp_registry: options.temp_registry.as_deref(),
                image_name: options.image_name.as_ref(),
                dev_channel: channel,
                pins: &pins,
                revision,
                staged: options.temp_index || options.imagetools == Tool::Oras,
                goal,
            },
        )
    };
    let mut plan = planned(None)?;
    // Builds usually say it, and asking git takes longer than all the rest of this.
    if plan.targets.iter().any(lacks_revision) {
        plan = planned(revision(&load.context, talker).as_deref())?;
    }
    if options.dry_run {
        pretend(&mut plan);
    }
    let patience = Patience::new(options, &config.publish);
    for warning in plan.warnings.iter().chain(&patience.warnings) {
        talker.warning(warning);
    }
    Ok(Prepared { plan, patience })
}

/// A dry run converts nothing: a conversion needs the whole image.
fn pretend(plan: &mut PublishPlan) {
    let converted: Vec<String> = plan
        .targets
        .iter_mut()
        .filter_map(|target| target.soci.take().map(|_| format!("`{}`", target.uid)))
        .collect();
    if !converted.is_empty() {
        plan.warnings.push(format!(
            "a dry run converts nothing: the digests of {} are those from before the conversion",
            converted.join(", ")
        ));
    }
}

/// What is wrong with the files is told together, whether they cannot be read or say nothing useful.
fn read(options: &PublishOptions) -> Result<Vec<MetadataFile>, Failed> {
    let (files, mut wrong) = read_all(&options.files);
    let mut read = Vec::new();
    for file in files {
        match publish::read(&file.name, &file.bytes) {
            Ok(metadata) => read.push(metadata),
            Err(errors) => wrong.extend(Reason::of(&errors)),
        }
    }
    if wrong.is_empty() { Ok(read) } else { Err(wrong.into()) }
}

fn lacks_revision(target: &PublishTarget) -> bool {
    !target.annotations.iter().any(|(key, _)| key == "org.opencontainers.image.revision")
}

/// The commit, where there is one.
fn revision(folder: &Path, talker: &Talker) -> Option<String> {
    match Git::at(folder).head() {
        Ok(revision) => Some(revision),
        Err(GitError::NotARepository(_) | GitError::NoProgram | GitError::Unborn) => None,
        Err(error) => {
            talker.warning(&format!("the annotations have no revision: {error}"));
            None
        }
    }
}

fn carry_out(
    options: &PublishOptions,
    prepared: &Prepared,
    folder: &Path,
    command_line: &[OsString],
    talker: &Arc<Talker>,
) -> Ended {
    let Prepared { plan, patience } = prepared;
    Ears::open(talker);
    let edge = Edge::to_registries(options.jobs, patience.retry.clone(), folder, talker);
    let how = Publishing {
        registries: &options.registries,
        // What oras would do cannot be tried without doing it.
        imagetools: if options.dry_run { Tool::Native } else { options.imagetools },
        dry_run: options.dry_run,
        window: patience.window,
    };
    let started = Instant::now();
    let progress = Arc::new(Progress::new(talker, plan.targets.len(), options.dry_run));
    let carried = edge.publish(plan, &how, &progress);
    progress.finish();
    let (published, signal) = carried?;
    let published = published.unwrap_or_else(|| progress.so_far(plan));
    let exit = exit(&published, signal);
    let closing = Closing {
        plan,
        published: &published,
        dry_run: options.dry_run,
        elapsed: started.elapsed(),
        command: &report::shell(command_line),
        signal: signal.filter(|_| exit != Exit::Done),
    };
    conclude(options, &closing, exit, talker)
}

/// Tells how it ended, to everyone who wants to know. A report that cannot be written fails a run that went well.
fn conclude(options: &PublishOptions, closing: &Closing<'_>, exit: Exit, talker: &Talker) -> Ended {
    let mut ended = exit;
    closing.tell(talker);
    if let Some(file) = &options.result
        && let Err(failed) = write_result(file, &closing.document(exit))
    {
        ended = ended.worse(failed.tell(talker));
    }
    if let Some(file) = env::GITHUB_STEP_SUMMARY.read_os()
        && talker.is_github()
        && let Err(error) = append(Path::new(&file), closing.job_summary().as_bytes())
    {
        talker.warning(&format!("the job has no summary: {error}"));
    }
    match options.summary {
        None => {}
        Some(SummaryFormat::Table) => talker.table(&report::table(&summary(closing))),
        Some(SummaryFormat::Json) => Stdout.json(&summary(closing).to_json())?,
    }
    Ok(ended)
}

/// What was published; what failed is not. Sizes are those of the index and cost no request.
fn summary(closing: &Closing<'_>) -> Summary {
    let reports = &closing.published.targets;
    let good = |uid: &str| reports.iter().find(|one| one.uid == uid && one.status.is_good());
    let mut summary = Summary::of_plan(closing.plan);
    summary.targets.retain_mut(|target| {
        let Some(report) = good(&target.uid) else { return false };
        target.layers = report.measured.map(|measured| measured.layers);
        target.registry_size = report.measured.map(|measured| measured.bytes);
        true
    });
    summary
}

fn exit(published: &Published, signal: Option<Exit>) -> Exit {
    if published.is_complete() {
        return Exit::Done;
    }
    signal.unwrap_or_else(|| {
        let exits = published.failed().flat_map(|target| {
            target.failures().map(|failure| {
                let Status::Failed { step, .. } = &target.status else { return Exit::Failed };
                exit_of_step(step, failure)
            })
        });
        exits.reduce(Exit::worse).unwrap_or(Exit::Failed)
    })
}

/// What was pushed and cannot be read after all the waiting may be there later. What a registry denies, to us or to a
/// program, is not a grant of this program.
fn exit_of_step(step: &str, failure: &Failure) -> Exit {
    match (step, failure.kind) {
        ("wait-sources" | "verify", FailureKind::NotFound) => Exit::Lagging,
        (_, FailureKind::Denied) if failure.registry.is_some() || failure.program.is_some() => Exit::Failed,
        _ => exit_of(failure),
    }
}

/// A result that cannot be written must be known before anything is.
fn check_place(file: &Path) -> Result<(), UsageError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(UsageError::new(format!("--result: `{}` is not a folder", folder.display())));
    }
    if file.is_dir() {
        return Err(UsageError::new(format!("--result: `{}` is a folder", file.display())));
    }
    Ok(())
}

fn write_result(file: &Path, document: &Value) -> Result<(), Failed> {
    let mut text = serde_json::to_string_pretty(document)
        .map_err(|error| Failed::because(format!("cannot write the result: {error}")))?;
    text.push('\n');
    write_atomic(file, text.as_bytes())
        .map_err(|error| Failed::because(format!("cannot write `{}`: {error}", file.display())))
}

#[cfg(test)]
mod tests {
    use bakery_core::port::registry::{Party, RegistryFault, RegistryVerb};

    use super::*;

    #[test]
    fn what_may_be_there_later_has_a_code_of_its_own() {
        let failure = |kind| Failure::new(kind, "s", "m");
        for (step, kind, exit) in [
            ("wait-sources", FailureKind::NotFound, Exit::Lagging),
            ("verify", FailureKind::NotFound, Exit::Lagging),
            ("index-place", FailureKind::NotFound, Exit::Failed),
            ("wait-sources", FailureKind::Unavailable, Exit::Unavailable),
            ("index-tag", FailureKind::RateLimited, Exit::Unavailable),
            ("index-tag", FailureKind::TimedOut, Exit::Unavailable),
            ("index-place", FailureKind::Denied, Exit::Denied),
            ("index-place", FailureKind::Unauthorized, Exit::Failed),
            ("verify", FailureKind::Conflict, Exit::Failed),
        ] {
            assert_eq!(exit_of_step(step, &failure(kind)), exit, "{step} {kind:?}");
        }
        let fault = RegistryFault::new(RegistryVerb::PutManifest, Party::Registry);
        let denied = failure(FailureKind::Denied).with_registry(fault);
        assert_eq!(exit_of_step("index-place", &denied), Exit::Failed, "no grant of ours");
    }

    #[test]
    fn a_result_needs_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check_place(&folder.path().join("r.json")).is_ok());
        assert!(check_place(Path::new("r.json")).is_ok());
        assert!(check_place(&folder.path().join("no/r.json")).is_err());
        assert!(check_place(folder.path()).is_err());
    }
}
