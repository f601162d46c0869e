//! docker's own words.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Export, Image, Listed, Store, StoreError, full_id, words, wrong};
use crate::manifest::Labelled;

/// `docker`: what its daemon holds.
#[derive(Clone, Copy, Debug)]
pub struct Docker;

#[derive(Deserialize)]
struct DockerImage {
    #[serde(rename = "Id")]
    id: String,
    #[serde(rename = "Config")]
    config: Option<Labelled>,
    #[serde(rename = "Descriptor")]
    descriptor: Option<DockerDescriptor>,
}

/// What the id names, where images lie in containerd's store: a manifest or an index.
#[derive(Deserialize)]
struct DockerDescriptor {
    digest: String,
}

#[derive(Deserialize)]
struct DockerRow {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "Repository")]
    repository: String,
    #[serde(rename = "Tag")]
    tag: String,
}

impl Store for Docker {
    fn program(&self) -> &'static str {
        "docker"
    }

    fn probe(&self) -> Option<Vec<String>> {
        Some(words(["version", "--format", "{{.Server.Version}}"]))
    }

    fn several(&self) -> Option<Vec<String>> {
        Some(words(["info", "--format", "{{json .DriverStatus}}"]))
    }

    /// Images that docker keeps in containerd are what a registry has, with indexes. Its own stores have one platform.
    fn read_several(&self, answer: &[u8]) -> bool {
        let status: Vec<Vec<String>> = serde_json::from_slice(answer).unwrap_or_default();
        status.iter().any(|row| row[..] == ["driver-type", "io.containerd.snapshotter.v1"])
    }

    fn look(&self, image: &str) -> Vec<String> {
        words(["image", "inspect", image])
    }

    fn read_image(&self, answer: &[u8]) -> Result<Image, StoreError> {
        let images: Vec<DockerImage> = serde_json::from_slice(answer).map_err(|e| wrong("docker", e))?;
        let [image] = <[DockerImage; 1]>::try_from(images)
            .map_err(|all| wrong("docker", format!("there are {} images, not one", all.len())))?;
        let labels = Labelled::labels(image.config);
        let id = full_id("docker", &image.id)?;
        let is_manifest = image.descriptor.is_some_and(|descriptor| descriptor.digest == id);
        Ok(Image { config: (!is_manifest).then(|| id.clone()), id, labels })
    }

    fn says_absent(&self, message: &str) -> bool {
        let message = message.to_ascii_lowercase();
        message.contains("no such image") || message.contains("no such object")
    }

    fn says_unpinnable(&self, message: &str) -> bool {
        // The first is a daemon's before the 23rd.
        message.contains("frontend.contexts") || message.contains("unknown flag: --build-context")
    }

    fn list(&self, label: &str, value: &str) -> Vec<String> {
        let filter = format!("label={label}={value}");
        words(["image", "ls", "--no-trunc", "--filter", &filter, "--format", "{{json .}}"])
    }

    fn read_list(&self, answer: &[u8]) -> Result<Vec<Listed>, StoreError> {
        let text = std::str::from_utf8(answer).map_err(|error| wrong("docker", error))?;
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let row: DockerRow = serde_json::from_str(line).map_err(|error| wrong("docker", error))?;
            let names = all.entry(full_id("docker", &row.id)?).or_default();
            if row.repository != "<none>" && row.tag != "<none>" {
                names.push(format!("{}:{}", row.repository, row.tag));
            }
        }
        Ok(all.into_iter().map(|(id, names)| Listed { id, names }).collect())
    }

    fn tag(&self, image: &str, name: &str) -> Vec<String> {
        words(["image", "tag", image, name])
    }

    fn remove(&self, name: &str) -> Vec<String> {
        words(["image", "rm", name])
    }

    fn export(&self, names: &[String], folder: &str) -> Vec<Export> {
        let file = format!("{folder}/image.tar");
        let mut words = words(["image", "save", "--output", &file]);
        words.extend_from_slice(names);
        vec![Export { words, file }]
    }
}
