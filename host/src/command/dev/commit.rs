//! What a build of the commit would read, with default parameters: from objects of git alone. A tree is clean when it
//! would read the same; git's own opinion is not asked for.

use std::collections::HashMap;

use bakery_backend::{
    git::{Git, GitError, GitObject, ObjectKind},
    tree::StatCache,
};
use bakery_core::config;
use bakery_dev::{
    base,
    context::{Context, Entry, Kind, Shown},
    key::Parts,
};

use super::{
    bases::{self, Digests},
    ignore::Listed,
    inputs::{MAX_CONTAINERFILE, MAX_IGNORE, parts, rules},
    pick,
};

/// Bytes of a link's text.
const MAX_LINK: u64 = 64 << 10;
/// Bytes of `bakery.yaml`.
const MAX_CONFIG: u64 = 4 << 20;

/// A commit's files below the project's folder.
pub(super) struct Commit<'a> {
    git: &'a Git,
    cache: &'a mut StatCache,
    files: Vec<GitObject>,
    config: config::Config,
    contexts: HashMap<Vec<u8>, Context>,
}

impl<'a> Commit<'a> {
    /// Reads the list of files and the configuration.
    ///
    /// # Errors
    /// A sentence that says why nothing can be proved.
    pub(super) fn read(git: &'a Git, commit: &str, cache: &'a mut StatCache) -> Result<Self, String> {
        let files = git.files_of(commit).map_err(|error| error.to_string())?;
        let find = |name: &str| files.iter().find(|file| file.path == name.as_bytes());
        let file = find("bakery.yaml").or_else(|| find("bakery.yml"));
        let file = file.ok_or("the commit has no bakery.yaml")?;
        let bytes = git.object(file, MAX_CONFIG).map_err(|error| error.to_string())?;
        let loaded = config::load("bakery.yaml", &bytes, false)
            .map_err(|_| "the commit's bakery.yaml has errors".to_owned())?;
        Ok(Self { git, cache, config: loaded.config, files, contexts: HashMap::new() })
    }

    /// The digests of what a build of an image would read, built on images with these digests, and the context that it
    /// would have.
    ///
    /// # Errors
    /// A sentence that says why nothing can be proved.
    pub(super) fn parts(&mut self, image: &str, digests: &Digests) -> Result<(Parts, &Context), String> {
        let picked = pick::default(&self.config, image)
            .map_err(|failed| failed.reasons().into_iter().map(|reason| reason.message).collect::<String>())?
            .ok_or_else(|| format!("the commit builds no image `{image}`"))?;
        let path = picked.target.dockerfile.clone();
        let containerfile =
            self.bytes(&path, MAX_CONTAINERFILE)?.ok_or_else(|| format!("the commit has no `{path}`"))?;
        let mut ignore = Vec::new();
        for name in [format!("{path}.dockerignore"), ".dockerignore".to_owned()] {
            if let Some(bytes) = self.bytes(&name, MAX_IGNORE)? {
                ignore = bytes;
                break;
            }
        }
        if !self.contexts.contains_key(&ignore) {
            let context = self.context(&ignore)?;
            self.contexts.insert(ignore.clone(), context);
        }
        let context = self.contexts.get(&ignore).ok_or("the commit's context was not read")?;
        // The commit names the same images as the tree, or its Containerfile or arguments are others anyway.
        let bases = base::bases(&containerfile, &picked.target.args);
        Ok((parts(&picked, context, &containerfile, bases::inputs(&bases, digests)), context))
    }

    /// A regular file's bytes. What a link names may lie anywhere, so it proves nothing.
    fn bytes(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>, String> {
        let Some(file) = self.files.iter().find(|file| file.path == path.as_bytes()) else {
            return Ok(None);
        };
        match file.kind {
            ObjectKind::File { .. } => self.git.object(file, max).map(Some).map_err(|e| e.to_string()),
            _ => Err(format!("`{path}` is no regular file")),
        }
    }

    fn context(&mut self, ignore: &[u8]) -> Result<Context, String> {
        let rules = rules(ignore).map_err(|_| "the commit's ignore file has errors".to_owned())?;
        let mut listed = Listed::new(&rules);
        let taken: Vec<GitObject> =
            self.files.iter().filter(|file| listed.takes(&file.path)).cloned().collect();
        // The permissions that git gives with the usual mask.
        let mut folders: HashMap<Vec<u8>, ()> =
            listed.taken_folders().map(|path| (path.clone(), ())).collect();
        let mut entries = Vec::new();
        let digests = self.digests(&taken).map_err(|error| error.to_string())?;
        for file in taken {
            for (at, _) in file.path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
                if !folders.contains_key(&file.path[..at]) {
                    folders.insert(file.path[..at].to_vec(), ());
                }
            }
            let kind = match file.kind {
                ObjectKind::File { executable } => {
                    let (size, digest) =
                        digests.get(&file.id).cloned().ok_or("an object of the commit is missing")?;
                    Kind::File { mode: if executable { 0o755 } else { 0o644 }, size, digest }
                }
                ObjectKind::Link => {
                    let target = self.git.object(&file, MAX_LINK).map_err(|error| error.to_string())?;
                    Kind::Link { target }
                }
                ObjectKind::UnknownSubmodule => {
                    let path = Shown(file.path);
                    return Err(format!("the submodule `{path}` is not checked out"));
                }
            };
            entries.push(Entry { path: file.path, kind });
        }
        let folders = folders.into_keys().map(|path| Entry { path, kind: Kind::Folder { mode: 0o755 } });
        entries.extend(folders);
        Context::new(entries).map_err(|error| error.to_string())
    }

    /// Sizes and digests by object; what is known already is not read.
    fn digests(
        &mut self,
        files: &[GitObject],
    ) -> Result<HashMap<String, (u64, bakery_core::model::Digest)>, GitError> {
        let mut known = HashMap::new();
        let mut unknown: Vec<&GitObject> = Vec::new();
        for file in files.iter().filter(|file| matches!(file.kind, ObjectKind::File { .. })) {
            match self.cache.object(&file.id) {
                Some(digest) => {
                    known.insert(file.id.clone(), digest);
                }
                None => unknown.push(file),
            }
        }
        if unknown.is_empty() {
            return Ok(known);
        }
        for (file, (size, digest)) in unknown.iter().zip(self.git.digests(&unknown)?) {
            self.cache.put_object(&file.id, size, &digest);
            known.insert(file.id.clone(), (size, digest));
        }
        Ok(known)
    }
}
