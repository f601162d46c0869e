//! With `docker buildx`, and a `buildkitd` or a `dockerd` that the test starts.

use std::process::{Command, Stdio};

use bakery_tests::{Daemon, DockerStore, Dockerd, Program, container_runtime, docker_plugins, find_tool};
use libtest_mimic::Failed;
use serde_json::Value;

use crate::world::{IMAGES, World, done};

/// A builder with a `buildkitd` of its own.
struct Buildkit {
    _daemon: Daemon,
}

impl Buildkit {
    fn start(world: &World) -> Result<Self, Failed> {
        let place = world.place.path().join("buildkit");
        std::fs::create_dir_all(&place)?;
        docker_plugins(&place)?;
        let socket = place.join("socket");
        let mut command = Command::new(find_tool("buildkitd").ok_or("there is no buildkitd")?);
        command
            .arg("--root")
            .arg(place.join("root"))
            .arg("--addr")
            .arg(format!("unix://{}", socket.display()))
            // Two daemons at the same time would share this one.
            .arg("--otel-socket-path")
            .arg(place.join("otel"));
        command.arg("--oci-worker-binary").arg(container_runtime().ok_or("there is no runc")?);
        command.args(["--oci-worker-snapshotter", "native", "--containerd-worker=false"]);
        let daemon = Daemon::start(command, &socket, &place.join("log"))?;
        let mut create = Command::new("docker");
        create.args(["buildx", "create", "--name", "test", "--driver", "remote"]);
        create.arg(format!("unix://{}", socket.display()));
        create.env("DOCKER_CONFIG", place.join("docker")).env("BUILDX_CONFIG", place.join("buildx"));
        let created = create.stdin(Stdio::null()).output()?;
        if !created.status.success() {
            return Err(String::from_utf8_lossy(&created.stderr).into_owned().into());
        }
        Ok(Self { _daemon: daemon })
    }

    fn with(world: &World, command: Program) -> Program {
        let place = world.place.path().join("buildkit");
        command
            .env("DOCKER_CONFIG", place.join("docker"))
            .env("BUILDX_CONFIG", place.join("buildx"))
            .env("BUILDX_BUILDER", "test")
            .args(["--builder", "docker"])
    }
}

pub(crate) fn two_platforms() -> Result<(), Failed> {
    let world = World::new(IMAGES)?;
    let _buildkit = Buildkit::start(&world)?;
    for (architecture, strategy) in [("amd64", "bake"), ("arm64", "build")] {
        let command = world.platform(architecture, &["--strategy", strategy, "--summary-format", "json"]);
        let finished = Buildkit::with(&world, command.args(["--summary"])).run();
        done(&finished)?;
        let summary: Value = serde_json::from_str(&finished.stdout)?;
        assert!(summary["registry_size_bytes"].as_u64().is_some_and(|bytes| bytes > 500), "{summary}");
    }
    world.publish(&[])?;
    world.look(&["app:1.1.0", "app:1.0.0", "app:latest"], ("org.opencontainers.image.title", "App"))
}

pub(crate) fn literal_texts() -> Result<(), Failed> {
    let world = World::new(IMAGES)?;
    let _buildkit = Buildkit::start(&world)?;
    for architecture in ["amd64", "arm64"] {
        done(&Buildkit::with(&world, world.platform(architecture, &[])).run())?;
    }
    world.publish(&[])?;
    let label = ("org.opencontainers.image.description", "costs ${HOME} and %{ nothing }");
    world.look(&["app:1.1.0"], label)
}

pub(crate) fn loaded() -> Result<(), Failed> {
    let world = World::new(IMAGES)?;
    let dockerd = Dockerd::start(world.place.path(), DockerStore::Graph)?;
    let arguments = ["build", "--image-platform", "amd64", "--summary", "--summary-format", "json"];
    let environment = dockerd.environment();
    let command = world.bakery(&arguments);
    let finished = environment.iter().fold(command, |command, (name, value)| command.env(name, value)).run();
    done(&finished)?;
    let summary: Value = serde_json::from_str(&finished.stdout)?;
    assert!(summary["local_size_bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{summary}");
    assert_eq!(summary["registry_size_bytes"], Value::Null);
    let mut inspect = Command::new("docker");
    inspect.args(["image", "inspect", "--format", "{{.Architecture}}"]).envs(environment);
    let reference = format!("{}/images/app:1.1.0", world.registry.host());
    let image = inspect.arg(&reference).output()?;
    assert_eq!(String::from_utf8_lossy(&image.stdout).trim(), "amd64", "{image:?}");
    Ok(())
}
