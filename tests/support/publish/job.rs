//! A project folder with the metadata files of what was built, and the command that publishes it to one registry.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde_json::{Value, json};

use super::{Built, metadata};
use crate::{Program, Project};

/// Name and password of the account that tests make in their own registries. It opens nothing else.
pub const LOGIN: (&str, &str) = ("publisher", "not-a-secret");

/// What one job of a CI run has before it: a checkout, metadata files, a registry.
#[derive(Debug)]
pub struct Job {
    project: Project,
    host: String,
    files: Vec<PathBuf>,
}

impl Job {
    /// Writes the project for the registry at `host` (`127.0.0.1:PORT`), with one metadata file for each version and
    /// platform.
    ///
    /// # Panics
    /// When the temporary folder cannot be written.
    #[must_use]
    pub fn new(built: &Built, host: &str) -> Self {
        let project = Project::new(&yaml(built, host));
        let name = format!("{host}/{}:latest", built.staging());
        let mut files = Vec::new();
        for target in &built.targets {
            for (number, child) in target.image.children.iter().enumerate() {
                let record = metadata::record(target, child, number, &name);
                let architecture = child.platform.replace('/', "-").replacen("linux-", "", 1);
                let file =
                    format!("{}-{}-{architecture}-metadata.json", built.scenario.image, target.version);
                files.push(project.write(&file, pretty(&json!({ target.uid.as_str(): record }))));
            }
        }
        Self { project, host: host.to_owned(), files }
    }

    /// Its folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.project.path()
    }

    /// The metadata files: version by version, platform by platform.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Adds a file to the project.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        self.project.write(name, bytes)
    }

    /// Changes the only record of a metadata file.
    ///
    /// # Panics
    /// When the file is not there.
    pub fn rewrite(&self, file: usize, change: impl FnOnce(&mut Value)) {
        self.rewrite_file(file, |whole| {
            change(whole.as_object_mut().and_then(|whole| whole.values_mut().next()).expect("one record"));
        });
    }

    /// Changes a whole metadata file.
    ///
    /// # Panics
    /// When the file is not there.
    pub fn rewrite_file(&self, file: usize, change: impl FnOnce(&mut Value)) {
        let path = &self.files[file];
        let text = std::fs::read(path).expect("the file was written before");
        let mut whole: Value = serde_json::from_slice(&text).expect("the file is JSON");
        change(&mut whole);
        std::fs::write(path, pretty(&whole)).expect("the file can be written again");
    }

    /// Changes `bakery.yaml`.
    ///
    /// # Panics
    /// When the text to replace is not there.
    pub fn reconfigure(&self, from: &str, to: &str) {
        let path = self.path().join("bakery.yaml");
        let text = std::fs::read_to_string(&path).expect("the file was written before");
        assert!(text.contains(from), "`{from}` is not in bakery.yaml");
        std::fs::write(path, text.replace(from, to)).expect("the file can be written again");
    }

    /// Stores credentials for the registry as `docker login` does.
    pub fn login(&self, name: &str, password: &str) {
        let auth = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
        self.write(
            "docker/config.json",
            pretty(&json!({ "auths": { self.host.as_str(): { "auth": auth } } })),
        );
    }

    /// `bakery ci publish` of all metadata files, in the project's folder.
    #[must_use]
    pub fn command(&self) -> Program {
        self.command_of(&self.files)
    }

    /// `bakery ci publish` of these metadata files. Pauses between attempts are short, so that tests are.
    #[must_use]
    pub fn command_of<P: AsRef<Path>>(&self, files: &[P]) -> Program {
        self.bare()
            .args(["ci", "publish"])
            .args(files.iter().map(|file| file.as_ref().as_os_str().to_owned()))
            .arg("--context", self.path())
            .args(["--temp-registry", &format!("{}/tmp", self.host)])
            .arg("--result", self.path().join("result.json"))
    }

    /// `bakery` in the project's folder, with the environment of the command above.
    #[must_use]
    pub fn bare(&self) -> Program {
        Program::bakery()
            .cwd(self.path())
            .env("HOME", self.path().join("home"))
            .env("DOCKER_CONFIG", self.path().join("docker"))
            .env("BAKERY_REGISTRY_RETRY_INITIAL_BACKOFF", "0.01")
            .env("BAKERY_REGISTRY_RETRY_MAX_BACKOFF", "0.02")
    }

    /// What the last run wrote to `--result`; `None` where it wrote nothing.
    ///
    /// # Panics
    /// When it is not JSON.
    #[must_use]
    pub fn result(&self) -> Option<Value> {
        let text = std::fs::read(self.path().join("result.json")).ok()?;
        Some(serde_json::from_slice(&text).expect("a result is JSON"))
    }
}

fn pretty(value: &Value) -> String {
    // Two spaces, as the predecessor writes it.
    serde_json::to_string_pretty(value).expect("a document without floats can be written")
}

/// The configuration: one registry entry for each namespace, one image, its versions newest first as people write them.
fn yaml(built: &Built, host: &str) -> String {
    let scenario = &built.scenario;
    let mut text = "repository:\n  url: https://git.example/images\n  vendor: Example\n\
                    \x20 maintainer: Image Team <images@example.com>\nregistries:\n"
        .to_owned();
    for namespace in &scenario.namespaces {
        text.push_str(&format!("  - host: \"{host}\"\n    namespace: {namespace}\n"));
    }
    text.push_str(&format!("images:\n  - name: {}\n", scenario.image));
    if scenario.one_tag {
        text.push_str("    tagPatterns:\n      - patterns: [\"{{ Version }}\"]\n");
    }
    text.push_str("    versions:\n");
    for target in built.targets.iter().rev() {
        text.push_str(&format!("      - name: {}\n", target.version));
        if target.latest {
            text.push_str("        latest: true\n");
        }
        text.push_str(&format!(
            "        os:\n          - name: Ubuntu 24.04\n            primary: true\n            platforms: [{}]\n",
            scenario.platforms.join(", ")
        ));
    }
    text
}
