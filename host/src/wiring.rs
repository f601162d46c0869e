//! The only room that names concrete backends: joins clock, gate, sandbox and backend when something is first asked.
//! No logic of versions or plans, and nothing is started before it is needed.

mod asking;
mod building;
mod clusters;
#[cfg(target_os = "linux")]
mod commands;
mod programs;
mod publishing;
mod registries;
mod signals;
mod storing;
mod tool;

use std::{
    cell::OnceCell,
    ffi::OsString,
    future::Future,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use bakery_backend::{HttpClient, registry::Credentials};
use bakery_core::{
    policy::{Mirrors, RetryPolicy},
    port::{EventSink, Resolvers},
};
use bakery_gate::{CancellationToken, Gate, GateOptions};
use bakery_sandbox::{Builtin, CachePlace, Inspection, Limits, Sandbox, SandboxOptions, StepTools};

#[cfg(target_os = "linux")]
use self::commands::Workshop;
use self::signals::Signals;
pub(crate) use self::{
    building::{BuildEnd, Building, absolute},
    clusters::Clusters,
    publishing::Publishing,
    storing::{Archives, OpenStore, Storing},
};
use crate::{
    cli::{Network, UsageError, env},
    command::Failed,
    report::{Exit, Talker},
};

/// How long a cancelled run may take to put things down.
const GRACE: Duration = Duration::from_millis(500);

include!(concat!(env!("OUT_DIR"), "/builtins.rs"));

/// The way to everything outside.
pub(crate) struct Edge {
    mirrors: Mirrors,
    jobs: NonZeroUsize,
    retry: RetryPolicy,
    folder: PathBuf,
    talker: Arc<Talker>,
    live: OnceCell<Live>,
}

struct Live {
    /// Taken when it is put down.
    runtime: Option<tokio::runtime::Runtime>,
    gate: Gate,
    sandbox: Arc<Sandbox>,
    cancel: CancellationToken,
    #[cfg(target_os = "linux")]
    workshop: Workshop,
}

impl Drop for Live {
    fn drop(&mut self) {
        // A name look-up that hangs in the system's resolver must not keep the program.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Edge {
    /// Checks what the user said about the network; starts nothing.
    pub(crate) fn new(network: &Network, folder: &Path, talker: &Arc<Talker>) -> Result<Self, UsageError> {
        let mirrors = Mirrors::parse(&network.mirrors).map_err(|error| {
            UsageError::new(format!("--mirror: {error}"))
                .hint("write --mirror FROM=TO, for example --mirror https://cdn.posit.co/=https://mirror.example/posit/")
        })?;
        let mut retry = RetryPolicy::default();
        if let Some(attempts) = network.retry_attempts {
            retry.attempts = attempts;
        }
        Ok(Self { mirrors, ..Self::with(network.jobs, retry, folder, talker) })
    }

    /// To registries and to nothing else; starts nothing.
    pub(crate) fn to_registries(
        jobs: NonZeroUsize,
        retry: RetryPolicy,
        folder: &Path,
        talker: &Arc<Talker>,
    ) -> Self {
        Self::with(jobs, retry, folder, talker)
    }

    fn with(jobs: NonZeroUsize, retry: RetryPolicy, folder: &Path, talker: &Arc<Talker>) -> Self {
        Self {
            mirrors: Mirrors::default(),
            jobs,
            retry,
            folder: folder.to_owned(),
            talker: Arc::clone(talker),
            live: OnceCell::new(),
        }
    }

    /// Questions at the same time.
    pub(crate) fn jobs(&self) -> NonZeroUsize {
        self.jobs
    }

    /// Runs work that asks. Ctrl-C and SIGTERM cancel it: waiting ends at once.
    pub(crate) fn run<'a, T, F>(&'a self, work: impl FnOnce(&'a dyn Resolvers) -> F) -> Result<T, Failed>
    where
        F: Future<Output = T>,
    {
        let live = self.live()?;
        // What was asked is put down; an answer that still arrives is not used.
        live.complete_within(GRACE, work(live.sandbox.as_ref()))
    }

    fn live(&self) -> Result<&Live, Failed> {
        if let Some(live) = self.live.get() {
            return Ok(live);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Failed::because(format!("cannot start the runtime: {error}")))?;
        let cancel = CancellationToken::new();
        let events: Arc<dyn EventSink> = Arc::clone(&self.talker) as Arc<dyn EventSink>;
        let mut options = GateOptions::new(Arc::new(HttpClient::new()), Arc::clone(&events));
        options.mirrors = self.mirrors.clone();
        options.cancel = cancel.clone();
        options.retry = self.retry.clone();
        options.retry.seed = u64::from(std::process::id());
        let gate = Gate::new(options);
        let sandbox = Arc::new(Sandbox::new(SandboxOptions {
            gate: Arc::new(gate.clone()),
            events,
            limits: Limits::default(),
            builtins: BUILTINS,
            root: self.folder.clone(),
            cache: cache_place(),
            compiler: std::env::current_exe().ok().map(|own| vec![own.into_os_string(), "__compile".into()]),
        }));
        Ok(self.live.get_or_init(|| Live {
            runtime: Some(runtime),
            gate,
            sandbox,
            cancel,
            #[cfg(target_os = "linux")]
            workshop: Workshop::default(),
        }))
    }
}

impl Live {
    /// Runs work to its end. The first signal cancels the run, and the work may still say what became of it; the
    /// second one ends the program.
    fn finish<T>(&self, work: impl Future<Output = T>) -> (Option<T>, Option<Exit>) {
        self.finish_within(GRACE, work)
    }

    /// The same, where putting things down may take so long.
    fn finish_within<T>(&self, grace: Duration, work: impl Future<Output = T>) -> (Option<T>, Option<Exit>) {
        let runtime = self.runtime.as_ref().expect("the runtime is taken only when everything is put down");
        runtime.block_on(async {
            let mut signals = Signals::listen();
            let mut work = std::pin::pin!(work);
            let exit = tokio::select! {
                done = &mut work => {
                    self.settled().await;
                    return (Some(done), None);
                }
                exit = signals.next() => exit,
            };
            self.cancel.cancel();
            tokio::spawn(signals.end_at_next());
            let done = tokio::time::timeout(grace, work).await.ok();
            self.settled().await;
            (done, Some(exit))
        })
    }

    /// The same for work whose answer is of no use after a signal.
    fn complete_within<T>(&self, grace: Duration, work: impl Future<Output = T>) -> Result<T, Failed> {
        match self.finish_within(grace, work) {
            (_, Some(exit)) => Err(Failed::Signal(exit)),
            (Some(done), None) => Ok(done),
            (None, None) => Err(Failed::because("the run ended without an answer")),
        }
    }

    /// What steps work with beside registries.
    #[cfg(target_os = "linux")]
    fn tools(&self, credentials: Arc<Credentials>) -> Option<StepTools> {
        Some(self.workshop.tools(credentials))
    }

    /// Other systems have no commands.
    #[cfg(not(target_os = "linux"))]
    fn tools(&self, _credentials: Arc<Credentials>) -> Option<StepTools> {
        None
    }

    /// Waits until no program runs and no scratch space is left. Takes no time where there were none.
    #[cfg(target_os = "linux")]
    async fn settled(&self) {
        self.workshop.settled().await;
    }

    /// Nothing could have been started.
    #[cfg(not(target_os = "linux"))]
    async fn settled(&self) {}
}

/// Whether this process was started to watch over a command; then it has done that, and ends like this.
#[cfg(target_os = "linux")]
pub(crate) fn supervise(arguments: &[OsString]) -> Option<ExitCode> {
    commands::supervise(arguments)
}

/// Other systems have no commands.
#[cfg(not(target_os = "linux"))]
pub(crate) fn supervise(_arguments: &[OsString]) -> Option<ExitCode> {
    None
}

/// What a component imports and exports, without running it.
pub(crate) fn inspect(bytes: &[u8]) -> Result<Inspection, String> {
    bakery_sandbox::inspect(bytes).map_err(|error| error.to_string())
}

/// The child process that compiles; gives whether it succeeded.
pub(crate) fn compile_child() -> bool {
    bakery_sandbox::compile_child_main() == std::process::ExitCode::SUCCESS
}

/// Where compiled third-party components are kept, where the user has a home.
fn cache_place() -> Option<CachePlace> {
    let home = env::HOME.read_os().map(PathBuf::from);
    let below = |variable: &env::Variable, fallback: &str| {
        variable
            .read_os()
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| home.as_ref().map(|home| home.join(fallback)))
            .map(|path| path.join("bakery"))
    };
    Some(CachePlace {
        cache: below(&env::CACHE_HOME, ".cache")?.join("components"),
        state: below(&env::STATE_HOME, ".local/state")?,
    })
}
