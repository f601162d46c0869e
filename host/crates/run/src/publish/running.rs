//! Calls under way, each a task of its own: one that panics takes no other down. Knows no order.

use std::{any::Any, collections::HashMap, sync::Arc};

use bakery_core::port::{Failure, FailureKind, StepCall, StepOutcome, StepRunner};
use tokio::task::{Id, JoinError, JoinSet};

use super::schedule::Work;

/// Calls under way. Dropped, it ends them.
#[derive(Default)]
pub(super) struct Running {
    tasks: JoinSet<Result<StepOutcome, Failure>>,
    works: HashMap<Id, (Work, String)>,
}

impl Running {
    /// Begins a call.
    pub(super) fn begin(&mut self, work: Work, runner: Arc<dyn StepRunner>, call: StepCall) {
        let uid = call.task.uid.clone();
        let task = self.tasks.spawn(async move { runner.run(&call).await });
        self.works.insert(task.id(), (work, uid));
    }

    /// The next call that ends, and how. None where none is under way.
    pub(super) async fn next(&mut self) -> Option<(Work, Result<StepOutcome, Failure>)> {
        loop {
            let ended = self.tasks.join_next_with_id().await?;
            let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
            // Every task is noted before it can end.
            if let Some((work, uid)) = self.works.remove(&id) {
                let answer = ended.map_or_else(|error| Err(broken(error, &uid)), |(_, answer)| answer);
                return Some((work, answer));
            }
        }
    }
}

/// A task that did not end by itself.
fn broken(error: JoinError, uid: &str) -> Failure {
    match error.try_into_panic() {
        Ok(panic) => {
            let message = format!("bakery itself failed in the middle of a step: {}", said(panic.as_ref()));
            Failure::new(FailureKind::Internal, uid, message)
                .with_hint("this is a defect of bakery; the other targets go on")
        }
        Err(_) => Failure::new(FailureKind::Cancelled, uid, "the program ends"),
    }
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("it said nothing")
}
