//! A `dockerd` of the test's own, with everything that it keeps in a folder of the test. Without a network: what is built
//! there is `FROM scratch`.

use std::{
    io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Daemon, find_tool, is_root};

/// Where a daemon keeps images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DockerStore {
    /// In a graph driver of its own: an image's id is the digest of its configuration.
    Graph,
    /// In containerd: an image's id is the digest of its manifest or index.
    Containerd,
}

/// A running `dockerd`; it ends with the value.
#[derive(Debug)]
pub struct Dockerd {
    place: PathBuf,
    _daemon: Daemon,
}

impl Dockerd {
    /// What this machine lacks for one.
    #[must_use]
    pub fn lacks(store: DockerStore) -> Vec<&'static str> {
        let mut lacks = Vec::new();
        let mut need = |name, there: bool| {
            if !there {
                lacks.push(name);
            }
        };
        need("docker", crate::on_path("docker").is_some());
        need("docker-buildx", find_tool("docker-buildx").is_some());
        need("root", is_root());
        match store {
            DockerStore::Graph => need("dockerd", program(store).is_some()),
            DockerStore::Containerd => need("dockerd with containerd's images", program(store).is_some()),
        }
        lacks
    }

    /// Whether it is one before the 23rd, whose builder cannot be told which base images to take.
    #[must_use]
    pub fn is_old(store: DockerStore) -> bool {
        program(store).is_some_and(|path| !is_since(&path, 23))
    }

    /// Starts one in a folder, which must not be too deep for the path of a socket.
    ///
    /// # Errors
    /// It cannot be started, or does not listen.
    pub fn start(place: &Path, store: DockerStore) -> io::Result<Self> {
        Self::start_with(place, store, None)
    }

    /// The same, with this program instead of `runc`.
    ///
    /// # Errors
    /// It cannot be started, or does not listen.
    pub fn start_with(place: &Path, store: DockerStore, runtime: Option<&Path>) -> io::Result<Self> {
        let place = place.join("dockerd");
        std::fs::create_dir_all(&place)?;
        docker_plugins(&place)?;
        let socket = place.join("socket");
        let program = program(store).ok_or_else(|| io::Error::other("there is no dockerd"))?;
        let config = place.join("daemon.json");
        let (text, driver) = match store {
            DockerStore::Graph => (r#"{"features": {"containerd-snapshotter": false}}"#, "vfs"),
            DockerStore::Containerd => (r#"{"features": {"containerd-snapshotter": true}}"#, "native"),
        };
        std::fs::write(&config, text)?;
        let mut command = Command::new(program);
        command.arg("--config-file").arg(config);
        command.arg("--data-root").arg(place.join("data")).arg("--exec-root").arg(place.join("exec"));
        command.arg("--pidfile").arg(place.join("pid"));
        command.arg("--host").arg(format!("unix://{}", socket.display()));
        command.args(["--iptables=false", "--bridge=none", "--storage-driver", driver]);
        if let Some(runtime) = runtime {
            command.arg("--add-runtime").arg(format!("test={}", runtime.display()));
            command.args(["--default-runtime", "test"]);
        }
        let daemon = Daemon::start(command, &socket, &place.join("log"))?;
        Ok(Self { place, _daemon: daemon })
    }

    /// The variables that lead docker there.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, String); 3] {
        let place = self.place.display();
        [
            ("DOCKER_CONFIG", format!("{place}/docker")),
            ("BUILDX_CONFIG", format!("{place}/buildx")),
            ("DOCKER_HOST", format!("unix://{place}/socket")),
        ]
    }
}

/// Makes a folder of docker, with its plugin.
///
/// # Errors
/// There is no plugin, or it cannot be linked.
pub fn docker_plugins(place: &Path) -> io::Result<()> {
    let plugins = place.join("docker/cli-plugins");
    std::fs::create_dir_all(&plugins)?;
    let plugin = find_tool("docker-buildx").ok_or_else(|| io::Error::other("there is no docker-buildx"))?;
    std::os::unix::fs::symlink(plugin, plugins.join("docker-buildx"))
}

/// The daemon of a store: `dockerd`, and for images in containerd, which those before the 24th do not have, the one that
/// `tests/tools/builders.sh` can build.
fn program(store: DockerStore) -> Option<PathBuf> {
    let usual = find_tool("dockerd");
    match store {
        DockerStore::Graph => usual,
        DockerStore::Containerd => {
            find_tool("dockerd-containerd").or_else(|| usual.filter(|path| is_since(path, 24)))
        }
    }
}

/// Whether a daemon has this version or a newer one.
fn is_since(daemon: &Path, version: u32) -> bool {
    let said = Command::new(daemon).arg("--version").output();
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    // `Docker version 28.2.2, build e6534b4`; what was built without a number is newer.
    let number = said.split_whitespace().nth(2).and_then(|text| text.split('.').next());
    number.is_some_and(|text| text.parse().map_or(!text.is_empty(), |number: u32| number >= version))
}
