//! Where a worktree and what is private to it are. Writes nothing.

use std::path::{Path, PathBuf};

use super::{Git, GitError};

/// A worktree of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worktree {
    /// Its folder, absolute.
    pub folder: PathBuf,
    /// The folder that git keeps for this worktree alone, absolute.
    pub private: PathBuf,
    /// The asked folder below the worktree's, with `/`, empty for the worktree itself.
    pub prefix: String,
    /// Whether the repository's history is cut. Commits that are there are whole all the same.
    pub shallow: bool,
}

impl Git {
    /// The worktree that the folder is in.
    ///
    /// # Errors
    /// As [`Git::head`].
    pub fn worktree(&self) -> Result<Worktree, GitError> {
        let text = self.ask(
            [
                "rev-parse",
                "--is-shallow-repository",
                "--absolute-git-dir",
                "--show-toplevel",
                "--show-prefix",
            ],
            "HEAD",
        )?;
        let lines: Vec<&str> = text.split('\n').collect();
        // One line each, the prefix ends with a slash or is empty.
        let [shallow, private, folder, prefix, ""] = lines.as_slice() else {
            return Err(GitError::Failed("the path of the repository has a line break in it".to_owned()));
        };
        Ok(Worktree {
            folder: PathBuf::from(folder),
            private: PathBuf::from(private),
            prefix: prefix.trim_end_matches('/').to_owned(),
            shallow: *shallow == "true",
        })
    }

    /// The folders of all worktrees of the repository.
    ///
    /// # Errors
    /// As [`Git::head`].
    pub fn worktrees(&self) -> Result<Vec<PathBuf>, GitError> {
        let list = self.ask(["worktree", "list", "--porcelain", "-z"], "HEAD")?;
        let folder = |field: &str| field.strip_prefix("worktree ").map(|path| Path::new(path).to_owned());
        Ok(list.split('\0').filter_map(folder).collect())
    }
}
