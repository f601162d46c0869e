//! Where a project is: in which worktree, at which commit, and where its state is kept. What git cannot say is told.

use std::path::{Path, PathBuf};

use bakery_backend::{
    git::{Git, GitError},
    state::State,
    tree::StatCache,
};
use bakery_dev::tag::CommitId;

use crate::{command::Failed, report::Talker};

/// The file of the cache.
const CACHE: &str = "dev-stat";

/// A project in its worktree.
pub(super) struct Place {
    /// Questions to git.
    pub(super) git: Git,
    /// The worktree's folder, absolute.
    pub(super) worktree: PathBuf,
    /// The project's folder below it, with `/`.
    pub(super) prefix: String,
    /// Where the lock and the cache are.
    pub(super) state: State,
    /// What git says about the worktree.
    repository: Result<(), GitError>,
}

impl Place {
    /// Asks git where the project is. Where git cannot say, the project's folder stands for itself.
    pub(super) fn find(folder: &Path, talker: &Talker) -> Result<Self, Failed> {
        let folder = folder
            .canonicalize()
            .map_err(|error| Failed::because(format!("cannot find `{}`: {error}", folder.display())))?;
        let git = Git::at(&folder);
        match git.worktree() {
            Ok(worktree) => {
                if worktree.shallow {
                    talker.note("the clone is shallow; a tag needs the commit itself alone, which is there");
                }
                // Several projects of one worktree keep their states apart.
                let name = worktree.prefix.replace('%', "%25").replace('/', "%2f");
                let state = State::at(worktree.private.join("bakery").join(name));
                let (worktree, prefix) = (worktree.folder, worktree.prefix);
                Ok(Self { git, worktree, prefix, state, repository: Ok(()) })
            }
            Err(error) => {
                let state = State::at(folder.join(".bakery"));
                Ok(Self { git, worktree: folder, prefix: String::new(), state, repository: Err(error) })
            }
        }
    }

    /// The commit, or none where there is none and the tag can say so.
    pub(super) fn commit(&self, talker: &Talker) -> Result<Option<CommitId>, Failed> {
        let head = match &self.repository {
            Ok(()) => self.git.head(),
            Err(error) => Err(error.clone()),
        };
        let why = match head {
            Ok(id) => {
                return id.parse().map(Some).map_err(|error| Failed::because(format!("git: {error}")));
            }
            Err(GitError::NoProgram) => {
                "there is no `git` on the PATH: install it to have the commit in tags"
            }
            Err(GitError::NotARepository(_)) => "the project is in no git repository, so tags name no commit",
            Err(GitError::Unborn) => "the repository has no commit yet: tags name one after the first",
            Err(GitError::Ownership { fix }) => {
                return Err(Failed::because(
                    "git refuses the repository because another user owns it, so there is no tag",
                )
                .hint(if fix.is_empty() {
                    "make the repository yours, or add it to git's `safe.directory`".to_owned()
                } else {
                    format!("if you trust it: {fix}")
                }));
            }
            Err(error) => return Err(Failed::because(format!("{error}, so there is no tag"))),
        };
        talker.note(why);
        Ok(None)
    }

    /// The project as the lock names it.
    pub(super) fn worktree_name(&self) -> String {
        self.worktree.to_string_lossy().into_owned()
    }

    /// What was read before.
    pub(super) fn cache(&self) -> StatCache {
        StatCache::load(&self.state.path(CACHE))
    }

    /// Keeps what was read. It costs time alone when that cannot be.
    pub(super) fn keep(&self, cache: &mut StatCache) {
        let kept = self.state.make().and_then(|()| cache.save(&self.state.path(CACHE)));
        if let Err(error) = kept {
            tracing::debug!(%error, "the cache of digests is not kept");
        }
    }
}
