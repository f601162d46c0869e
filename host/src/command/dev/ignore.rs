//! What of a folder belongs to the context of a development image: what the ignore file leaves, without what git and
//! bakery keep for themselves.

use std::collections::HashMap;

use bakery_backend::tree::{Choose, Judged};
use bakery_dev::ignore::{Ignore, Matched};

/// The rules of one context.
pub(super) struct Rules(pub(super) Ignore);

impl Rules {
    /// `.git` of a repository, a worktree or a submodule names absolute paths and changes with every command; `.bakery`
    /// is bakery's own.
    fn is_private(path: &[u8]) -> bool {
        path == b".bakery" || path.rsplit(|byte| *byte == b'/').next() == Some(b".git".as_slice())
    }

    /// Whether a path belongs to the context, and with it whether what lies below is looked at.
    fn rule(&self, above: &Matched, path: &[u8]) -> (bool, Option<Matched>) {
        if Self::is_private(path) {
            return (false, None);
        }
        let verdict = self.0.judge(path, above);
        let inside = (!verdict.ignored || verdict.exceptions_below).then_some(verdict.matched);
        (!verdict.ignored, inside)
    }

    /// Whether a single path belongs to it.
    pub(super) fn takes(&self, path: &[u8]) -> bool {
        let mut list = Listed::new(self);
        list.takes(path)
    }
}

impl Choose for Rules {
    type Folder = Matched;

    fn root(&self) -> Matched {
        Matched::default()
    }

    fn judge(&self, folder: &Matched, path: &[u8]) -> Judged<Matched> {
        let (taken, inside) = self.rule(folder, path);
        Judged { taken, inside }
    }
}

/// The same rules for a list of paths, in any order.
pub(super) struct Listed<'r> {
    rules: &'r Rules,
    /// Folders, whether they belong to it, and what is known for what lies in them; none where nothing below counts.
    folders: HashMap<Vec<u8>, (bool, Option<Matched>)>,
}

impl<'r> Listed<'r> {
    pub(super) fn new(rules: &'r Rules) -> Self {
        Self { rules, folders: HashMap::new() }
    }

    /// Whether a file belongs to it.
    pub(super) fn takes(&mut self, path: &[u8]) -> bool {
        let mut above = Some(Matched::default());
        for (at, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            let Some(known) = above else { return false };
            let folder = &path[..at];
            let rules = self.rules;
            let judged = self.folders.entry(folder.to_vec()).or_insert_with(|| rules.rule(&known, folder));
            above = judged.1.clone();
        }
        above.is_some_and(|known| self.rules.rule(&known, path).0)
    }

    /// The folders that were passed and belong to it themselves.
    pub(super) fn taken_folders(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.folders.iter().filter(|(_, (taken, _))| *taken).map(|(path, _)| path)
    }
}
