//! Questions to git about the project's folder. Runs no hook, no filter and no file-system monitor,
//! and takes no word of git's environment from outside.

mod objects;
mod worktree;

use std::{
    ffi::OsStr,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub use objects::{GitObject, ObjectKind};
pub use worktree::Worktree;

/// Bytes of answer that are read; a longer one is an error.
const MAX_ANSWER: u64 = 16 << 20;

/// Why git did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GitError {
    /// There is no git program.
    #[error("there is no `git` on the PATH")]
    NoProgram,
    /// The folder is not in a repository.
    #[error("`{}` is not in a git repository", .0.display())]
    NotARepository(PathBuf),
    /// git refuses a repository of another user.
    #[error("git refuses the repository because another user owns it")]
    Ownership {
        /// The command that makes git trust the folder.
        fix: String,
    },
    /// There is no commit yet.
    #[error("the repository has no commit yet")]
    Unborn,
    /// git does not know the revision.
    #[error("git does not know the revision `{0}`")]
    UnknownRevision(String),
    /// Anything else, in git's words.
    #[error("git failed: {0}")]
    Failed(String),
}

/// A project's folder in a repository.
#[derive(Clone, Debug)]
pub struct Git {
    folder: PathBuf,
}

impl Git {
    /// Questions about `folder`; nothing is run yet.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The full object id of `HEAD`.
    ///
    /// # Errors
    /// Each way in which git cannot answer is its own [`GitError`].
    pub fn head(&self) -> Result<String, GitError> {
        let text = self.ask(["rev-parse", "--verify", "--end-of-options", "HEAD^{commit}"], "HEAD")?;
        Ok(text.trim().to_owned())
    }

    /// Paths below the folder, relative to it, that changed between the merge base with `base` and `HEAD`.
    /// A file that moved counts with both names.
    ///
    /// # Errors
    /// As [`Git::head`].
    pub fn changed_since(&self, base: &str) -> Result<Vec<String>, GitError> {
        let commit = self.commit(base)?;
        let list = self.ask(
            [
                "diff",
                "--no-ext-diff",
                "--no-textconv",
                "--no-renames",
                "--name-only",
                "-z",
                "--relative",
                "--merge-base",
                &commit,
                "HEAD",
                "--",
                ".",
            ],
            base,
        )?;
        Ok(list.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
    }

    /// The text of a file of the folder at the merge base with `base`; none where it was not there.
    ///
    /// # Errors
    /// As [`Git::head`].
    pub fn file_at_base(&self, base: &str, name: &str) -> Result<Option<String>, GitError> {
        let commit = self.commit(base)?;
        let merge_base = self.ask(["merge-base", &commit, "HEAD"], base)?;
        match self.ask(["cat-file", "blob", &format!("{}:./{name}", merge_base.trim())], base) {
            Ok(text) => Ok(Some(text)),
            Err(GitError::Failed(_) | GitError::UnknownRevision(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn commit(&self, revision: &str) -> Result<String, GitError> {
        let text = self.ask(
            ["rev-parse", "--verify", "--end-of-options", &format!("{revision}^{{commit}}")],
            revision,
        )?;
        Ok(text.trim().to_owned())
    }

    fn ask<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
        revision: &str,
    ) -> Result<String, GitError> {
        let answer = self.ask_bytes(arguments, revision, MAX_ANSWER)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// git with these arguments and nothing of the environment's that changes what it does or where.
    fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new("git");
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"GIT_") {
                command.env_remove(name);
            }
        }
        command
            .arg("-C")
            .arg(&self.folder)
            .args([
                "-c",
                "core.fsmonitor=false",
                "-c",
                "core.hooksPath=/dev/null",
                "--no-pager",
                "--no-optional-locks",
                "--no-replace-objects",
            ])
            .args(arguments.into_iter().map(OsStr::new))
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            // A partial clone says that an object is missing, and asks no server.
            .env("GIT_NO_LAZY_FETCH", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn ask_bytes<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
        revision: &str,
        max: u64,
    ) -> Result<Vec<u8>, GitError> {
        let mut child = self.command(arguments).spawn().map_err(unstarted)?;
        let words = words_of(&mut child);
        let mut answer = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            stdout
                .take(max + 1)
                .read_to_end(&mut answer)
                .map_err(|error| GitError::Failed(error.to_string()))?;
        }
        let status = child.wait().map_err(|error| GitError::Failed(error.to_string()))?;
        let words = words.join().unwrap_or_default();
        if answer.len() as u64 > max {
            return Err(GitError::Failed(format!("its answer is larger than {max} bytes")));
        }
        if status.success() { Ok(answer) } else { Err(self.explain(&words, revision)) }
    }

    fn explain(&self, words: &str, revision: &str) -> GitError {
        if words.contains("not a git repository") {
            GitError::NotARepository(self.folder.clone())
        } else if words.contains("dubious ownership") {
            let fix =
                words.lines().map(str::trim).find(|line| line.starts_with("git config")).unwrap_or_default();
            GitError::Ownership { fix: fix.to_owned() }
        } else if words.contains("Needed a single revision") || words.contains("unknown revision") {
            if revision == "HEAD" { GitError::Unborn } else { GitError::UnknownRevision(revision.to_owned()) }
        } else {
            GitError::Failed(words.lines().next().unwrap_or("it said nothing").trim().to_owned())
        }
    }
}

fn unstarted(error: std::io::Error) -> GitError {
    match error.kind() {
        std::io::ErrorKind::NotFound => GitError::NoProgram,
        _ => GitError::Failed(error.to_string()),
    }
}

/// Reads what git says on standard error, beside what reads its answer.
fn words_of(child: &mut std::process::Child) -> std::thread::JoinHandle<String> {
    let mut stderr = child.stderr.take();
    std::thread::spawn(move || {
        let mut words = Vec::new();
        if let Some(stderr) = &mut stderr {
            let _ = stderr.take(64 << 10).read_to_end(&mut words);
        }
        String::from_utf8_lossy(&words).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(folder: &Path, arguments: &[&str]) {
        let done = Command::new("git")
            .arg("-C")
            .arg(folder)
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"])
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(done.unwrap().success(), "{arguments:?}");
    }

    #[test]
    fn changes_are_relative_to_the_folder_and_start_at_the_merge_base() {
        let top = tempfile::tempdir().unwrap();
        let folder = top.path().join("project");
        std::fs::create_dir(&folder).unwrap();
        git(top.path(), &["init", "-q"]);
        assert_eq!(Git::at(&folder).head(), Err(GitError::Unborn));
        std::fs::write(folder.join("bakery.yaml"), "old").unwrap();
        git(top.path(), &["add", "."]);
        git(top.path(), &["commit", "-qm", "one"]);
        git(top.path(), &["checkout", "-qb", "work"]);
        std::fs::write(folder.join("bakery.yaml"), "new").unwrap();
        std::fs::write(folder.join("na\nme"), "x").unwrap();
        std::fs::write(top.path().join("outside"), "x").unwrap();
        git(top.path(), &["add", "."]);
        git(top.path(), &["commit", "-qm", "two"]);
        git(top.path(), &["checkout", "-q", "main"]);
        std::fs::write(folder.join("other"), "x").unwrap();
        git(top.path(), &["add", "."]);
        git(top.path(), &["commit", "-qm", "three"]);
        git(top.path(), &["checkout", "-q", "work"]);

        let asked = Git::at(&folder);
        assert_eq!(asked.changed_since("main").unwrap(), ["bakery.yaml", "na\nme"]);
        assert_eq!(asked.file_at_base("main", "bakery.yaml").unwrap().as_deref(), Some("old"));
        assert_eq!(asked.file_at_base("main", "na").unwrap(), None);
        assert_eq!(asked.head().unwrap().len(), 40);
        assert_eq!(asked.changed_since("nowhere"), Err(GitError::UnknownRevision("nowhere".to_owned())));
        assert!(asked.changed_since("--output=x").is_err());
    }

    #[test]
    fn a_folder_outside_any_repository_says_so() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Git::at(folder.path()).head(), Err(GitError::NotARepository(folder.path().to_owned())));
    }

    #[test]
    fn a_configured_monitor_program_is_not_run() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("ran");
        git(folder.path(), &["init", "-q"]);
        std::fs::write(folder.path().join("f"), "x").unwrap();
        git(folder.path(), &["add", "."]);
        git(folder.path(), &["commit", "-qm", "one"]);
        git(folder.path(), &["config", "core.fsmonitor", &format!("touch {}; false", mark.display())]);
        let asked = Git::at(folder.path());
        assert!(asked.changed_since("HEAD").unwrap().is_empty());
        assert!(!mark.exists());
    }

    #[test]
    fn a_worktree_and_the_files_of_its_commit_are_known() {
        let top = tempfile::tempdir().unwrap();
        let folder = top.path().join("pro ject");
        std::fs::create_dir(&folder).unwrap();
        git(top.path(), &["init", "-q"]);
        std::fs::write(top.path().join("outside"), "x").unwrap();
        std::fs::write(folder.join("a"), "12345").unwrap();
        std::fs::write(folder.join("na\nme"), "").unwrap();
        std::os::unix::fs::symlink("a", folder.join("l")).unwrap();
        git(top.path(), &["add", "."]);
        git(top.path(), &["update-index", "--chmod=+x", "pro ject/a"]);
        git(top.path(), &["commit", "-qm", "one"]);

        let asked = Git::at(&folder);
        let worktree = asked.worktree().unwrap();
        assert_eq!((worktree.prefix.as_str(), worktree.shallow), ("pro ject", false));
        assert!(worktree.private.ends_with(".git"));
        assert_eq!(asked.worktrees().unwrap(), std::slice::from_ref(&worktree.folder));
        let files = asked.files_of("HEAD").unwrap();
        let seen: Vec<_> = files.iter().map(|f| (f.path.as_slice(), f.kind)).collect();
        let plain = ObjectKind::File { executable: false };
        let want = [
            (b"a".as_slice(), ObjectKind::File { executable: true }),
            (b"l", ObjectKind::Link),
            (b"na\nme", plain),
        ];
        assert_eq!(seen, want);
        let all: Vec<&GitObject> = files.iter().collect();
        let digests = asked.digests(&all).unwrap();
        let of = |bytes: &[u8]| (bytes.len() as u64, bakery_core::model::Digest::of(bytes));
        assert_eq!(digests, [of(b"12345"), of(b"a"), of(b"")]);
        assert_eq!(asked.object(&files[0], 5).unwrap(), b"12345");
        assert!(asked.object(&files[0], 4).is_err());
        let absent = GitObject { id: "0".repeat(40), ..files[0].clone() };
        assert!(asked.digests(&[&files[0], &absent]).is_err());
    }
}
