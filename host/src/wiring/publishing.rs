//! Joins the pipeline with the sandbox that runs its steps, the transfer that they call, and registries.

use std::{sync::Arc, time::Duration};

use bakery_core::{plan::publish::PublishPlan, port::EventSink};
use bakery_run::publish::{PublishOptions, Published};
use bakery_transfer::{Transfer, TransferOptions};

use super::{Edge, registries};
use crate::{
    cli::Registries,
    command::Failed,
    report::{Exit, Progress},
};

/// How a plan is carried out.
pub(crate) struct Publishing<'a> {
    /// How registries are reached.
    pub(crate) registries: &'a Registries,
    /// Write nothing.
    pub(crate) dry_run: bool,
    /// For how long what was just pushed may be unreadable.
    pub(crate) window: Duration,
}

impl Edge {
    /// Publishes. After a signal the run says what became of it, where it can be put down in time.
    ///
    /// # Errors
    /// Nothing has been asked: docker's configuration or a certificate authority cannot be read.
    pub(crate) fn publish(
        &self,
        plan: &PublishPlan,
        how: &Publishing<'_>,
        progress: &Arc<Progress>,
    ) -> Result<(Option<Published>, Option<Exit>), Failed> {
        let credentials = registries::credentials()?;
        let registry = registries::open(how.registries, how.dry_run, Arc::clone(&credentials))?;
        let live = self.live()?;
        let transfer = Transfer::new(live.gate.clone(), registry, TransferOptions::default());
        let steps = live.sandbox.steps(transfer, live.tools(credentials));
        let cancel = live.cancel.clone();
        let listener = Arc::clone(progress);
        let options = PublishOptions {
            jobs: self.jobs,
            window: how.window,
            cancelled: Arc::new(move || cancel.is_cancelled()),
            ended: Arc::new(move |report| listener.ended(report)),
            ..PublishOptions::default()
        };
        let events = Arc::clone(progress) as Arc<dyn EventSink>;
        Ok(live.finish(bakery_run::publish::publish(&steps, plan, &options, events)))
    }
}
