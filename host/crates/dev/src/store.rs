//! Image stores of a machine in their own words: which arguments ask for what, and what the answers mean. Starts nothing.

use std::collections::BTreeMap;

use bakery_core::model::Reference;
use serde::Deserialize;

use crate::key::Key;

/// The label with all digits of the key.
pub const KEY: &str = "bakery.dev.key";
/// The label with the names that an image was built for, separated by commas.
pub const NAMES: &str = "bakery.dev.names";
/// The label with the repository of git that it was built from.
pub const REPOSITORY: &str = "bakery.dev.repository";
/// The repository of names that images have until they are known to be what they were meant to be.
pub const TEMPORARY: &str = "localhost/bakery-dev-build";

/// Bytes of an answer.
pub const MAX_ANSWER: usize = 16 << 20;

/// An image of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its id, with the algorithm: `sha256:…`.
    pub id: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Digest of its configuration, where the store names it.
    pub config: Option<String>,
}

impl Image {
    /// The key in its label, where that is one.
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        self.labels.get(KEY)?.parse().ok()
    }

    /// Whether a name is one that it was built for. A label is inherited by whatever is built from an image; a name is
    /// not.
    #[must_use]
    pub fn was_built_for(&self, name: &Reference) -> bool {
        let names = self.labels.get(NAMES).map_or("", String::as_str);
        names.split(',').any(|one| one.parse::<Reference>().is_ok_and(|one| one == *name))
    }
}

/// An image in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Names with tags.
    pub names: Vec<String>,
}

/// One archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Has the store write it.
    pub words: Vec<String>,
    /// Its file.
    pub file: String,
}

/// A store said something that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{store} gave an answer that cannot be read: {what}")]
pub struct StoreError {
    /// The store.
    pub store: &'static str,
    /// What is wrong with it.
    pub what: String,
}

/// A store, in its own words.
pub trait Store: Send + Sync {
    /// Its program.
    fn program(&self) -> &'static str;

    /// Asks whether it can be used at all; none where its program is enough.
    fn probe(&self) -> Option<Vec<String>>;

    /// Asks whether one name can hold images for several platforms; none where it never can.
    fn several(&self) -> Option<Vec<String>>;

    /// What it says to that.
    fn read_several(&self, answer: &[u8]) -> bool;

    /// Asks for one image, by name or id.
    fn look(&self, image: &str) -> Vec<String>;

    /// What it says to that.
    ///
    /// # Errors
    /// It is something else.
    fn read_image(&self, answer: &[u8]) -> Result<Image, StoreError>;

    /// Whether a failed look means that there is no such image.
    fn says_absent(&self, message: &str) -> bool;

    /// Asks for all images with this label and value.
    fn list(&self, label: &str, value: &str) -> Vec<String>;

    /// What it says to that.
    ///
    /// # Errors
    /// It is something else.
    fn read_list(&self, answer: &[u8]) -> Result<Vec<Listed>, StoreError>;

    /// Gives an image one more name, which is taken from whatever had it.
    fn tag(&self, image: &str, name: &str) -> Vec<String>;

    /// Takes a name away, and the image with its last one.
    fn remove(&self, name: &str) -> Vec<String>;

    /// Writes an image with these names into archives of docker's form below a folder.
    fn export(&self, names: &[String], folder: &str) -> Vec<Export>;
}

/// `docker`: what its daemon holds.
#[derive(Clone, Copy, Debug)]
pub struct Docker;

/// `buildah`, with the storage that podman and others share.
#[derive(Clone, Copy, Debug)]
pub struct Buildah;

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

fn wrong(store: &'static str, what: impl ToString) -> StoreError {
    StoreError { store, what: what.to_string() }
}

/// Ids without their algorithm are SHA-256.
fn full_id(store: &'static str, id: &str) -> Result<String, StoreError> {
    let hex = id.strip_prefix("sha256:").unwrap_or(id);
    if hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(format!("sha256:{hex}"))
    } else {
        Err(wrong(store, format!("`{}` is no image id", id.escape_debug())))
    }
}

#[derive(Deserialize)]
struct DockerImage {
    #[serde(rename = "Id")]
    id: String,
    #[serde(rename = "Config")]
    config: Option<Config>,
    #[serde(rename = "Descriptor")]
    descriptor: Option<DockerDescriptor>,
}

/// What the id names, where images lie in containerd's store: a manifest or an index.
#[derive(Deserialize)]
struct DockerDescriptor {
    digest: String,
}

#[derive(Deserialize)]
struct Config {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
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
        let labels = image.config.and_then(|config| config.labels).unwrap_or_default();
        let id = full_id("docker", &image.id)?;
        let is_manifest = image.descriptor.is_some_and(|descriptor| descriptor.digest == id);
        Ok(Image { config: (!is_manifest).then(|| id.clone()), id, labels })
    }

    fn says_absent(&self, message: &str) -> bool {
        let message = message.to_ascii_lowercase();
        message.contains("no such image") || message.contains("no such object")
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

#[derive(Deserialize)]
struct BuildahImage {
    #[serde(rename = "FromImageID")]
    id: String,
    #[serde(rename = "OCIv1")]
    oci: Oci,
}

#[derive(Deserialize)]
struct Oci {
    config: Option<OciConfig>,
}

#[derive(Deserialize)]
struct OciConfig {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
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
        let labels = image.oci.config.and_then(|config| config.labels).unwrap_or_default();
        let id = full_id("buildah", &image.id)?;
        Ok(Image { config: Some(id.clone()), id, labels })
    }

    fn says_absent(&self, message: &str) -> bool {
        message.contains("image not known")
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

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "8ecc0674c44ed7c03aa114480ee438f4b273c81650cbbb2d7af48b32d9ac2cb3";

    #[test]
    fn both_stores_say_the_same_in_their_own_words() {
        let labels: BTreeMap<_, _> = [(KEY.to_owned(), "a".repeat(64))].into();
        let id = format!("sha256:{ID}");
        let wanted = Image { config: Some(id.clone()), id, labels };
        let label = format!(r#"{{"{KEY}":"{}"}}"#, "a".repeat(64));
        let docker = format!(r#"[{{"Id":"sha256:{ID}","RepoTags":["a:1"],"Config":{{"Labels":{label}}}}}]"#);
        assert_eq!(Docker.read_image(docker.as_bytes()).unwrap(), wanted);
        let buildah = format!(r#"{{"FromImageID":"{ID}","OCIv1":{{"config":{{"Labels":{label}}}}}}}"#);
        assert_eq!(Buildah.read_image(buildah.as_bytes()).unwrap(), wanted);
        assert_eq!(wanted.key().unwrap().as_str(), "a".repeat(64));
    }

    #[test]
    fn an_id_that_names_a_manifest_says_nothing_of_the_configuration() {
        let docker = format!(r#"[{{"Id":"sha256:{ID}","Descriptor":{{"digest":"sha256:{ID}"}}}}]"#);
        assert_eq!(Docker.read_image(docker.as_bytes()).unwrap().config, None);
    }

    #[test]
    fn an_export_has_every_name_of_an_image() {
        let names = ["a.io/x:1".to_owned(), "b.io/x:1".to_owned()];
        let [one] = &Docker.export(&names, "/t")[..] else { panic!() };
        assert_eq!(one.words, ["image", "save", "--output", "/t/image.tar", "a.io/x:1", "b.io/x:1"]);
        let files: Vec<_> = Buildah.export(&names, "/t").into_iter().map(|one| one.file).collect();
        assert_eq!(files, ["/t/image-0.tar", "/t/image-1.tar"]);
        let words = &Buildah.export(&names, "/t")[1].words;
        assert_eq!(words[2..], ["b.io/x:1", "docker-archive:/t/image-1.tar:b.io/x:1"]);
    }

    #[test]
    fn an_image_without_labels_has_no_key() {
        let docker = format!(r#"[{{"Id":"sha256:{ID}","Config":{{"Labels":null}}}}]"#);
        assert_eq!(Docker.read_image(docker.as_bytes()).unwrap().key(), None);
        let buildah = format!(r#"{{"FromImageID":"{ID}","OCIv1":{{"config":{{}}}}}}"#);
        assert_eq!(Buildah.read_image(buildah.as_bytes()).unwrap().key(), None);
    }

    #[test]
    fn lists_have_every_name_of_an_image_once() {
        let rows = format!(
            "{{\"ID\":\"sha256:{ID}\",\"Repository\":\"a\",\"Tag\":\"1\"}}\n\
             {{\"ID\":\"sha256:{ID}\",\"Repository\":\"b\",\"Tag\":\"<none>\"}}\n\
             {{\"ID\":\"sha256:{ID}\",\"Repository\":\"c\",\"Tag\":\"2\"}}\n"
        );
        let wanted = Listed { id: format!("sha256:{ID}"), names: vec!["a:1".to_owned(), "c:2".to_owned()] };
        assert_eq!(Docker.read_list(rows.as_bytes()).unwrap(), [wanted]);
        assert_eq!(Docker.read_list(b"").unwrap(), []);
        let rows = format!(r#"[{{"id":"sha256:{ID}","names":["a:1"]}},{{"id":"{ID}","names":null}}]"#);
        let names: Vec<_> =
            Buildah.read_list(rows.as_bytes()).unwrap().into_iter().map(|one| one.names).collect();
        assert_eq!(names, [vec!["a:1".to_owned()], Vec::new()]);
        assert_eq!(Buildah.read_list(b"null").unwrap(), []);
    }

    #[test]
    fn what_is_no_answer_is_an_error_that_names_the_store() {
        for bad in [&b""[..], b"{}", b"[]", b"[{\"Id\":\"x\"}]", b"\xff"] {
            assert!(Docker.read_image(bad).unwrap_err().to_string().starts_with("docker"));
            assert!(Buildah.read_image(bad).unwrap_err().to_string().starts_with("buildah"));
        }
        assert!(Docker.read_list(b"x").is_err() && Buildah.read_list(b"x").is_err());
    }

    #[test]
    fn only_containerd_s_images_have_several_platforms() {
        assert!(Docker.read_several(br#"[["driver-type","io.containerd.snapshotter.v1"]]"#));
        for other in [
            &b""[..],
            b"null",
            b"{}",
            b"[]",
            br#"[["Backing Filesystem","extfs"],["Supports d_type","true"]]"#,
        ] {
            assert!(!Docker.read_several(other), "{}", String::from_utf8_lossy(other));
        }
        assert_eq!(Buildah.several(), None);
        assert!(!Buildah.read_several(br#"[["driver-type","io.containerd.snapshotter.v1"]]"#));
    }

    #[test]
    fn only_the_names_that_an_image_was_built_for_are_its_own() {
        let labels = [(NAMES.to_owned(), "docker.io/posit/connect:dev-1,ghcr.io/x/y:dev-1".to_owned())];
        let image = Image { id: String::new(), labels: labels.into(), config: None };
        for (name, own) in
            [("posit/connect:dev-1", true), ("ghcr.io/x/y:dev-1", true), ("other:dev-1", false)]
        {
            assert_eq!(image.was_built_for(&name.parse().unwrap()), own, "{name}");
        }
    }
}
