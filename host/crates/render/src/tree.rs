//! A folder in memory: relative paths, contents and permissions. It comes from nowhere and goes nowhere.

/// One file of a folder.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Below the folder, with `/` between its parts.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Its permissions, as in `chmod`.
    pub mode: u32,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:o} {:?}", self.path, self.mode, String::from_utf8_lossy(&self.bytes))
    }
}

/// A folder with all files below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// Its path, relative to `bakery.yaml`, for messages.
    pub path: String,
    /// Its files, each path once.
    pub files: Vec<File>,
}

impl Tree {
    /// The file of that path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}
