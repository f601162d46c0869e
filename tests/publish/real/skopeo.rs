//! Looking at a registry with `skopeo`: raw manifests, and pulls into a folder whose every byte is hashed.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use bakery_fault_registry::sha256;
use libtest_mimic::Failed;
use serde_json::Value;

/// How to reach a registry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Skopeo {
    /// Folder with the authority to trust; none means http.
    pub(crate) authority: Option<PathBuf>,
    /// `name:password`.
    pub(crate) login: Option<String>,
}

impl Skopeo {
    /// The manifest or index that a reference (`127.0.0.1:PORT/name:tag`) leads to, as the registry has it.
    pub(crate) fn raw(&self, reference: &str) -> Result<Vec<u8>, Failed> {
        let mut command = Command::new("skopeo");
        command.args(["inspect", "--raw"]);
        self.reach(&mut command, "");
        command.arg(format!("docker://{reference}"));
        run(command)
    }

    /// Pulls one architecture into `folder` and checks it. Gives the digest of the manifest that came.
    pub(crate) fn pull(&self, reference: &str, architecture: &str, folder: &Path) -> Result<String, Failed> {
        let mut command = Command::new("skopeo");
        command.args([
            "--insecure-policy",
            "--override-os",
            "linux",
            "--override-arch",
            architecture,
            "copy",
        ]);
        self.reach(&mut command, "src-");
        command.arg(format!("docker://{reference}")).arg(format!("oci:{}:pulled", folder.display()));
        run(command)?;
        verify(folder, architecture)
    }

    fn reach(&self, command: &mut Command, prefix: &str) {
        match &self.authority {
            Some(folder) => command.arg(format!("--{prefix}cert-dir={}", folder.display())),
            None => command.arg(format!("--{prefix}tls-verify=false")),
        };
        match &self.login {
            Some(login) => command.arg(format!("--{prefix}creds={login}")),
            None => command.arg(format!("--{prefix}no-creds")),
        };
    }
}

fn run(mut command: Command) -> Result<Vec<u8>, Failed> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
}

/// Every blob of a layout has the digest that its name says, and the image is for this architecture.
fn verify(folder: &Path, architecture: &str) -> Result<String, Failed> {
    let blobs = folder.join("blobs/sha256");
    for entry in std::fs::read_dir(&blobs)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let found = sha256(&std::fs::read(&path)?);
        if found != format!("sha256:{name}") {
            return Err(format!("blob {name} holds the bytes of {found}").into());
        }
    }
    let read = |digest: &str| -> Result<Value, Failed> {
        let name = digest.strip_prefix("sha256:").unwrap_or(digest);
        Ok(serde_json::from_slice(&std::fs::read(blobs.join(name))?)?)
    };
    let index: Value = serde_json::from_slice(&std::fs::read(folder.join("index.json"))?)?;
    let digest = index["manifests"][0]["digest"].as_str().ok_or("the layout has no manifest")?.to_owned();
    let manifest = read(&digest)?;
    let config = read(manifest["config"]["digest"].as_str().ok_or("the manifest has no configuration")?)?;
    if config["architecture"] != architecture {
        return Err(format!("pulled {} instead of {architecture}", config["architecture"]).into());
    }
    for layer in manifest["layers"].as_array().ok_or("the manifest has no layers")? {
        read_layer(&blobs, layer)?;
    }
    Ok(digest)
}

fn read_layer(blobs: &Path, layer: &Value) -> Result<(), Failed> {
    let digest = layer["digest"].as_str().unwrap_or_default();
    let path = blobs.join(digest.strip_prefix("sha256:").unwrap_or(digest));
    let length = std::fs::metadata(&path)?.len();
    if layer["size"].as_u64() == Some(length) {
        Ok(())
    } else {
        Err(format!("layer {layer} has {length} bytes").into())
    }
}
