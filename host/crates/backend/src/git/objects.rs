//! What a commit holds, read from objects: no index, no filter and no file of the worktree has a say.

use std::{
    io::{self, BufRead as _, BufReader, Read, Write as _},
    process::Stdio,
};

use bakery_core::model::{Digest, DigestHasher};

use super::{Git, GitError, unstarted, words_of};

/// Bytes of the list of a commit's files.
const MAX_LIST: u64 = 256 << 20;

/// Submodules inside each other.
const MAX_DEPTH: usize = 16;

/// One entry of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitObject {
    /// Relative to the asked folder, any bytes but NUL.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: ObjectKind,
    /// The object's id.
    pub id: String,
    /// The submodule that holds the object, as a folder below the asked one; none for the repository itself.
    pub submodule: Option<Vec<u8>>,
}

/// What an entry of a commit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// A file; whether it may be executed is all that git knows of its permissions.
    File {
        /// It may.
        executable: bool,
    },
    /// A symbolic link; its object's bytes are its text.
    Link,
    /// A submodule that is not checked out: what it holds is not known here.
    UnknownSubmodule,
}

impl Git {
    /// Every file of a commit below the folder, with those of submodules that are checked out.
    ///
    /// # Errors
    /// As [`Git::head`].
    pub fn files_of(&self, commit: &str) -> Result<Vec<GitObject>, GitError> {
        let mut files = Vec::new();
        self.list(commit, None, 0, &mut files)?;
        Ok(files)
    }

    fn list(
        &self,
        commit: &str,
        inside: Option<&[u8]>,
        depth: usize,
        files: &mut Vec<GitObject>,
    ) -> Result<(), GitError> {
        let list = self.ask_bytes(["ls-tree", "-r", "-z", commit], commit, MAX_LIST)?;
        for line in list.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
            let odd = || GitError::Failed("its list of files is not understood".to_owned());
            let tab = line.iter().position(|byte| *byte == b'\t').ok_or_else(odd)?;
            let head = std::str::from_utf8(&line[..tab]).map_err(|_| odd())?;
            let mut words = head.split(' ');
            let (Some(mode), Some(_), Some(id)) = (words.next(), words.next(), words.next()) else {
                return Err(odd());
            };
            let name = &line[tab + 1..];
            let path = match inside {
                None => name.to_vec(),
                Some(folder) => [folder, b"/", name].concat(),
            };
            let kind = match mode {
                "100644" | "100664" => ObjectKind::File { executable: false },
                "100755" => ObjectKind::File { executable: true },
                "120000" => ObjectKind::Link,
                "160000" => {
                    if let Some(submodule) = self.submodule(name).filter(|_| depth < MAX_DEPTH)
                        && submodule.list(id, Some(&path), depth + 1, files).is_ok()
                    {
                        continue;
                    }
                    ObjectKind::UnknownSubmodule
                }
                _ => return Err(odd()),
            };
            let submodule = inside.map(<[u8]>::to_vec);
            files.push(GitObject { path, kind, id: id.to_owned(), submodule });
        }
        Ok(())
    }

    /// A submodule's own repository. Without a `.git` of its own, git would answer for the repository around it.
    fn submodule(&self, path: &[u8]) -> Option<Self> {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = self.folder.join(std::ffi::OsStr::from_bytes(path));
        let real = |path: &std::path::Path| path.symlink_metadata().ok();
        let own = real(&folder)?.is_dir() && real(&folder.join(".git")).is_some();
        own.then(|| Self::at(&folder))
    }

    /// The repository that holds an object of [`Git::files_of`].
    fn holder(&self, submodule: Option<&[u8]>) -> Option<Self> {
        match submodule {
            None => Some(self.clone()),
            Some(path) => self.submodule(path),
        }
    }

    /// The bytes of an object.
    ///
    /// # Errors
    /// As [`Git::head`], and where it has more than `max` bytes.
    pub fn object(&self, object: &GitObject, max: u64) -> Result<Vec<u8>, GitError> {
        let holder = self.holder(object.submodule.as_deref()).ok_or_else(|| gone(object))?;
        holder.ask_bytes(["cat-file", "blob", &object.id], &object.id, max)
    }

    /// Sizes and digests of the objects' bytes, in their order. Nothing is kept of the bytes.
    ///
    /// # Errors
    /// As [`Git::head`]; an object that is not there is one.
    pub fn digests(&self, objects: &[&GitObject]) -> Result<Vec<(u64, Digest)>, GitError> {
        let mut answers: Vec<Option<(u64, Digest)>> = vec![None; objects.len()];
        let mut holders: Vec<Option<&[u8]>> =
            objects.iter().map(|object| object.submodule.as_deref()).collect();
        holders.sort_unstable();
        holders.dedup();
        for holder in holders {
            let mine: Vec<usize> = objects
                .iter()
                .enumerate()
                .filter(|(_, object)| object.submodule.as_deref() == holder)
                .map(|(at, _)| at)
                .collect();
            let ids = mine.iter().map(|at| objects[*at].id.clone()).collect();
            let git = self.holder(holder).ok_or_else(|| gone(objects[mine[0]]))?;
            for (at, answer) in mine.into_iter().zip(git.digests_here(ids)?) {
                answers[at] = Some(answer);
            }
        }
        answers.into_iter().map(|answer| answer.ok_or_else(|| missing("an object"))).collect()
    }

    fn digests_here(&self, ids: Vec<String>) -> Result<Vec<(u64, Digest)>, GitError> {
        let broken = |error: io::Error| GitError::Failed(error.to_string());
        let mut child =
            self.command(["cat-file", "--batch"]).stdin(Stdio::piped()).spawn().map_err(unstarted)?;
        let words = words_of(&mut child);
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let wanted = ids.len();
        // Beside the reading: git stops reading names while its answers are not read.
        let asking = std::thread::spawn(move || -> io::Result<()> {
            let Some(mut stdin) = stdin else { return Ok(()) };
            ids.iter().try_for_each(|id| stdin.write_all(format!("{id}\n").as_bytes()))
        });
        let mut answers = Vec::with_capacity(wanted);
        let read = stdout.map_or(Ok(()), |stdout| {
            let mut stdout = BufReader::with_capacity(256 << 10, stdout);
            (0..wanted).try_for_each(|_| {
                answers.push(one(&mut stdout)?);
                Ok(())
            })
        });
        if read.is_err() {
            let _ = child.kill();
        }
        let status = child.wait().map_err(broken)?;
        let _ = asking.join();
        let words = words.join().unwrap_or_default();
        read?;
        if status.success() { Ok(answers) } else { Err(self.explain(&words, "an object")) }
    }
}

/// One answer of `cat-file --batch`.
fn one(stdout: &mut BufReader<impl Read>) -> Result<(u64, Digest), GitError> {
    let broken = |error: io::Error| GitError::Failed(error.to_string());
    let mut head = String::new();
    stdout.take(4096).read_line(&mut head).map_err(broken)?;
    let mut words = head.trim_end().split(' ');
    let (Some(id), Some("blob"), Some(size)) = (words.next(), words.next(), words.next()) else {
        return Err(missing(head.split(' ').next().unwrap_or_default()));
    };
    let size: u64 = size.parse().map_err(|_| missing(id))?;
    let mut hasher = DigestHasher::default();
    let mut left = size;
    while left > 0 {
        let piece = stdout.fill_buf().map_err(broken)?;
        let take = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if take == 0 {
            return Err(missing(id));
        }
        hasher.update(&piece[..take]);
        stdout.consume(take);
        left -= take as u64;
    }
    let mut end = [0];
    stdout.read_exact(&mut end).map_err(broken)?;
    Ok((size, hasher.finish()))
}

fn missing(id: &str) -> GitError {
    GitError::Failed(format!("the object `{}` is not there", id.trim().escape_debug()))
}

fn gone(object: &GitObject) -> GitError {
    missing(&object.id)
}
