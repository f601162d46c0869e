//! A project, a registry, and looks at what was published. Asserts nothing about a builder.

use std::process::Command;

use bakery_tests::{DockerRegistry, Finished, Program, Project};
use libtest_mimic::Failed;
use serde_json::Value;

/// Two versions for two platforms.
pub(crate) const IMAGES: &str = "
  - name: app
    description: 'costs ${HOME} and %{ nothing }'
    versions:
      - {name: 1.1.0, latest: true, os: [{name: Ubuntu 24.04, primary: true, platforms: [linux/amd64, linux/arm64]}]}
      - {name: 1.0.0, os: [{name: Ubuntu 24.04, primary: true, platforms: [linux/amd64, linux/arm64]}]}
";

pub(crate) struct World {
    pub(crate) project: Project,
    pub(crate) registry: DockerRegistry,
    /// Where builders keep what they keep.
    pub(crate) place: tempfile::TempDir,
}

impl World {
    pub(crate) fn new(images: &str) -> Result<Self, Failed> {
        let registry = DockerRegistry::start()?;
        let project = Project::new(&format!(
            "repository: {{url: https://git.example/images}}\nregistries: [{{host: '{}', namespace: images}}]\nimages:{images}",
            registry.host()
        ));
        for version in ["1.0.0", "1.1.0"] {
            let text = "FROM scratch\nARG TARGETARCH\nLABEL architecture=$TARGETARCH\nCOPY bakery.yaml /\n";
            project.write(&format!("app/{version}/Containerfile.ubuntu2404"), text);
        }
        Ok(Self { project, registry, place: tempfile::tempdir()? })
    }

    pub(crate) fn bakery(&self, arguments: &[&str]) -> Program {
        Program::bakery()
            .cwd(self.project.path())
            .env("BAKERY_SCRATCH_DIR", self.place.path())
            .args(arguments)
    }

    pub(crate) fn temp(&self) -> String {
        format!("{}/temp", self.registry.host())
    }

    /// Builds and pushes one platform by digest.
    pub(crate) fn platform(&self, architecture: &str, more: &[&str]) -> Program {
        let metadata = format!("{architecture}-metadata.json");
        let platform = format!("^linux/{architecture}$");
        self.bakery(&["build", "--push", "--temp-registry", &self.temp(), "--image-platform", &platform])
            .args(["--metadata-file", &metadata, "--no-load"])
            .args(more)
    }

    /// Publishes every platform that was built.
    pub(crate) fn publish(&self, more: &[&str]) -> Result<(), Failed> {
        let temp = self.temp();
        let command = self.bakery(&["ci", "publish", "--temp-registry", &temp, "./*-metadata.json"]);
        done(&command.args(more).run())
    }

    /// Every tag is an index over both platforms, and each platform's image is for it and has this label.
    pub(crate) fn look(&self, tags: &[&str], label: (&str, &str)) -> Result<(), Failed> {
        for tag in tags {
            let reference = format!("{}/images/{tag}", self.registry.host());
            let index = skopeo(&["inspect", "--raw"], &reference)?;
            let mut architectures: Vec<&str> = index["manifests"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|child| child["platform"]["architecture"].as_str())
                .collect();
            architectures.sort_unstable();
            if architectures != ["amd64", "arm64"] {
                return Err(format!("{reference} is {index}").into());
            }
            for architecture in architectures {
                let config = self.config(&reference, architecture)?;
                let labels = &config["config"]["Labels"];
                if config["architecture"] != architecture || labels[label.0] != label.1 {
                    return Err(format!("{reference} for {architecture} is {config}").into());
                }
            }
        }
        Ok(())
    }

    /// The configuration of an image for one architecture.
    pub(crate) fn config(&self, reference: &str, architecture: &str) -> Result<Value, Failed> {
        skopeo(&["--override-arch", architecture, "inspect", "--config"], reference)
    }
}

fn skopeo(arguments: &[&str], reference: &str) -> Result<Value, Failed> {
    let mut command = Command::new("skopeo");
    command.args(["--override-os", "linux"]).args(arguments);
    command.args(["--tls-verify=false", "--no-creds"]).arg(format!("docker://{reference}"));
    let output = command.output()?;
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout)?);
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
}

pub(crate) fn done(finished: &Finished) -> Result<(), Failed> {
    if finished.code == 0 {
        Ok(())
    } else {
        Err(format!("exit {}: {}", finished.code, finished.stderr).into())
    }
}
