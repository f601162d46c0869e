//! The build context: what is in it, in one order, and how two of them differ. Reads no file.

use std::fmt;

use bakery_core::model::Digest;

/// What lies under a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A regular file.
    File {
        /// Permission bits, `0o7777` at most.
        mode: u32,
        /// Bytes.
        size: u64,
        /// Of the bytes.
        digest: Digest,
    },
    /// A folder.
    Folder {
        /// Permission bits.
        mode: u32,
    },
    /// A symbolic link. It is never followed: its text goes into the image.
    Link {
        /// The text.
        target: Vec<u8>,
    },
}

/// One entry of a context.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Relative to the context, parts joined by `/`, any bytes but NUL.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: Kind,
}

/// The entries of a context, sorted by the bytes of their paths, each path once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    entries: Vec<Entry>,
}

/// A path that stands twice in a list of entries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is in the build context twice")]
pub struct TwiceError(pub Shown);

impl Context {
    /// Puts entries in order.
    ///
    /// # Errors
    /// A path stands there twice.
    pub fn new(mut entries: Vec<Entry>) -> Result<Self, TwiceError> {
        entries.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        match entries.windows(2).find(|pair| pair[0].path == pair[1].path) {
            Some(pair) => Err(TwiceError(Shown(pair[0].path.clone()))),
            None => Ok(Self { entries }),
        }
    }

    /// The entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What lies under a path.
    #[must_use]
    pub fn get(&self, path: &[u8]) -> Option<&Kind> {
        let at = self.entries.binary_search_by(|entry| entry.path.as_slice().cmp(path)).ok()?;
        self.entries.get(at).map(|entry| &entry.kind)
    }

    /// The first entry, in order of paths, in which this context differs from another one.
    #[must_use]
    pub fn first_difference(&self, other: &Self) -> Option<Difference> {
        let (mut mine, mut theirs) = (self.entries.iter().peekable(), other.entries.iter().peekable());
        loop {
            let (one, two) = match (mine.peek(), theirs.peek()) {
                (None, None) => return None,
                (Some(one), None) => return Some(Difference::added(one)),
                (None, Some(two)) => return Some(Difference::removed(two)),
                (Some(one), Some(two)) => (*one, *two),
            };
            match one.path.cmp(&two.path) {
                std::cmp::Ordering::Less => return Some(Difference::added(one)),
                std::cmp::Ordering::Greater => return Some(Difference::removed(two)),
                std::cmp::Ordering::Equal if one.kind != two.kind => {
                    let how = match (&one.kind, &two.kind) {
                        (Kind::File { mode: a, digest: x, .. }, Kind::File { mode: b, digest: y, .. })
                            if x == y =>
                        {
                            How::Mode { now: *a, before: *b }
                        }
                        (Kind::Folder { mode: a }, Kind::Folder { mode: b }) => {
                            How::Mode { now: *a, before: *b }
                        }
                        _ => How::Changed,
                    };
                    return Some(Difference { path: Shown(one.path.clone()), how });
                }
                std::cmp::Ordering::Equal => {
                    mine.next();
                    theirs.next();
                }
            }
        }
    }
}

/// How one path differs between two contexts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The path.
    pub path: Shown,
    /// How.
    pub how: How,
}

/// The kinds of differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Only the first context has it.
    Added,
    /// Only the second one has it.
    Removed,
    /// Permission bits alone.
    Mode {
        /// In the first.
        now: u32,
        /// In the second.
        before: u32,
    },
    /// Bytes, type or text of a link.
    Changed,
}

impl Difference {
    fn added(entry: &Entry) -> Self {
        Self { path: Shown(entry.path.clone()), how: How::Added }
    }

    fn removed(entry: &Entry) -> Self {
        Self { path: Shown(entry.path.clone()), how: How::Removed }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match self.how {
            How::Added => write!(f, "`{path}` is not in the commit"),
            How::Removed => write!(f, "`{path}` of the commit is missing"),
            How::Changed => write!(f, "`{path}` is not the commit's"),
            How::Mode { now, before } => {
                write!(f, "`{path}` has the permissions {now:o}, and {before:o} in the commit")
            }
        }
    }
}

/// A path for people: control characters and bytes that are no text are escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(pub Vec<u8>);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &[u8], bytes: &[u8], mode: u32) -> Entry {
        Entry {
            path: path.to_vec(),
            kind: Kind::File { mode, size: bytes.len() as u64, digest: Digest::of(bytes) },
        }
    }

    #[test]
    fn order_is_that_of_bytes_and_a_path_stands_once() {
        let context =
            Context::new(vec![file(b"b", b"", 0o644), file(b"a/x", b"", 0o644), file(b"a", b"", 0o644)]);
        let paths: Vec<_> = context.unwrap().entries().iter().map(|e| e.path.clone()).collect();
        assert_eq!(paths, [b"a".to_vec(), b"a/x".to_vec(), b"b".to_vec()]);
        assert!(Context::new(vec![file(b"a", b"1", 0o644), file(b"a", b"2", 0o644)]).is_err());
    }

    #[test]
    fn the_first_difference_says_how() {
        let of = |entries: &[Entry]| Context::new(entries.to_vec()).unwrap();
        let (a, b) = (file(b"a", b"1", 0o644), file(b"b", b"1", 0o644));
        let base = of(&[a.clone(), b.clone()]);
        assert_eq!(base.first_difference(&base), None);
        for (other, want) in [
            (of(std::slice::from_ref(&a)), "`b` of the commit is missing"),
            (of(&[file(b"a", b"1", 0o755), b.clone()]), "`a` has the permissions 755, and 644 in the commit"),
            (of(&[file(b"a", b"2", 0o644), b.clone()]), "`a` is not the commit's"),
            (of(&[a, b, file(b"\n\xff", b"", 0o644)]), "`\\n\\xff` is not in the commit"),
        ] {
            assert_eq!(other.first_difference(&base).unwrap().to_string(), want);
        }
    }
}
