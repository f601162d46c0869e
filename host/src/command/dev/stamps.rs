//! Whether the inputs of a build were touched while it ran, even where they are what they were again.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use bakery_backend::tree::Stamp;
use bakery_dev::context::Shown;

/// The entries of a context.
pub(super) type Entries = BTreeMap<Vec<u8>, Stamp>;

/// What the system says of all inputs of a target.
pub(super) struct Stamps {
    /// The Containerfile, which need not be in the context. One that is gone has none.
    containerfile: (String, Option<Stamp>),
    entries: Arc<Entries>,
}

impl Stamps {
    /// Of a Containerfile below the project's folder, and a context.
    pub(super) fn new(folder: &Path, containerfile: &str, entries: Arc<Entries>) -> Self {
        let stamp = Stamp::of(&folder.join(containerfile)).ok();
        Self { containerfile: (containerfile.to_owned(), stamp), entries }
    }

    /// The first input that was touched since.
    pub(super) fn touched(&self, now: &Self) -> Option<String> {
        if self.containerfile != now.containerfile {
            return Some(self.containerfile.0.clone());
        }
        let differs =
            |(path, stamp): &(&Vec<u8>, &Stamp)| now.entries.get(*path).is_none_or(|now| !stamp.agrees(now));
        let here = self.entries.iter().find(differs).map(|(path, _)| path);
        let path = here.or_else(|| now.entries.keys().find(|path| !self.entries.contains_key(*path)))?;
        Some(Shown(path.clone()).to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn stamps(folder: &Path) -> Stamps {
        let entry = |name: &str| (name.as_bytes().to_vec(), Stamp::of(&folder.join(name)).unwrap());
        Stamps::new(folder, "Containerfile", Arc::new(["a", "b"].map(entry).into()))
    }

    #[test]
    fn what_was_replaced_by_the_same_is_found() {
        let top = tempfile::tempdir().unwrap();
        for name in ["a", "b", "Containerfile"] {
            fs::write(top.path().join(name), name).unwrap();
        }
        let before = stamps(top.path());
        assert_eq!(before.touched(&stamps(top.path())), None);
        for name in ["b", "Containerfile"] {
            let before = stamps(top.path());
            let path = top.path().join(name);
            let times = fs::metadata(&path).unwrap().modified().unwrap();
            fs::copy(&path, top.path().join("new")).unwrap();
            fs::rename(top.path().join("new"), &path).unwrap();
            fs::File::options().write(true).open(&path).unwrap().set_modified(times).unwrap();
            assert_eq!(before.touched(&stamps(top.path())).as_deref(), Some(name));
        }
    }
}
