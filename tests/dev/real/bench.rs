//! Where a test hurts bakery: programs on a `PATH` of its own, `dev check` and the lines that it prints, and what of
//! bakery's children still lives. Decides nothing about what is right.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use bakery_tests::{Finished, Program, artefact_folder, on_path};
use serde_json::Value;

use crate::store::{Kind, Store};

/// How long what was ended may take to be gone.
const PATIENCE: Duration = Duration::from_secs(20);
/// Checks until everything must agree.
const ROUNDS: usize = 4;

/// A `PATH`, and an image store or none.
pub(crate) struct Bench {
    place: tempfile::TempDir,
    /// The image store.
    pub(crate) store: Option<Store>,
}

/// A finding of `dev check`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Its kind.
    pub(crate) code: String,
    /// The line that mends it.
    pub(crate) mend: String,
}

impl Bench {
    /// Without an image store: nothing on the `PATH` is one.
    pub(crate) fn plain() -> Self {
        let bench = Self::with(None);
        for name in ["git", "sh"] {
            symlink(on_path(name).unwrap(), bench.programs().join(name)).unwrap();
        }
        bench
    }

    /// With `buildah` and a store of its own.
    pub(crate) fn with_store() -> Self {
        let bench = Self::with(Some(Store::new(Kind::Buildah)));
        // Without an image for each step a build takes a third of the time; nothing here is about the cache.
        let text = format!(
            "#!/bin/sh\n[ \"$1 $2\" = 'build --layers' ] && shift 2 && set -- build \"$@\"\nexec {} \"$@\"\n",
            on_path("buildah").unwrap().display()
        );
        script(bench.place.path(), "quick-buildah", &text);
        bench.restore_buildah();
        bench
    }

    /// The program that scripts in buildah's place call.
    pub(crate) fn buildah(&self) -> PathBuf {
        self.path("quick-buildah")
    }

    /// Takes a script in buildah's place away again.
    pub(crate) fn restore_buildah(&self) {
        let place = self.programs().join("buildah");
        let _ = fs::remove_file(&place);
        symlink(self.buildah(), place).unwrap();
    }

    fn with(store: Option<Store>) -> Self {
        let bench = Self { place: tempfile::tempdir().unwrap(), store };
        fs::create_dir(bench.programs()).unwrap();
        bench
    }

    /// The image store.
    #[track_caller]
    pub(crate) fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    /// A file of the test's own.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// The first folder of the `PATH`.
    pub(crate) fn programs(&self) -> PathBuf {
        self.path("bin")
    }

    fn path_variable(&self) -> OsString {
        let rest = self.store.as_ref().and_then(|_| std::env::var_os("PATH")).unwrap_or_default();
        let folders = std::env::split_paths(&rest).filter(|folder| !folder.as_os_str().is_empty());
        std::env::join_paths(std::iter::once(self.programs()).chain(folders)).unwrap()
    }

    /// What bakery and the shell are told.
    pub(crate) fn environment(&self) -> Vec<(&'static str, OsString)> {
        let home = self.store.as_ref().map_or(self.place.path(), |store| store.place.path());
        // No test asks a registry that it did not start.
        let offline = ("BAKERY_OFFLINE", OsString::from("true"));
        let mut all = vec![("PATH", self.path_variable()), ("HOME", home.into()), offline];
        if let Some(store) = &self.store {
            all.push(("CONTAINERS_STORAGE_CONF", store.config().into()));
            all.push(("BUILDAH_ISOLATION", "chroot".into()));
        }
        all
    }

    /// The program with these arguments, not started.
    pub(crate) fn program(&self, folder: &Path, arguments: &[&str]) -> Program {
        let program = Program::bakery().cwd(folder).args(arguments);
        self.environment().into_iter().fold(program, |program, (name, value)| program.env(name, value))
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, folder: &Path, arguments: &[&str]) -> Finished {
        self.program(folder, arguments).run()
    }

    /// Runs what must go well; gives its output.
    #[track_caller]
    pub(crate) fn ok(&self, folder: &Path, arguments: &[&str]) -> String {
        let done = self.run(folder, arguments);
        assert_eq!(done.code, 0, "{arguments:?}: {}", done.stderr);
        done.stdout
    }

    /// Runs a line as a user would.
    fn shell(&self, folder: &Path, line: &str) -> Output {
        let mut command = Command::new("sh");
        command.env_clear().envs(self.environment()).current_dir(folder).args(["-c", line]);
        let mut path = artefact_folder().into_os_string();
        path.push(":");
        path.push(self.path_variable());
        command.env("PATH", path).output().unwrap()
    }

    /// What `dev check` finds.
    #[track_caller]
    pub(crate) fn findings(&self, folder: &Path) -> Vec<Finding> {
        let done = self.run(folder, &["dev", "check", "--json"]);
        let answer: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{}", done.stderr));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let findings = answer["findings"].as_array().unwrap().iter();
        let findings: Vec<_> =
            findings.map(|one| Finding { code: text(&one["code"]), mend: text(&one["mend"]) }).collect();
        assert_eq!(done.code, if findings.is_empty() { 0 } else { 15 }, "{}", done.stderr);
        findings
    }

    /// Carries out what `dev check` says, line after line, until it agrees. Gives the kinds of the first findings.
    #[track_caller]
    pub(crate) fn mend(&self, folder: &Path, when: &str) -> Vec<String> {
        let first = self.findings(folder);
        let mut now = first.clone();
        let mut carried_out = Vec::new();
        for _ in 0..ROUNDS {
            if now.is_empty() {
                return first.into_iter().map(|finding| finding.code).collect();
            }
            let mut lines: Vec<String> = now.iter().map(|finding| finding.mend.clone()).collect();
            lines.dedup();
            for line in lines {
                let done = self.shell(folder, &line);
                let said = String::from_utf8_lossy(&done.stderr).into_owned();
                assert!(done.status.success(), "{when}: `{line}` does not mend {now:?}: {said}");
                carried_out.push(line);
            }
            now = self.findings(folder);
        }
        panic!("{when}: still {now:?} after {carried_out:?}");
    }

    /// Waits until nothing that works with this store or these programs lives.
    #[track_caller]
    pub(crate) fn await_quiet(&self, when: &str) {
        let began = Instant::now();
        loop {
            let alive = self.alive();
            if alive.is_empty() {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{when}: still there: {alive:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Processes with a folder of this test in their arguments or in their environment.
    fn alive(&self) -> Vec<String> {
        let mut marks = vec![self.place.path().as_os_str().as_encoded_bytes().to_vec()];
        marks.extend(
            self.store.iter().map(|store| store.place.path().as_os_str().as_encoded_bytes().to_vec()),
        );
        let holds = |text: &[u8], mark: &[u8]| text.windows(mark.len()).any(|window| window == mark);
        let mut alive = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            // A process can be gone at any time.
            let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let variables = fs::read(entry.path().join("environ")).unwrap_or_default();
            if marks.iter().any(|mark| holds(&words, mark) || holds(&variables, mark)) {
                let words = String::from_utf8_lossy(&words).replace('\0', " ");
                alive.push(format!("{}: {words}", entry.file_name().display()));
            }
        }
        alive
    }
}

/// Writes a program.
pub(crate) fn script(folder: &Path, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join(name);
    // What is there may be a link to something else.
    let _ = fs::remove_file(&path);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}
