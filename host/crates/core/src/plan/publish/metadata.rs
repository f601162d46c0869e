//! Metadata files: what a build wrote about each target, as data. Strict about what is read, silent about keys that
//! nobody reads. Judges no target and opens no file.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    BuiltTarget, PublishError, PublishErrors, built, json,
    look::{Look, kind},
    moment, provenance,
};
use crate::model::{Digest, media_type};

/// Bytes of one file. A real one has a few kilobytes for each target.
const MAX_BYTES: usize = 16 << 20;

/// Targets of one file.
const MAX_ENTRIES: usize = 10_000;

const CREATED: &str = "org.opencontainers.image.created";

/// One metadata file.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataFile {
    /// Its name, for messages, and for the order of files.
    pub name: String,
    /// One per target, in file order.
    pub entries: Vec<MetadataEntry>,
}

/// What a build says about one target. Whatever it does not say is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetadataEntry {
    /// The target's identifier.
    pub uid: String,
    /// `image.name`: names that the build was pushed under.
    pub names: Vec<String>,
    /// `containerimage.digest`, or else the descriptor's.
    pub digest: Option<Digest>,
    /// What the descriptor says it points at.
    pub media_type: Option<String>,
    /// Bytes of the manifest.
    pub size: Option<u64>,
    /// `os/architecture[/variant]`.
    pub platform: Option<String>,
    /// Whether `platform` is only where the build ran.
    pub platform_is_builders: bool,
    /// The platforms of a build for several.
    pub platforms: Vec<String>,
    /// When the image was built: the descriptor's annotation, or else the label.
    pub created: Option<Timestamp>,
    /// Labels that the build set.
    pub labels: BTreeMap<String, String>,
    /// Build arguments.
    pub build_args: BTreeMap<String, String>,
    /// What bakery's own build adds.
    pub built: Option<BuiltTarget>,
}

impl MetadataEntry {
    /// Whether it is of an index, and not of one image.
    #[must_use]
    pub fn is_index(&self) -> bool {
        let index = |media_type: &str| matches!(media_type, media_type::OCI_INDEX | media_type::DOCKER_LIST);
        self.media_type.as_deref().is_some_and(index) || self.platforms.len() > 1
    }

    /// A label under one of the two prefixes that labels are written with.
    pub(super) fn label(&self, name: &str) -> Option<&str> {
        let under = |prefix: &str| self.labels.get(&format!("{prefix}.{name}"));
        under("org.opencontainers.image").or_else(|| under("co.posit.image")).map(String::as_str)
    }
}

/// Reads a metadata file. `name` is used in messages and for the order of files only.
///
/// # Errors
/// Everything in it that cannot be read, or all that can be said where it is no JSON.
pub fn read(name: &str, bytes: &[u8]) -> Result<MetadataFile, PublishErrors> {
    let file = || name.to_owned();
    let fail = |error| Err(PublishErrors(vec![error]));
    if bytes.len() > MAX_BYTES {
        return fail(PublishError::TooLarge { file: file(), bytes: bytes.len(), limit: MAX_BYTES });
    }
    let document = match json::parse(bytes) {
        Ok(document) => document,
        Err(json::Fault { path, line, column, message }) => {
            return fail(match message {
                Some(message) => PublishError::NotJson { file: file(), path, line, column, message },
                None => PublishError::DuplicateKey { file: file(), path, line, column },
            });
        }
    };
    let Value::Object(document) = document else {
        let (path, found) = (String::new(), kind(&document));
        return fail(PublishError::WrongType { file: file(), path, expected: "an object", found });
    };
    if document.contains_key("containerimage.digest") || document.contains_key("image.name") {
        return fail(PublishError::OneBuild { file: file() });
    }
    // `docker buildx bake` writes its warnings beside the targets.
    let targets: Vec<&String> = document.keys().filter(|key| !key.starts_with("buildx.")).collect();
    if targets.len() > MAX_ENTRIES {
        return fail(PublishError::TooMany { file: file(), entries: targets.len(), limit: MAX_ENTRIES });
    }
    if targets.is_empty() {
        return fail(PublishError::NoEntries { file: file() });
    }
    let mut look = Look::new(name);
    let mut entries = Vec::with_capacity(targets.len());
    for uid in targets {
        match document.get(uid) {
            Some(Value::Object(map)) => entries.push(look.below(uid, |look| entry(uid, map, look))),
            other => {
                look.wrong::<()>(uid, "an object", other.unwrap_or(&Value::Null));
            }
        }
    }
    if look.errors.is_empty() {
        Ok(MetadataFile { name: file(), entries })
    } else {
        Err(PublishErrors(look.errors))
    }
}

fn entry(uid: &str, map: &Map<String, Value>, look: &mut Look<'_>) -> MetadataEntry {
    let digest = |text: &str| text.parse::<Digest>().map_err(|error| error.to_string());
    let provenance = provenance::provenance(map, look);
    let mut entry = MetadataEntry {
        uid: uid.to_owned(),
        names: look.text(map, "image.name").map(names).unwrap_or_default(),
        digest: look.parsed(map, "containerimage.digest", digest),
        built: built::built_target(map, look),
        ..MetadataEntry::default()
    };
    if let Some(descriptor) = look.object(map, "containerimage.descriptor") {
        look.below("containerimage.descriptor", |look| {
            entry.media_type = look.text(descriptor, "mediaType").map(str::to_owned);
            entry.size = look.whole(descriptor, "size");
            let found = look.parsed(descriptor, "digest", |text| match (&entry.digest, digest(text)?) {
                (Some(named), found) if *named != found => {
                    Err(format!("`{found}` is not the `containerimage.digest`, which is `{named}`"))
                }
                (_, found) => Ok(found),
            });
            entry.digest = entry.digest.take().or(found);
            entry.platform = look.object(descriptor, "platform").and_then(|platform| {
                look.below("platform", |look| {
                    let (os, architecture) = (look.text(platform, "os"), look.text(platform, "architecture"));
                    let variant = look.text(platform, "variant");
                    Some(platform_text(os?, architecture?, variant))
                })
            });
            if let Some(annotations) = look.object(descriptor, "annotations") {
                entry.created =
                    look.below("annotations", |look| look.parsed(annotations, CREATED, moment::parse));
            }
        });
    }
    if entry.created.is_none()
        && let Some(text) = provenance.labels.get(CREATED)
    {
        match moment::parse(text) {
            Ok(created) => entry.created = Some(created),
            Err(message) => look.note_here(format!("the label `{CREATED}` is wrong: {message}")),
        }
    }
    if let ([only], None) = (&provenance.platforms[..], &entry.platform) {
        entry.platform = Some(only.clone());
    }
    if entry.platform.is_none() {
        entry.platform_is_builders = provenance.environment.is_some();
        entry.platform = provenance.environment;
    }
    entry.platforms = provenance.platforms;
    entry.labels = provenance.labels;
    entry.build_args = provenance.build_args;
    entry
}

fn names(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The variants that the two platforms have by default are left out.
fn platform_text(os: &str, architecture: &str, variant: Option<&str>) -> String {
    match (architecture, variant.filter(|variant| !variant.is_empty())) {
        (_, None) | ("arm64", Some("v8")) | ("amd64", Some("v1")) => format!("{os}/{architecture}"),
        (_, Some(variant)) => format!("{os}/{architecture}/{variant}"),
    }
}
