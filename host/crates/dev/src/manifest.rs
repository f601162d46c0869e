//! What an image says of itself: which entry of an index it is, and the labels of its configuration. Looks up nothing.

use std::collections::BTreeMap;

use bakery_core::model::{Descriptor, Manifest, ManifestContent, Platform};
use serde::Deserialize;

/// The configuration of an image, as registries and `buildah` write it.
#[derive(Deserialize)]
pub(crate) struct Configuration {
    config: Option<Labelled>,
}

/// What has labels, in whatever it stands.
#[derive(Deserialize)]
pub(crate) struct Labelled {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

impl Configuration {
    pub(crate) fn labels(self) -> BTreeMap<String, String> {
        Labelled::labels(self.config)
    }
}

impl Labelled {
    /// None are no labels, wherever they lack.
    pub(crate) fn labels(of: Option<Self>) -> BTreeMap<String, String> {
        of.and_then(|of| of.labels).unwrap_or_default()
    }
}

/// What of a manifest runs on a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// The manifest itself: it is an image.
    Itself,
    /// This entry of the index.
    Of(&'a Descriptor),
    /// Nothing.
    Nothing,
}

/// Finds it. The only entry of an index need not name its platform.
#[must_use]
pub fn entry(manifest: &Manifest, platform: Platform) -> Entry<'_> {
    let ManifestContent::Index { manifests } = manifest.content() else { return Entry::Itself };
    let is_for = |entry: &&Descriptor| {
        let said = entry.platform.as_ref();
        said.is_some_and(|said| said.os == "linux" && said.architecture == platform.architecture())
    };
    let only = || match &manifests[..] {
        [only] if only.platform.is_none() => Some(only),
        _ => None,
    };
    manifests.iter().find(is_for).or_else(only).map_or(Entry::Nothing, Entry::Of)
}

/// The labels in a configuration.
///
/// # Errors
/// It is something else.
pub fn labels(configuration: &[u8]) -> serde_json::Result<BTreeMap<String, String>> {
    serde_json::from_slice(configuration).map(Configuration::labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(entries: &[Option<&str>]) -> Manifest {
        let digest = format!("sha256:{}", "a".repeat(64));
        let entry = |architecture: &Option<&str>| {
            let platform = architecture
                .map(|name| format!(r#","platform":{{"os":"linux","architecture":"{name}"}}"#))
                .unwrap_or_default();
            format!(
                r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{digest}","size":1{platform}}}"#
            )
        };
        let entries: Vec<String> = entries.iter().map(entry).collect();
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{}]}}"#,
            entries.join(",")
        );
        Manifest::parse(text.into_bytes(), None).unwrap()
    }

    #[test]
    fn an_index_has_an_entry_for_a_platform_or_none() {
        let here = Platform::LinuxAmd64;
        let two = index(&[Some("arm64"), Some("amd64")]);
        assert_eq!(entry(&two, here), Entry::Of(&two.manifests()[1]));
        let one = index(&[None]);
        assert_eq!(entry(&one, here), Entry::Of(&one.manifests()[0]));
        // An attestation beside an image of another platform is not taken for an image.
        assert_eq!(entry(&index(&[Some("arm64"), Some("unknown")]), here), Entry::Nothing);
        assert_eq!(entry(&index(&[Some("arm64")]), here), Entry::Nothing);
        assert_eq!(entry(&index(&[None, None]), here), Entry::Nothing);
    }

    #[test]
    fn labels_are_those_of_the_configuration() {
        let some = br#"{"config":{"Labels":{"a":"1"}},"os":"linux"}"#;
        assert_eq!(labels(some).unwrap(), [("a".to_owned(), "1".to_owned())].into());
        for none in [&b"{}"[..], br#"{"config":null}"#, br#"{"config":{"Labels":null}}"#] {
            assert_eq!(labels(none).unwrap(), BTreeMap::new());
        }
        assert!(labels(b"[]").is_err());
    }
}
