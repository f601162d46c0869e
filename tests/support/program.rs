//! Running the built program in a clean environment, with a bound on time. Asserts nothing.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::Running;

/// One run to be.
#[derive(Debug)]
pub struct Program {
    command: Command,
}

/// What a run left.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Exit code; 128 and the signal's number when it was ended by one.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// How long it took.
    pub elapsed: Duration,
}

impl Program {
    /// The `bakery` that was built beside this program, with an empty environment but for `PATH` and a home of its own.
    /// Development images ask no registry: the projects of tests name real ones.
    ///
    /// # Panics
    /// When the program was not built.
    #[must_use]
    pub fn bakery() -> Self {
        let path = artefact_folder().join("bakery");
        assert!(path.is_file(), "`{}` is missing: run `make build`", path.display());
        let mut command = Command::new(path);
        command.env_clear().env("HOME", std::env::temp_dir().join("bakery-tests-home"));
        command.env("BAKERY_OFFLINE", "true");
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        Self { command }
    }

    /// With these arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    /// With a flag and its value.
    #[must_use]
    pub fn arg(mut self, flag: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.arg(flag).arg(value);
        self
    }

    /// With this variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// In this folder.
    #[must_use]
    pub fn cwd(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Starts it with its outputs in pipes.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn spawn(mut self) -> Child {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.command.spawn().expect("the program can be started")
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it cannot be started, or takes longer than two minutes.
    #[must_use]
    pub fn run(self) -> Finished {
        self.start().finish()
    }

    /// Starts it, to be watched while it runs.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(self) -> Running {
        let started = Instant::now();
        Running::watch(self.spawn(), started)
    }
}

/// Exit code, or 128 and the signal's number.
pub(crate) fn exit_code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

/// The folder of the built programs: where this one lies.
///
/// # Panics
/// When the running program has no path.
#[must_use]
pub fn artefact_folder() -> PathBuf {
    let own = std::env::current_exe().expect("a running program has a path");
    let folder = own.parent().expect("a program lies in a folder");
    // Tests and benches lie in `deps`.
    if folder.ends_with("deps") { folder.parent().unwrap_or(folder).to_owned() } else { folder.to_owned() }
}

/// The repository's root.
///
/// # Panics
/// Never: the package lies in the repository.
#[must_use]
pub fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the repository").to_owned()
}

/// The folder of real inputs beside the repository, where it is there. A test without it says so and counts as skipped.
#[must_use]
pub fn shared_inputs() -> Option<PathBuf> {
    let folder = std::env::var_os("BAKERY_SHARED")
        .map_or_else(|| workspace_root().join("../shared"), PathBuf::from)
        .join("real");
    folder.is_dir().then_some(folder)
}

/// Where a program that tests drive lies: the real one on `PATH`, or what `make tools` built in its place.
#[must_use]
pub fn tool(name: &str) -> Option<PathBuf> {
    on_path(name).or_else(|| built_tool(name))
}

/// What `make tools` built.
#[must_use]
pub fn built_tool(name: &str) -> Option<PathBuf> {
    let built = workspace_root().join("target/tools").join(name);
    built.is_file().then_some(built)
}

/// Where a program lies on `PATH`.
#[must_use]
pub fn on_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}
