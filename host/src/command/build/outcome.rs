//! What became of a build: told, written as metadata, summed up, and turned into an exit code.

use std::{path::Path, time::Duration};

use bakery_backend::files::write_atomic;
use bakery_core::{
    plan::{Target, build::document, summary::Summary},
    port::FailureKind,
};
use bakery_run::build::{BuildReport, BuildStatus};

use crate::{
    cli::{BuildOptions, SummaryFormat},
    command::{Ended, Failed, failed::exit_of},
    report::{self, BuildClosing, Exit, Stdout, Talker},
    wiring::BuildEnd,
};

/// Everything that is known when a build ended.
pub(super) struct Outcome<'a> {
    pub(super) options: &'a BuildOptions,
    pub(super) targets: &'a [Target],
    /// Nothing where the run could not be put down in time.
    pub(super) end: Option<&'a BuildEnd>,
    pub(super) elapsed: Duration,
    pub(super) signal: Option<Exit>,
}

impl Outcome<'_> {
    /// Writes and tells. Metadata that cannot be written fail a build that went well, and a summary fails nothing.
    pub(super) fn conclude(&self, talker: &Talker) -> Ended {
        let mut exit = self.exit();
        let (targets, elapsed) = (self.targets, self.elapsed);
        let report = self.end.map(|end| &end.report);
        if let (Some(report), Some(file)) = (report, &self.options.metadata_file)
            && let Err(failed) = write(file, targets, report)
        {
            exit = exit.worse(failed.tell(talker));
        }
        let signal = self.signal.filter(|_| exit != Exit::Done);
        BuildClosing { targets, report, elapsed, signal }.tell(talker);
        match self.options.summary {
            None => {}
            Some(SummaryFormat::Table) => talker.table(&report::table(&self.summary())),
            Some(SummaryFormat::Json) => {
                if let Err(error) = Stdout.json(&self.summary().to_json()) {
                    exit = exit.worse(Failed::from(error).tell(talker));
                }
            }
        }
        Ok(exit)
    }

    fn exit(&self) -> Exit {
        let Some(end) = self.end else { return self.signal.unwrap_or(Exit::Failed) };
        if end.report.is_complete() {
            return Exit::Done;
        }
        self.signal.unwrap_or_else(|| {
            let exits = end.report.failures.iter().map(|one| match one.failure.kind {
                // What a registry denies is not a grant of this program.
                FailureKind::Denied => Exit::Failed,
                _ => exit_of(&one.failure),
            });
            exits.reduce(Exit::worse).unwrap_or(Exit::Failed)
        })
    }

    /// Counts every target, and sizes of those that were built.
    fn summary(&self) -> Summary {
        let mut summary = Summary::of_build(self.targets, self.options.cache_registry.as_deref());
        let Some(end) = self.end else { return summary };
        for row in &mut summary.targets {
            let measured = end.registry.get(&row.uid);
            row.layers = measured.map(|measured| measured.layers);
            row.registry_size = measured.map(|measured| measured.bytes);
            row.local_size = end.local.get(&row.uid).copied();
        }
        summary
    }
}

/// Writes what was built; nothing where nothing was.
fn write(file: &Path, targets: &[Target], report: &BuildReport) -> Result<(), Failed> {
    let entries = targets.iter().zip(&report.targets).filter_map(|(target, built)| match &built.status {
        BuildStatus::Built(Some(entry)) => Some((target, entry)),
        _ => None,
    });
    let Some(document) = document(entries, &report.beside) else { return Ok(()) };
    write_atomic(file, format!("{document:#}\n").as_bytes())
        .map_err(|error| Failed::because(format!("cannot write `{}`: {error}", file.display())))
}
