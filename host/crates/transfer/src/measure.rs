//! What an index leads to, from manifests that the target holds. Asks nobody.

use std::collections::HashMap;

use bakery_core::{
    model::{Digest, ManifestContent},
    port::Measured,
};

use crate::{memory::Memory, transfer::Transfer};

impl Transfer {
    /// Layers and bytes of an index; `None` where this target did not read all of its manifests.
    #[must_use]
    pub fn measured(&self, index: &Digest) -> Option<Measured> {
        measure(&self.memory, index)
    }
}

fn measure(memory: &Memory, index: &Digest) -> Option<Measured> {
    let index = memory.get(index)?;
    let mut layers = None;
    let mut blobs = HashMap::new();
    for child in index.manifests() {
        let child = memory.get(&child.digest)?;
        if let ManifestContent::Image { layers: own, .. } = child.content() {
            layers = layers.or(Some(own.len() as u64));
        }
        blobs.extend(child.blobs().into_iter().map(|blob| (blob.digest.clone(), blob.size)));
    }
    let bytes = blobs.into_values().fold(0, u64::saturating_add);
    layers.map(|layers| Measured { layers, bytes })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bakery_core::model::{Manifest, media_type};

    use super::*;

    fn blob(number: u64) -> String {
        format!(
            r#"{{"mediaType":"application/octet-stream","digest":"sha256:{number:064x}","size":{number}}}"#
        )
    }

    fn image(memory: &Memory, config: u64, layers: &[u64]) -> String {
        let layers: Vec<String> = layers.iter().map(|number| blob(*number)).collect();
        let text = format!(
            r#"{{"mediaType":"{}","config":{},"layers":[{}]}}"#,
            media_type::OCI_MANIFEST,
            blob(config),
            layers.join(",")
        );
        keep(memory, text).to_string()
    }

    fn index(memory: &Memory, children: &[String]) -> Digest {
        let entry = |digest: &String| {
            format!(r#"{{"mediaType":"{}","digest":"{digest}","size":1}}"#, media_type::OCI_MANIFEST)
        };
        let entries: Vec<String> = children.iter().map(entry).collect();
        keep(
            memory,
            format!(r#"{{"mediaType":"{}","manifests":[{}]}}"#, media_type::OCI_INDEX, entries.join(",")),
        )
    }

    fn keep(memory: &Memory, text: String) -> Digest {
        let manifest = Manifest::parse(text.into_bytes(), None).unwrap();
        let digest = manifest.digest().clone();
        memory.keep(Arc::new(manifest), None).unwrap();
        digest
    }

    #[test]
    fn what_images_share_counts_once_and_what_was_not_read_is_not_guessed() {
        let memory = Memory::default();
        let first = image(&memory, 1, &[10, 100]);
        let second = image(&memory, 2, &[10, 200, 300]);
        let whole = index(&memory, &[first.clone(), second]);
        assert_eq!(measure(&memory, &whole), Some(Measured { layers: 2, bytes: 613 }));
        let torn = index(&memory, &[first, format!("sha256:{:064x}", 9)]);
        assert_eq!(measure(&memory, &torn), None);
        assert_eq!(measure(&memory, &index(&memory, &[])), None);
        assert_eq!(measure(&memory, &format!("sha256:{:064x}", 9).parse().unwrap()), None);
    }
}
