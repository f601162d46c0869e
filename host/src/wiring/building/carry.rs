//! Joins a build with the program that carries it out: gate, processes, a space for what builders write.

use std::{sync::Arc, time::Duration};

use bakery_backend::HttpClient;
use bakery_core::{
    plan::Target,
    policy::{Jitter, RetryPolicy},
    port::{Event, EventSink, Failure},
};
use bakery_gate::{Gate, GateOptions};
use bakery_run::build;
use bakery_transfer::{Transfer, TransferOptions};

use super::{
    BuildEnd, Building,
    builder::{self, Caller, Chosen, Parts},
    measure,
};
use crate::{
    command::Failed,
    report::{BuildProgress, Exit},
    wiring::{Edge, Live, commands, registries},
};

/// The pause before a further attempt. Whoever was busy wants it longer, and says so.
const PAUSE: Duration = Duration::from_secs(5);

/// How long a cancelled builder may take to end, and everything that it started.
const GRACE: Duration = Duration::from_secs(30);

/// Bytes that must be free for what builders write beside images.
const SPACE: u64 = 64 << 20;

impl Edge {
    /// Builds. After a signal the run says what became of it, when nothing that it started is left.
    ///
    /// `prepare` makes what the targets are built from, when signals are listened to; what it gives is kept until
    /// nothing is built any more.
    ///
    /// # Errors
    /// Nothing has been built: what is needed cannot be read or made, or there is no builder.
    pub(crate) fn build<F>(
        &self,
        targets: &Arc<[Target]>,
        how: &Building<'_>,
        progress: &Arc<BuildProgress>,
        prepare: impl FnOnce() -> Result<F, Failed>,
    ) -> Result<(Option<BuildEnd>, Option<Exit>), Failed> {
        let live = self.live()?;
        let credentials = registries::credentials()?;
        let registry = registries::open(how.registries, false, Arc::clone(&credentials))?;
        let processes = live.workshop.processes();
        let spaces = live.workshop.tools(credentials).spaces;
        let gate = live.gate_for_builders(how.retry);
        let transfer = Transfer::new(live.gate.clone(), registry, TransferOptions::default());
        let work = async {
            let kept = prepare()?;
            let space = commands::space(spaces.as_ref(), &live.gate, SPACE)
                .await
                .map_err(|failure| cannot(&failure))?;
            let caller = Caller::new(gate, Arc::clone(&processes), Arc::clone(progress), how);
            let parts = Parts { caller, how, space: space.as_ref(), transfer: transfer.clone() };
            let ended = match builder::choose(parts).await {
                Ok(builder) => Ok(self.build_with(&builder, targets, how, progress, live, &transfer).await),
                Err(failed) => Err(failed),
            };
            processes.settled().await;
            space.remove().await;
            drop(kept);
            ended
        };
        match live.finish_within(GRACE, work) {
            (Some(Err(_)), Some(exit)) => Err(Failed::Signal(exit)),
            (ended, exit) => Ok((ended.transpose()?, exit)),
        }
    }

    async fn build_with(
        &self,
        builder: &Chosen<'_>,
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

fn cannot(failure: &Failure) -> Failed {
    let failed = Failed::because(format!("there is no space for what builders write: {}", failure.message));
    match &failure.hint {
        Some(hint) => failed.hint(hint.clone()),
        None => failed,
    }
}

impl Live {
    /// A gate that tries a builder again as often as the user says.
    fn gate_for_builders(&self, retry: u32) -> Gate {
        let mut options = GateOptions::new(Arc::new(HttpClient::new()), Arc::new(Silent));
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
    fn emit(&self, _: Event) {}
}
