//! Lays answers out in a guest's memory as the canonical ABI wants them, for guests that answer from data segments.

/// Where the images begin; below are the zeroed answer and what guests write themselves.
const AT: usize = 4096;

/// Memory of a guest from 4096 on.
#[derive(Default)]
pub(super) struct Layout(Vec<u8>);

impl Layout {
    /// The address of the text, and its length.
    pub(super) fn text(&mut self, text: &[u8]) -> [u32; 2] {
        let at = self.end();
        self.0.extend_from_slice(text);
        [at, u32::try_from(text.len()).unwrap()]
    }

    /// The address of words, aligned to eight bytes.
    pub(super) fn words(&mut self, words: &[u32]) -> u32 {
        while !self.0.len().is_multiple_of(8) {
            self.0.push(0);
        }
        let at = self.end();
        self.0.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        at
    }

    /// The address of `ok(resolution)` with one artifact for each version and URL.
    pub(super) fn resolution(&mut self, artifacts: &[(&str, &str)]) -> u32 {
        let mut list = Vec::new();
        for (version, url) in artifacts {
            let ([version, version_len], [url, url_len]) =
                (self.text(version.as_bytes()), self.text(url.as_bytes()));
            // 64 bytes: result, version, url, digest, padding, size (option, u64), attributes
            list.extend([0, 0, version, version_len, url, url_len, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        }
        let at = self.words(&list);
        // result, artifacts, head, origin, published, attributes
        self.words(&[0, at, u32::try_from(artifacts.len()).unwrap(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    /// The data segment.
    pub(super) fn data(&self) -> String {
        let bytes: String = self.0.iter().map(|byte| format!("\\{byte:02x}")).collect();
        format!("(data (i32.const {AT}) \"{bytes}\")")
    }

    fn end(&self) -> u32 {
        u32::try_from(AT + self.0.len()).unwrap()
    }
}
