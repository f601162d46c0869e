//! Clusters of the test's own: a `dockerd`, and in it privileged containers that run the machine's `containerd`, with the
//! labels that kind and k3d give their nodes. There is no Kubernetes in them.

use std::{
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use bakery_tests::{DockerStore, Dockerd, Finished, Program, find_tool, on_path};
use serde_json::Value;

/// How long containerd may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What this machine lacks for it.
pub(super) fn lacks(store: DockerStore, more: &[&'static str]) -> Vec<&'static str> {
    let mut all = Dockerd::lacks(store);
    let needed = ["containerd", "ctr", "runc", "buildah"].into_iter().chain(more.iter().copied());
    all.extend(needed.filter(|name| find_tool(name).is_none()));
    all
}

/// A `dockerd` with nodes, a store of buildah, and a folder of programs that come before others.
pub(super) struct Machine {
    // Ends before its folder goes.
    daemon: Option<Dockerd>,
    place: tempfile::TempDir,
}

impl Machine {
    pub(super) fn start() -> Self {
        Self::with(DockerStore::Graph)
    }

    pub(super) fn with(store: DockerStore) -> Self {
        let place = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let mut machine = Self { daemon: None, place };
        std::fs::create_dir(machine.path("bin")).unwrap();
        if let Some(kind) = find_tool("kind") {
            std::os::unix::fs::symlink(kind, machine.path("bin/kind")).unwrap();
        }
        let folder = machine.place.path().display();
        let storage = format!(
            "[storage]\ndriver = \"vfs\"\ngraphroot = \"{folder}/root\"\nrunroot = \"{folder}/run\"\n"
        );
        std::fs::write(machine.path("storage.conf"), storage).unwrap();
        std::fs::write(machine.path("containerd.toml"), "version = 2\n").unwrap();
        // A machine that is itself a container may lack this right, and runc then starts nothing that is privileged.
        // Daemons that are newer than runc ask for a namespace that it does not know.
        machine.script(
            "runtime",
            "for word in \"$@\"; do\n\
             case ${before:-} in --bundle) file=$word/config.json ;; --process) file=$word ;; esac\n\
             before=$word\n\
             done\n\
             if [ -n \"${file:-}\" ]; then\n\
             sed -i 's/\"CAP_SYS_RESOURCE\",//g; s/,\"CAP_SYS_RESOURCE\"//g; s/,{\"type\":\"time\"}//' \"$file\"\n\
             fi\n\
             exec runc \"$@\"\n",
        );
        let runtime = machine.path("bin/runtime");
        machine.daemon = Some(Dockerd::start_with(machine.place.path(), store, Some(&runtime)).unwrap());
        // buildah takes a folder of docker without this file for a mistake.
        std::fs::write(machine.path("dockerd/docker/config.json"), "{}").unwrap();
        // An archive with nothing in it.
        machine.docker_with(&["import", "-", "node:1"], &[0; 10240]);
        machine
    }

    /// A program that comes before others of its name.
    pub(super) fn script(&self, name: &str, text: &str) {
        let path = self.place.path().join("bin").join(name);
        // Whoever runs the one before keeps it.
        let new = path.with_extension("new");
        std::fs::write(&new, format!("#!/bin/sh\nset -eu\n{text}")).unwrap();
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::rename(&new, &path).unwrap();
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let place = self.place.path().display();
        let path = std::env::var("PATH").unwrap();
        let mut all = vec![
            ("PATH", format!("{place}/bin:{path}")),
            ("HOME", place.to_string()),
            ("CONTAINERS_STORAGE_CONF", format!("{place}/storage.conf")),
            ("BUILDAH_ISOLATION", "chroot".to_owned()),
        ];
        all.extend(self.daemon.iter().flat_map(Dockerd::environment));
        all
    }

    pub(super) fn bakery(&self, folder: &Path, arguments: &[&str]) -> Program {
        let program = Program::bakery().cwd(folder).args(arguments);
        self.environment().into_iter().fold(program, |program, (name, value)| program.env(name, value))
    }

    pub(super) fn run(&self, folder: &Path, arguments: &[&str]) -> Finished {
        self.bakery(folder, arguments).run()
    }

    /// Runs a command that must go well.
    #[track_caller]
    pub(super) fn ok(&self, folder: &Path, arguments: &[&str]) -> String {
        let done = self.run(folder, arguments);
        assert_eq!(done.code, 0, "{arguments:?}: {}", done.stderr);
        done.stdout
    }

    /// What `dev check` finds: codes, and the lines that mend it.
    #[track_caller]
    pub(super) fn check(&self, folder: &Path) -> Vec<(String, String)> {
        let done = self.run(folder, &["dev", "check", "--json"]);
        let answer: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{}", done.stderr));
        let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
        let findings = answer["findings"].as_array().unwrap().iter();
        findings.map(|finding| (text(finding, "code"), text(finding, "mend"))).collect()
    }

    /// Another program of the test, in the same environment.
    #[track_caller]
    pub(super) fn tool(&self, name: &str, arguments: &[&str], stdin: &[u8]) -> String {
        let mut command = Command::new(on_path(name).unwrap());
        command.envs(self.environment()).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            // Whoever does not read it says why.
            scope.spawn(move || pipe.write_all(stdin));
            let done = child.wait_with_output().unwrap();
            assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
            String::from_utf8_lossy(&done.stdout).into_owned()
        })
    }

    #[track_caller]
    pub(super) fn docker(&self, arguments: &[&str]) -> String {
        self.docker_with(arguments, &[])
    }

    #[track_caller]
    fn docker_with(&self, arguments: &[&str], stdin: &[u8]) -> String {
        self.tool("docker", arguments, stdin)
    }

    /// Starts nodes of kind.
    pub(super) fn kind(&self, cluster: &str, nodes: &[&str]) {
        for node in nodes {
            let role =
                node.trim_start_matches(cluster).trim_start_matches('-').trim_end_matches(char::is_numeric);
            let labels = [format!("io.x-k8s.kind.cluster={cluster}"), format!("io.x-k8s.kind.role={role}")];
            self.node(node, &labels);
        }
        self.ready(nodes);
    }

    /// Starts nodes of k3d.
    pub(super) fn k3d(&self, cluster: &str, nodes: &[&str]) {
        for node in nodes {
            let role = if node.contains("-server-") { "server" } else { "agent" };
            self.node(node, &[format!("k3d.cluster={cluster}"), format!("k3d.role={role}")]);
        }
        self.ready(nodes);
    }

    /// A container that belongs to a cluster of kind and runs no pods.
    pub(super) fn balancer(&self, cluster: &str) {
        let labels = [
            format!("io.x-k8s.kind.cluster={cluster}"),
            "io.x-k8s.kind.role=external-load-balancer".to_owned(),
        ];
        self.container(&format!("{cluster}-external-load-balancer"), &labels, &["sleep", "1000"]);
    }

    fn node(&self, name: &str, labels: &[String]) {
        self.container(name, labels, &["containerd", "--log-level", "warn"]);
    }

    fn container(&self, name: &str, labels: &[String], command: &[&str]) {
        let mut words = vec!["run", "--detach", "--privileged", "--network", "none", "--stop-timeout", "1"];
        words.extend(["--name", name, "--hostname", name]);
        // Everything that is written is in memory, and gone when it is stopped.
        for folder in ["/run", "/tmp", "/var"] {
            words.extend(["--tmpfs", folder]);
        }
        let system = ["/usr", "/lib", "/lib64", "/bin", "/sbin"];
        let system = system.into_iter().filter(|folder| Path::new(folder).exists());
        let mut binds: Vec<String> = system.map(|folder| format!("{folder}:{folder}:ro")).collect();
        let config = self.path("containerd.toml");
        binds.push(format!("{}:/etc/containerd/config.toml:ro", config.display()));
        for bind in &binds {
            words.extend(["--volume", bind]);
        }
        for label in labels {
            words.extend(["--label", label]);
        }
        words.push("node:1");
        words.extend(command);
        self.docker(&words);
    }

    /// Waits until nodes answer.
    pub(super) fn ready(&self, nodes: &[&str]) {
        for node in nodes {
            let begun = Instant::now();
            while !self.answers(node) {
                assert!(begun.elapsed() < PATIENCE, "{}", self.docker(&["logs", node]));
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    }

    fn answers(&self, node: &str) -> bool {
        let mut command = Command::new(on_path("docker").unwrap());
        command.envs(self.environment()).args(["exec", node, "ctr", "version"]).stdin(Stdio::null());
        command.output().unwrap().status.success()
    }

    /// The names of a node's images that a person gave.
    pub(super) fn names(&self, node: &str) -> Vec<String> {
        let all = self.ctr(node, &["images", "ls", "-q"]);
        let all = all.lines().filter(|name| !name.contains('@') && !name.starts_with("sha256:"));
        all.map(str::to_owned).collect()
    }

    /// Asks a node's containerd, past everything.
    #[track_caller]
    pub(super) fn ctr(&self, node: &str, arguments: &[&str]) -> String {
        self.docker(&[&["exec", node, "ctr", "-n", "k8s.io"], arguments].concat())
    }

    /// The digest of an image's first layer.
    #[track_caller]
    pub(super) fn layer(&self, node: &str, name: &str) -> String {
        let listed = self.ctr(node, &["images", "ls", &format!("name=={name}")]);
        let digest = listed.lines().nth(1).and_then(|row| row.split_whitespace().nth(2)).unwrap();
        let manifest: Value = serde_json::from_str(&self.ctr(node, &["content", "get", digest])).unwrap();
        manifest["layers"][0]["digest"].as_str().unwrap().to_owned()
    }

    /// Imports an archive into one node, past everything.
    pub(super) fn import_into(&self, node: &str, archive: &Path) {
        let bytes = std::fs::read(archive).unwrap();
        self.docker_with(&["exec", "-i", node, "ctr", "-n", "k8s.io", "images", "import", "-"], &bytes);
    }

    /// A path below the machine's folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if self.daemon.is_some() {
            let mut list = Command::new("docker");
            let list = list.envs(self.environment()).args(["ps", "--all", "--quiet"]).output();
            let list =
                list.map(|done| String::from_utf8_lossy(&done.stdout).into_owned()).unwrap_or_default();
            // What is left ends with the daemon.
            let mut remove = Command::new("docker");
            remove.envs(self.environment()).args(["rm", "--force"]).args(list.split_whitespace());
            let _ = remove.stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
    }
}
