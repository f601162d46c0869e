//! Joins programs of this machine with their supervisors and with folders for the calls that need some. Starts nothing
//! by itself.

use std::{
    ffi::OsString,
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bakery_backend::{
    command::{ProcessOptions, Processes, supervise_main},
    registry::Credentials,
    scratch_space::ScratchFolders,
};
use bakery_core::{
    policy::{Operation, OperationKind},
    port::{
        Failure,
        scratch::{ScratchSpace, ScratchSpaces, SpaceOrder},
    },
};
use bakery_gate::Gate;
use bakery_sandbox::StepTools;

use crate::cli::env;

/// The word behind which this program is a supervisor. Nobody types it.
const SUPERVISE: &str = "__supervise";

/// How long the end of everything may take: the grace of a command, and what its supervisor takes beyond that.
const SETTLE: Duration = Duration::from_secs(30);

/// How long making a folder may take.
const SPACE_TIME: Duration = Duration::from_secs(60);

/// Whether this process was started as a supervisor; then it has been one.
pub(super) fn supervise(arguments: &[OsString]) -> Option<ExitCode> {
    let [_, word, rest @ ..] = arguments else { return None };
    (word == SUPERVISE).then(|| supervise_main(rest))
}

/// A folder that is gone with this process at the latest, where so many bytes are free.
pub(super) async fn space(
    spaces: &dyn ScratchSpaces,
    gate: &Gate,
    bytes: u64,
) -> Result<Arc<dyn ScratchSpace>, Failure> {
    let order = SpaceOrder { bytes: Some(bytes), ..SpaceOrder::default() };
    let operation = Operation::new(OperationKind::Command, "scratch space", SPACE_TIME, SPACE_TIME).once();
    let order = &order;
    gate.run(&operation, |permit| async move { spaces.open(&permit, order).await }).await
}

/// Programs and folders of one run, made when something first needs them.
#[derive(Default)]
pub(super) struct Workshop {
    processes: OnceLock<Arc<Processes>>,
    folders: OnceLock<Arc<ScratchFolders>>,
}

impl Workshop {
    /// Programs of this machine.
    pub(super) fn processes(&self) -> Arc<Processes> {
        let words = vec!["/proc/self/exe".into(), SUPERVISE.into()];
        self.processes.get_or_init(|| Arc::new(Processes::new(ProcessOptions::new(words)))).clone()
    }

    /// What steps may be given. `credentials` are those of the run.
    pub(super) fn tools(&self, credentials: Arc<Credentials>) -> StepTools {
        let make = || Arc::new(ScratchFolders::new(base(), credentials));
        let spaces = self.folders.get_or_init(make).clone();
        StepTools { commands: self.processes(), spaces }
    }

    /// Completes when no program runs and no folder is left, or when that takes too long: what is left then is ended
    /// by its supervisor, and removed by the next run.
    pub(super) async fn settled(&self) {
        let ended = async {
            if let Some(processes) = self.processes.get() {
                processes.settled().await;
            }
            if let Some(folders) = self.folders.get() {
                folders.settled().await;
            }
        };
        if tokio::time::timeout(SETTLE, ended).await.is_err() {
            tracing::warn!("a program or its scratch space does not end; its supervisor goes on ending it");
        }
    }
}

/// Where folders are made.
fn base() -> PathBuf {
    let base = env::SCRATCH_DIR.read_os().map_or_else(std::env::temp_dir, PathBuf::from);
    std::path::absolute(&base).unwrap_or(base)
}
