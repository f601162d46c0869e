//! References of a project's images in manifests: found by parsing, replaced in the text as it stands, so that
//! comments, order, quoting, anchors and line ends survive. Reads and writes no file.

mod edit;
mod embedded;
mod find;
mod managed;
mod mention;
mod path;
mod tree;

pub use managed::{Managed, ManagedImage};

use edit::Patch;

/// Bytes of one manifest.
pub const MAX_BYTES: usize = 16 << 20;

/// One reference of an image of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The image's name in `bakery.yaml`.
    pub image: String,
    /// Line in the file, counted from 1.
    pub line: usize,
    /// Where in the document: `spec.containers[0].image`.
    pub path: String,
    /// As it stands there.
    pub written: String,
    /// As it has to stand there; none where nothing builds the image.
    pub wanted: Option<String>,
    /// The tag that stands there.
    pub tag: Option<String>,
    /// Whether a digest pins it.
    pub pinned: bool,
    /// Whether it says `imagePullPolicy: Always` beside it, so that a node never takes a local image.
    pub always_pulled: bool,
}

impl Found {
    /// Whether it has to change.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.wanted.as_ref().is_some_and(|wanted| *wanted != self.written)
    }
}

/// A place that names an image of the project and cannot be rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Line in the file, counted from 1.
    pub line: usize,
    /// The repository that it names.
    pub repository: String,
    /// Why it stays.
    pub reason: LeftReason,
}

/// Why a place is not rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftReason {
    /// It is a reference, but a variable or a template makes its tag.
    Variable,
    /// It stands inside another text, such as a script.
    InsideText,
}

/// A manifest, rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// Every reference, in the order of the file.
    pub found: Vec<Found>,
    /// What was left alone.
    pub left: Vec<Left>,
}

/// Why a manifest cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RewriteError {
    /// Too large, too deep, too much.
    #[error("{0}")]
    Limit(String),
    /// Not UTF-8.
    #[error("byte {0} is not UTF-8")]
    NotText(usize),
    /// Not YAML.
    #[error("line {line} is not YAML: {message}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// In the parser's words.
        message: String,
        /// Whether the file holds `{{`: it is a template then, not a manifest.
        template: bool,
    },
    /// A reference is written in a way that cannot be changed in place.
    #[error("line {line} is written in a way that cannot be changed in place")]
    InPlace {
        /// Counted from 1.
        line: usize,
    },
}

/// Rewrites one manifest. `kustomization` says that the file's name makes it one of kustomize.
///
/// # Errors
/// The file is no YAML, or larger than the bounds.
pub fn rewrite(bytes: &[u8], kustomization: bool, managed: &Managed) -> Result<Rewritten, RewriteError> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    if bytes.len() > MAX_BYTES {
        return Err(RewriteError::Limit(format!("it is larger than {MAX_BYTES} bytes")));
    }
    let mark = if bytes.starts_with(MARK) { MARK } else { &[] };
    let text = std::str::from_utf8(&bytes[mark.len()..])
        .map_err(|error| RewriteError::NotText(error.valid_up_to() + mark.len()))?;
    let (patches, mut found, mut left) = patches(text, kustomization, managed, 0)?;
    found.sort_by_key(|(at, _)| *at);
    left.sort_by_key(|(at, _)| *at);
    let lines = Lines::new(text);
    let found: Vec<Found> =
        found.into_iter().map(|(at, found)| Found { line: lines.of(at), ..found }).collect();
    let left = left.into_iter().map(|(at, left)| Left { line: lines.of(at), ..left }).collect();
    let after = edit::apply(text, patches);
    check(&after, kustomization, managed, &found)?;
    Ok(Rewritten { bytes: [mark, after.as_bytes()].concat(), found, left })
}

/// Reads what was written: it is YAML, has the same references, and every one is what it has to be.
fn check(after: &str, kustomization: bool, managed: &Managed, before: &[Found]) -> Result<(), RewriteError> {
    let first = before.iter().find(|found| found.differs());
    let line = first.map_or(1, |found| found.line);
    let Ok((_, found, _)) = patches(after, kustomization, managed, 0) else {
        return Err(RewriteError::InPlace { line });
    };
    match found.iter().find(|(_, found)| found.differs()) {
        Some((at, _)) => Err(RewriteError::InPlace { line: Lines::new(after).of(*at) }),
        None if found.len() != before.len() => Err(RewriteError::InPlace { line }),
        None => Ok(()),
    }
}

/// Patches, references and what is left, each with its place in bytes. `level` counts texts inside texts.
type Outcome = (Vec<Patch>, Vec<(usize, Found)>, Vec<(usize, Left)>);

fn patches(
    text: &str,
    kustomization: bool,
    managed: &Managed,
    level: usize,
) -> Result<Outcome, RewriteError> {
    let tree = tree::parse(text)?;
    let sites = find::sites(&tree, kustomization, managed);
    let mut patches = edit::patches(&tree, &sites);
    let mut found: Vec<(usize, Found)> = sites.iter().map(|site| (site.at, site.found.clone())).collect();
    let mut left = Vec::new();
    let consumed = find::consumed(&sites);
    for (id, node) in tree.scalars().filter(|(id, _)| !consumed.contains(id)) {
        match embedded::patches(&tree, id, managed, level) {
            Some((inner, sites, rest)) => {
                patches.extend(inner);
                found.extend(sites);
                left.extend(rest);
            }
            None => left.extend(
                mention::mentions(&tree, id, managed)
                    .map(|(repository, reason)| (node.start, Left { line: 0, repository, reason })),
            ),
        }
    }
    Ok((patches, found, left))
}

/// From places to line numbers.
struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    fn of(&self, at: usize) -> usize {
        self.0.partition_point(|end| *end < at) + 1
    }
}

#[cfg(test)]
mod tests;
