//! Every text that a template can name, and which of several of one name is meant: the image's own first, then the
//! project's macro folders, then bakery's library.

use std::collections::HashMap;

use crate::{
    library,
    source::{Source, Unfit},
    tree::Tree,
};

/// The texts, by the names that templates use.
pub(crate) struct Sources {
    texts: HashMap<String, Text>,
}

/// One text.
pub(crate) struct Text {
    /// Its file, relative to `bakery.yaml`, for messages.
    pub(crate) file: String,
    /// What the engine reads, or why it cannot.
    pub(crate) source: Result<Source, Unfit>,
}

impl Sources {
    /// Takes the texts of these folders; of two with one name the first counts.
    pub(crate) fn new(template: &Tree, macros: &[Tree]) -> Self {
        let mut texts = HashMap::new();
        for tree in std::iter::once(template).chain(macros) {
            for file in &tree.files {
                texts.entry(file.path.clone()).or_insert_with(|| Text {
                    file: format!("{}/{}", tree.path, file.path),
                    source: read(&file.bytes),
                });
            }
        }
        for (name, text) in library::FILES {
            texts
                .entry(name.to_owned())
                .or_insert_with(|| Text { file: format!("{name} of bakery"), source: Source::new(text) });
        }
        Self { texts }
    }

    /// The text of that name. No name leads out of the folders: there is nothing else in here.
    pub(crate) fn get(&self, name: &str) -> Option<&Text> {
        self.texts.get(name).or_else(|| self.texts.get(plain(name)?.as_str()))
    }
}

fn read(bytes: &[u8]) -> Result<Source, Unfit> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Source::new(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            Err(Unfit { at: 0..0, message: format!("is not UTF-8 from line {line} on") })
        }
    }
}

/// A name without `.` and empty parts; none where it has `..`.
fn plain(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.contains(&"..") { None } else { Some(parts.join("/")) }
}
