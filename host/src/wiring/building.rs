//! Joins a build with the program that carries it out: gate, processes, a folder for what builders write.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bakery_backend::{
    HttpClient,
    command::{ProcessOptions, Processes},
};
use bakery_core::{
    model::Platform,
    plan::{Target, build::BuildSettings},
    policy::{Jitter, RetryPolicy},
    port::{EventSink, Measured},
};
use bakery_gate::{Gate, GateOptions};
use bakery_run::build::{self, BuildReport};
use bakery_transfer::{Transfer, TransferOptions};
use serde_json::Value;

use super::{Edge, Live, SUPERVISE, builder, measure, registries};
use crate::{
    cli::{BuilderKind, Registries, Strategy},
    command::Failed,
    report::{BuildProgress, Exit},
};

/// The pause before a further attempt. Whoever was busy wants it longer, and says so.
const PAUSE: Duration = Duration::from_secs(5);

/// How long a cancelled builder may take to end, and everything that it started.
const GRACE: Duration = Duration::from_secs(30);

/// How targets are built.
pub(crate) struct Building<'a> {
    /// One command, or one for each target.
    pub(crate) strategy: Strategy,
    /// What builds, where the user says.
    pub(crate) builder: Option<BuilderKind>,
    /// After a failure begin nothing more.
    pub(crate) fail_fast: bool,
    /// Further attempts.
    pub(crate) retry: u32,
    /// The project's folder, absolute.
    pub(crate) project: &'a Path,
    /// What is added to every target.
    pub(crate) settings: BuildSettings<'a>,
    /// The bake plan.
    pub(crate) plan: &'a Value,
    /// The platforms that the user chose, where all targets are built for all of them.
    pub(crate) platforms: Option<Vec<Platform>>,
    /// Whether the builder is asked what it built.
    pub(crate) metadata: bool,
    /// Whether sizes are looked up afterwards.
    pub(crate) measure: bool,
    /// How registries are reached.
    pub(crate) registries: &'a Registries,
    /// The environment of the builder.
    pub(crate) environment: Vec<(std::ffi::OsString, std::ffi::OsString)>,
    /// Where programs are looked up.
    pub(crate) path: std::ffi::OsString,
}

/// What a build came to.
#[derive(Default)]
pub(crate) struct BuildEnd {
    /// What became of every target.
    pub(crate) report: BuildReport,
    /// What images measure in their registry, by target, where that was looked up.
    pub(crate) registry: HashMap<String, Measured>,
    /// What images measure in the local store.
    pub(crate) local: HashMap<String, u64>,
}

impl Edge {
    /// Builds. After a signal the run says what became of it, when nothing that it started is left.
    ///
    /// # Errors
    /// Nothing has been built: there is no builder, or what it needs cannot be read or made.
    pub(crate) fn build(
        &self,
        targets: &Arc<[Target]>,
        how: &Building<'_>,
        progress: &Arc<BuildProgress>,
    ) -> Result<(Option<BuildEnd>, Option<Exit>), Failed> {
        let live = self.live()?;
        let registry = registries::open(how.registries, false)?;
        let folder = bakery_backend::files::temporary_folder("bakery-build-").map_err(|error| {
            Failed::because(format!("cannot make a folder for what builders write: {error}"))
        })?;
        let supervisor = vec!["/proc/self/exe".into(), SUPERVISE.into()];
        let processes = Arc::new(Processes::new(ProcessOptions::new(supervisor)));
        let gate = live.gate_for_builders(how.retry);
        let transfer = Transfer::new(live.gate.clone(), registry, TransferOptions::default());
        let work = async {
            let caller = builder::Caller::new(gate, Arc::clone(&processes), Arc::clone(progress), how);
            let ended = match builder::choose(caller, how, folder.path(), transfer.clone()).await {
                Ok(builder) => Ok(self.build_with(&builder, targets, how, progress, live, &transfer).await),
                Err(failed) => Err(failed),
            };
            processes.settled().await;
            ended
        };
        let (ended, exit) = live.finish_within(GRACE, work);
        match (ended, exit) {
            (Some(Err(_)), Some(exit)) => Err(Failed::Signal(exit)),
            (ended, exit) => Ok((ended.transpose()?, exit)),
        }
    }

    async fn build_with(
        &self,
        builder: &builder::Chosen<'_>,
        targets: &Arc<[Target]>,
        how: &Building<'_>,
        progress: &Arc<BuildProgress>,
        live: &Live,
        transfer: &Transfer,
    ) -> BuildEnd {
        let (began, ended, cancel) = (Arc::clone(progress), Arc::clone(progress), live.cancel.clone());
        let options = build::BuildOptions {
            strategy: builder.strategy(how.strategy),
            jobs: self.jobs,
            fail_fast: how.fail_fast,
            cancelled: Arc::new(move || cancel.is_cancelled()),
            began: Arc::new(move |target| began.began(target)),
            ended: Arc::new(move |target, failure| ended.ended(target, failure)),
        };
        let report = build::build(builder.as_dyn(), targets, &options).await;
        let mut end = BuildEnd { report, ..BuildEnd::default() };
        if how.measure && !live.cancel.is_cancelled() {
            end.registry = measure::in_registry(transfer, targets, &end.report, how).await;
            end.local = builder.local_sizes(targets, &end.report).await;
        }
        end
    }
}

impl Live {
    /// A gate that tries a builder again as often as the user says.
    fn gate_for_builders(&self, retry: u32) -> Gate {
        let events: Arc<dyn EventSink> = Arc::new(Silent);
        let mut options = GateOptions::new(Arc::new(HttpClient::new()), events);
        options.cancel = self.cancel.clone();
        options.retry = RetryPolicy {
            attempts: retry.saturating_add(1),
            initial: PAUSE,
            multiplier: 1.0,
            max: PAUSE,
            jitter: Jitter::None,
            ..RetryPolicy::default()
        };
        Gate::new(options)
    }
}

/// Each command has a listener of its own.
struct Silent;

impl EventSink for Silent {
    fn emit(&self, _: bakery_core::port::Event) {}
}

/// An absolute path of a folder that is there.
pub(crate) fn absolute(folder: &Path) -> Result<PathBuf, Failed> {
    folder.canonicalize().map_err(|error| Failed::because(format!("`{}`: {error}", folder.display())))
}
