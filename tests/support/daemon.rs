//! Programs that a test needs and that are not always on the PATH, and daemons that end with the test.

use std::{
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{on_path, workspace_root};

/// How long a daemon may take to listen, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program: in the folder that `BAKERY_TEST_TOOLS` names, in `target/tools`, among docker's plugins, or on the PATH.
#[must_use]
pub fn find_tool(name: &str) -> Option<PathBuf> {
    let plugins = ["/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins"].map(PathBuf::from);
    let named = std::env::var_os("BAKERY_TEST_TOOLS").map(PathBuf::from);
    let folders = named.into_iter().chain([workspace_root().join("target/tools")]).chain(plugins);
    let places = folders.map(|folder| folder.join(name)).chain(on_path(name));
    // Daemons lie where not every PATH looks.
    places.chain([Path::new("/usr/sbin").join(name)]).find(|path| path.is_file())
}

/// What starts containers.
#[must_use]
pub fn container_runtime() -> Option<PathBuf> {
    find_tool("runc").or_else(|| find_tool("crun"))
}

/// Whether this process may start containers.
#[must_use]
pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// A daemon; it ends with the value.
#[derive(Debug)]
pub struct Daemon(Child);

impl Daemon {
    /// Starts it and waits for its socket. What it says goes to `log`.
    ///
    /// # Errors
    /// It cannot be started, or does not listen within a minute.
    pub fn start(mut command: Command, socket: &Path, log: &Path) -> io::Result<Self> {
        let said = std::fs::File::create(log)?;
        command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
        let mut daemon = Self(command.spawn()?);
        let begun = Instant::now();
        while std::os::unix::net::UnixStream::connect(socket).is_err() {
            if daemon.0.try_wait()?.is_some() || begun.elapsed() > PATIENCE {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                return Err(io::Error::other(format!("{command:?} does not listen: {said}")));
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
