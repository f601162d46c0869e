//! buildah's own words.

use serde::Deserialize;

use super::{Export, Image, Listed, Store, StoreError, full_id, words, wrong};
use crate::manifest::Configuration;

/// `buildah`, with the storage that podman and others share.
#[derive(Clone, Copy, Debug)]
pub struct Buildah;

#[derive(Deserialize)]
struct BuildahImage {
    #[serde(rename = "FromImageID")]
    id: String,
    #[serde(rename = "OCIv1")]
    oci: Configuration,
}

#[derive(Deserialize)]
struct BuildahRow {
    id: String,
    names: Option<Vec<String>>,
}

impl Store for Buildah {
    fn program(&self) -> &'static str {
        "buildah"
    }

    fn probe(&self) -> Option<Vec<String>> {
        None
    }

    fn several(&self) -> Option<Vec<String>> {
        None
    }

    fn read_several(&self, _: &[u8]) -> bool {
        false
    }

    fn look(&self, image: &str) -> Vec<String> {
        words(["inspect", "--type", "image", image])
    }

    fn read_image(&self, answer: &[u8]) -> Result<Image, StoreError> {
        let image: BuildahImage = serde_json::from_slice(answer).map_err(|error| wrong("buildah", error))?;
        let labels = image.oci.labels();
        let id = full_id("buildah", &image.id)?;
        Ok(Image { config: Some(id.clone()), id, labels })
    }

    fn says_absent(&self, message: &str) -> bool {
        message.contains("image not known")
    }

    fn says_unpinnable(&self, message: &str) -> bool {
        message.contains("unknown flag: --build-context")
    }

    fn list(&self, label: &str, value: &str) -> Vec<String> {
        words(["images", "--json", "--no-trunc", "--filter", &format!("label={label}={value}")])
    }

    fn read_list(&self, answer: &[u8]) -> Result<Vec<Listed>, StoreError> {
        let rows: Option<Vec<BuildahRow>> =
            serde_json::from_slice(answer).map_err(|error| wrong("buildah", error))?;
        let listed = |row: BuildahRow| {
            let id = full_id("buildah", &row.id)?;
            let names = row.names.unwrap_or_default();
            Ok(Listed { id, names: names.into_iter().filter(|name| !name.contains("<none>")).collect() })
        };
        rows.unwrap_or_default().into_iter().map(listed).collect()
    }

    fn tag(&self, image: &str, name: &str) -> Vec<String> {
        words(["tag", image, name])
    }

    fn remove(&self, name: &str) -> Vec<String> {
        words(["rmi", name])
    }

    /// An archive that it writes has one name.
    fn export(&self, names: &[String], folder: &str) -> Vec<Export> {
        let export = |(at, name): (usize, &String)| {
            let file = format!("{folder}/image-{at}.tar");
            let words = words(["push", "--quiet", name, &format!("docker-archive:{file}:{name}")]);
            Export { words, file }
        };
        names.iter().enumerate().map(export).collect()
    }
}
