//! Commands as processes: what the gate calls, and who waits for the last of them. Keeps nothing of a command.

use std::{ffi::OsString, path::PathBuf, sync::Arc, time::Duration};

use bakery_core::port::{
    Admission, BoxFuture, Failure, FailureKind,
    command::{CallCommands, CommandCalls, CommandOutput, Commands, Invocation, LineSink},
};
use tokio::sync::{oneshot, watch};

use super::attempt;

/// How processes are started and ended.
#[derive(Clone, Debug)]
pub struct ProcessOptions {
    /// The words that start this program so that it calls [`super::supervise_main`] first thing: its own path, or
    /// better `/proc/self/exe`, and a word that no user types.
    pub supervisor: Vec<OsString>,
    /// Whether a control group is used where the system lets us make one.
    pub cgroup: bool,
    /// Where `/proc` is.
    pub proc: PathBuf,
    /// The longest grace where bakery itself is gone.
    pub orphaned: Duration,
}

impl ProcessOptions {
    /// Supervisors by these words; control groups where they can be made; two seconds where bakery is gone.
    #[must_use]
    pub fn new(supervisor: Vec<OsString>) -> Self {
        Self { supervisor, cgroup: true, proc: "/proc".into(), orphaned: Duration::from_secs(2) }
    }
}

/// Programs of this machine.
pub struct Processes {
    options: Arc<ProcessOptions>,
    running: watch::Sender<usize>,
}

impl Processes {
    /// Starts nothing yet.
    #[must_use]
    pub fn new(options: ProcessOptions) -> Self {
        Self { options: Arc::new(options), running: watch::Sender::new(0) }
    }

    /// Completes when no command runs, those that nobody waits for included. Whoever removes a scratch space, or ends
    /// the program after a cancelled run, waits for this first.
    pub async fn settled(&self) {
        settled(&self.running).await;
    }
}

impl Commands for Processes {
    fn run<'a>(
        &'a self,
        _admission: &'a dyn Admission,
        invocation: &'a Invocation,
        lines: Option<Arc<dyn LineSink>>,
    ) -> BoxFuture<'a, Result<CommandOutput, Failure>> {
        Box::pin(run(&self.options, vec![Counted::one_more(&self.running)], invocation, lines))
    }
}

impl CommandCalls for Processes {
    fn begin(&self) -> Arc<dyn CallCommands> {
        let (options, all) = (Arc::clone(&self.options), self.running.clone());
        Arc::new(Call { options, all, own: watch::Sender::new(0) })
    }
}

/// The programs of one call.
struct Call {
    options: Arc<ProcessOptions>,
    all: watch::Sender<usize>,
    own: watch::Sender<usize>,
}

impl Commands for Call {
    fn run<'a>(
        &'a self,
        _admission: &'a dyn Admission,
        invocation: &'a Invocation,
        lines: Option<Arc<dyn LineSink>>,
    ) -> BoxFuture<'a, Result<CommandOutput, Failure>> {
        let counted = vec![Counted::one_more(&self.all), Counted::one_more(&self.own)];
        Box::pin(run(&self.options, counted, invocation, lines))
    }
}

impl CallCommands for Call {
    fn settled(&self) -> BoxFuture<'_, ()> {
        Box::pin(settled(&self.own))
    }
}

async fn settled(running: &watch::Sender<usize>) {
    // The sender lives as long as its borrow, so there is always an answer.
    let _ = running.subscribe().wait_for(|running| *running == 0).await;
}

async fn run(
    options: &Arc<ProcessOptions>,
    counted: Vec<Counted>,
    invocation: &Invocation,
    lines: Option<Arc<dyn LineSink>>,
) -> Result<CommandOutput, Failure> {
    // The attempt is a task of its own, so that it sees a command to its end when this future is dropped: the leash
    // then goes with it.
    let (leash, cut) = oneshot::channel();
    let work = attempt::run(Arc::clone(options), invocation.clone(), lines, cut);
    let outcome = tokio::spawn(async move {
        let outcome = work.await;
        drop(counted);
        outcome
    })
    .await;
    drop(leash);
    outcome.unwrap_or_else(|_| {
        let name = invocation.name();
        Err(Failure::new(FailureKind::Cancelled, name, format!("`{name}` was given up")))
    })
}

/// One running command.
struct Counted(watch::Sender<usize>);

impl Counted {
    fn one_more(running: &watch::Sender<usize>) -> Self {
        running.send_modify(|running| *running += 1);
        Self(running.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|running| *running -= 1);
    }
}
