//! A project in a repository of its own, and git to change it.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use bakery_tests::{Finished, Program};

pub(crate) const YAML: &str = "\
repository: {url: https://git.example/images}
registries: [{host: ghcr.io, namespace: posit-dev}]
images:
  - name: connect
    variants: [{name: Standard, primary: true, extension: std}, {name: Minimal, extension: min}]
    versions:
      - {name: 1.1.0, latest: true, os: [{name: Ubuntu 24.04, primary: true, extension: ubuntu2404, platforms: [linux/amd64, linux/arm64]}]}
      - {name: 1.0.0, subpath: old, os: [{name: Ubuntu 22.04, extension: ubuntu2204, platforms: [linux/amd64, linux/arm64]}]}
  - name: workbench
    versions:
      - {name: 2.0.0, latest: true, os: [{name: Ubuntu 24.04, primary: true, extension: ubuntu2404, platforms: [linux/amd64, linux/arm64]}]}
";

/// A folder that is removed when it is dropped.
pub(crate) struct World {
    _top: tempfile::TempDir,
    /// The worktree.
    pub(crate) root: PathBuf,
}

impl World {
    /// A project without a repository.
    pub(crate) fn bare() -> Self {
        let top = tempfile::tempdir().unwrap();
        let root = top.path().canonicalize().unwrap().join("main");
        fs::create_dir(&root).unwrap();
        let world = Self { _top: top, root };
        world.write("bakery.yaml", YAML);
        world.write(".dockerignore", "k8s\n*.log\n");
        for name in [
            "connect/1.1.0/Containerfile.ubuntu2404.std",
            "connect/1.1.0/Containerfile.ubuntu2404.min",
            "connect/old/Containerfile.ubuntu2204.std",
            "workbench/2.0.0/Containerfile.ubuntu2404",
        ] {
            world.write(name, format!("FROM scratch\n# {name}\nCOPY app /app\n"));
        }
        world.write("app/run", "#!/bin/sh\n");
        world.mode("app/run", 0o755);
        world.write("app/data", "1");
        world.write(
            "k8s/app.yaml",
            "image: ghcr.io/posit-dev/connect:1.0\n---\nimage: ghcr.io/posit-dev/workbench:2.0\n",
        );
        world
    }

    /// The same with one commit.
    pub(crate) fn new() -> Self {
        let world = Self::bare();
        world.git(&["init", "-q"]);
        world.commit("one");
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Writes a file with the permissions that git gives with the usual mask.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        write(&self.root, name, bytes);
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(&self.root, arguments)
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-qm", message]);
    }

    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// The tag of a commit, as this tree has it when it is clean.
    pub(crate) fn clean(&self) -> String {
        format!("dev-{}", &self.head()[..12])
    }

    pub(crate) fn bakery(&self, arguments: &[&str]) -> Finished {
        bakery(&self.root, arguments)
    }

    /// Runs a command that must go well.
    #[track_caller]
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let done = self.bakery(arguments);
        assert_eq!(done.code, 0, "{arguments:?}: {}", done.stderr);
        done.stdout
    }

    /// The tag of `connect`.
    #[track_caller]
    pub(crate) fn tag(&self) -> String {
        self.ok(&["dev", "tag", "connect"]).trim_end().to_owned()
    }

    /// A second worktree at the same commit.
    pub(crate) fn second(&self) -> PathBuf {
        let path = self.root.with_file_name("second");
        self.git(&["worktree", "add", "-q", "--detach", path.to_str().unwrap()]);
        path
    }
}

pub(crate) fn write(root: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let mut folder = path.parent().unwrap();
    while folder != root && folder.starts_with(root) {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        folder = folder.parent().unwrap();
    }
}

pub(crate) fn bakery(folder: &Path, arguments: &[&str]) -> Finished {
    Program::bakery().cwd(folder).args(arguments).run()
}

pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"GIT_") {
            command.env_remove(name);
        }
    }
    let done = command
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"])
        .args(["-c", "protocol.file.allow=always", "-c", "advice.detachedHead=false"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}
