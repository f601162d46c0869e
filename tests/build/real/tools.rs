//! Programs that a test needs and that are not always on the PATH, and daemons that end with the test.

use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use bakery_tests::{on_path, workspace_root};
use libtest_mimic::Failed;

/// How long a daemon may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program: in the folder that `BAKERY_TEST_TOOLS` names, in `target/tools`, among docker's plugins, or on the PATH.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let plugins = ["/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins"].map(PathBuf::from);
    let named = std::env::var_os("BAKERY_TEST_TOOLS").map(PathBuf::from);
    let folders = named.into_iter().chain([workspace_root().join("target/tools")]).chain(plugins);
    let places = folders.map(|folder| folder.join(name)).chain(on_path(name));
    // Daemons lie where not every PATH looks.
    places.chain([Path::new("/usr/sbin").join(name)]).find(|path| path.is_file())
}

/// What buildkit starts containers with.
pub(crate) fn runtime() -> Option<PathBuf> {
    find("runc").or_else(|| find("crun"))
}

/// Whether this process may start containers.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// A daemon; it ends with the value.
pub(crate) struct Daemon(Child);

impl Daemon {
    /// Starts it and waits for its socket. What it says goes to `log`.
    pub(crate) fn start(mut command: Command, socket: &Path, log: &Path) -> Result<Self, Failed> {
        let said = std::fs::File::create(log)?;
        command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
        let mut daemon = Self(command.spawn()?);
        let begun = Instant::now();
        while std::os::unix::net::UnixStream::connect(socket).is_err() {
            if daemon.0.try_wait()?.is_some() || begun.elapsed() > PATIENCE {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                return Err(format!("{command:?} does not listen: {said}").into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(daemon)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Asked first: a daemon that is killed leaves mounts behind.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
