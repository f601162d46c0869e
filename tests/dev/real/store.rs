//! Image stores of the test's own: buildah's folder, or a `dockerd`. What they hold is asked of them, not of bakery.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use bakery_tests::{DockerStore, Dockerd, Finished, Program, on_path};
use serde_json::Value;

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Buildah,
    Docker(DockerStore),
}

impl Kind {
    pub(crate) const ALL: [Self; 3] =
        [Self::Buildah, Self::Docker(DockerStore::Graph), Self::Docker(DockerStore::Containerd)];

    /// In names of tests.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Buildah => "buildah",
            Self::Docker(DockerStore::Graph) => "docker",
            Self::Docker(DockerStore::Containerd) => "containerd",
        }
    }

    /// What this machine lacks for it.
    pub(crate) fn lacks(self) -> Vec<&'static str> {
        match self {
            Self::Buildah => on_path("buildah").is_none().then_some("buildah").into_iter().collect(),
            Self::Docker(store) => Dockerd::lacks(store),
        }
    }

    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Buildah => "buildah",
            Self::Docker(_) => "docker",
        }
    }
}

/// A store, and a home.
pub(crate) struct Store {
    pub(crate) kind: Kind,
    // Ends before its folder goes.
    daemon: Option<Dockerd>,
    pub(crate) place: tempfile::TempDir,
}

impl Store {
    /// A store of its own; a daemon where it needs one.
    pub(crate) fn new(kind: Kind) -> Self {
        // In memory, where that can be: buildah waits for a disk after each step.
        let memory = Path::new("/dev/shm");
        let place = tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()).unwrap();
        let folder = place.path().display().to_string();
        std::fs::write(
            place.path().join("storage.conf"),
            format!(
                "[storage]\ndriver = \"vfs\"\ngraphroot = \"{folder}/root\"\nrunroot = \"{folder}/run\"\n"
            ),
        )
        .unwrap();
        let daemon = match kind {
            Kind::Buildah => None,
            Kind::Docker(store) => Some(Dockerd::start(place.path(), store).unwrap()),
        };
        let store = Self { kind, daemon, place };
        std::fs::write(store.registries(), "").unwrap();
        store
    }

    /// Lets buildah speak http to a registry of the test.
    pub(crate) fn trust(&self, registry: &str) {
        let text = format!("[[registry]]\nlocation = \"{registry}\"\ninsecure = true\n");
        std::fs::write(self.registries(), text).unwrap();
    }

    fn registries(&self) -> PathBuf {
        self.place.path().join("registries.conf")
    }

    /// Where buildah reads what its store is.
    pub(crate) fn config(&self) -> PathBuf {
        self.place.path().join("storage.conf")
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let mut all = vec![
            ("CONTAINERS_STORAGE_CONF", self.config().display().to_string()),
            ("CONTAINERS_REGISTRIES_CONF", self.registries().display().to_string()),
            ("BUILDAH_ISOLATION", "chroot".to_owned()),
            ("HOME", self.place.path().display().to_string()),
        ];
        all.extend(self.daemon.iter().flat_map(Dockerd::environment));
        all
    }

    pub(crate) fn program(&self, folder: &Path, arguments: &[&str]) -> Program {
        let command = Program::bakery().cwd(folder).args(arguments);
        self.environment().iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    pub(crate) fn run(&self, folder: &Path, arguments: &[&str]) -> Finished {
        self.program(folder, &[arguments, &["--store", self.kind.program()]].concat()).run()
    }

    #[track_caller]
    pub(crate) fn ok(&self, folder: &Path, arguments: &[&str]) -> String {
        let done = self.run(folder, arguments);
        assert_eq!(done.code, 0, "{arguments:?}: {}", done.stderr);
        done.stdout
    }

    /// Runs the store's own program.
    #[track_caller]
    pub(crate) fn tool(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(self.kind.program());
        let done = command.envs(self.environment()).args(arguments).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// Every name with its id.
    pub(crate) fn names(&self) -> BTreeMap<String, String> {
        if self.kind != Kind::Buildah {
            let format = "{{.Repository}}:{{.Tag}} {{.ID}}";
            let lines = self.tool(&["image", "ls", "--no-trunc", "--format", format]);
            let lines = lines.lines().filter(|line| !line.contains("<none>"));
            return lines
                .map(|line| line.split_once(' ').unwrap())
                .map(|(name, id)| (name.to_owned(), id.to_owned()))
                .collect();
        }
        let images: Value = serde_json::from_str(&self.tool(&["images", "--json", "--no-trunc"])).unwrap();
        let mut names = BTreeMap::new();
        for image in images.as_array().into_iter().flatten() {
            for name in image["names"].as_array().into_iter().flatten() {
                names.insert(name.as_str().unwrap().to_owned(), image["id"].as_str().unwrap().to_owned());
            }
        }
        names
    }

    /// Gives an image one more name.
    pub(crate) fn tag(&self, image: &str, name: &str) {
        self.tool(&["tag", image, name]);
    }

    /// Takes a name away.
    pub(crate) fn remove(&self, name: &str) {
        self.tool(&["rmi", name]);
    }

    /// Builds something under a name, without bakery.
    pub(crate) fn build(&self, containerfile: &Path, name: &str, context: &Path) {
        let rest = ["--file", containerfile.to_str().unwrap(), "--tag", name, context.to_str().unwrap()];
        match self.kind {
            Kind::Buildah => self.tool(&[&["build"][..], &rest].concat()),
            Kind::Docker(_) => self.tool(&[&["buildx", "build", "--load"][..], &rest].concat()),
        };
    }

    /// A folder for the PATH whose builder does something before it builds.
    pub(crate) fn before_builds(&self, script: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let name = self.kind.program();
        let (real, verb) = (on_path(name).unwrap(), if name == "docker" { "buildx" } else { "build" });
        let folder = self.place.path().join("bin");
        std::fs::create_dir(&folder).unwrap();
        let text =
            format!("#!/bin/sh\nif [ \"$1\" = {verb} ]; then {script}; fi\nexec {} \"$@\"\n", real.display());
        std::fs::write(folder.join(name), text).unwrap();
        std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
        folder
    }

    pub(crate) fn codes(&self, folder: &Path) -> Vec<String> {
        let done = self.run(folder, &["dev", "check", "--json"]);
        let answer: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{}", done.stderr));
        let findings = answer["findings"].as_array().unwrap().iter();
        findings.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    }
}
