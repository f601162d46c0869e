//! Where a project is: in which worktree, at which commit, and where its state is kept. What git cannot say is told.

use std::path::{Path, PathBuf};

use bakery_backend::{
    files,
    git::{Git, GitError},
    state::State,
    tree::StatCache,
};
use bakery_dev::tag::CommitId;

use crate::{command::Failed, report::Talker};

/// The file of the cache.
const CACHE: &str = "dev-stat";
/// Bytes of a file that holds a path.
const MAX_PATH: u64 = 64 << 10;

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
    /// The folder that all worktrees of the repository have in common; without git the project's.
    common: PathBuf,
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
                let common = common(&worktree.private)?;
                let (worktree, prefix) = (worktree.folder, worktree.prefix);
                Ok(Self { git, worktree, prefix, state, common, repository: Ok(()) })
            }
            Err(error) => {
                let state = State::at(folder.join(".bakery"));
                let common = folder.clone();
                let prefix = String::new();
                Ok(Self { git, worktree: folder, prefix, state, common, repository: Err(error) })
            }
        }
    }

    /// The project's folder.
    pub(super) fn folder(&self) -> PathBuf {
        if self.prefix.is_empty() { self.worktree.clone() } else { self.worktree.join(&self.prefix) }
    }

    /// The folder that all worktrees of the repository have in common; without git the project's.
    pub(super) fn common(&self) -> &Path {
        &self.common
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

/// git writes beside a further worktree where the repository is.
fn common(private: &Path) -> Result<PathBuf, Failed> {
    let file = private.join("commondir");
    let common = match files::read_bounded(&file, MAX_PATH) {
        Ok(text) => private.join(String::from_utf8_lossy(&text).trim_end_matches('\n')),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => private.to_owned(),
        Err(error) => return Err(Failed::because(format!("cannot read `{}`: {error}", file.display()))),
    };
    common
        .canonicalize()
        .map_err(|error| Failed::because(format!("cannot find `{}`: {error}", common.display())))
}
