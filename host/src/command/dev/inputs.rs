//! What a build of the tree would read, and the digests of it.

use std::{collections::HashMap, io, path::Path, sync::Arc};

use bakery_backend::{
    files,
    tree::{self, StatCache},
};
use bakery_core::model::Digest;
use bakery_dev::{
    base::{self, Bases},
    context::{Context, Entry, Kind},
    ignore::Ignore,
    key::{Inputs, Parts},
};

use super::{
    bases::{self, Digests},
    ignore::Rules,
    pick::Picked,
    stamps::{Entries, Stamps},
};
use crate::command::Failed;

/// Bytes of a Containerfile.
pub(super) const MAX_CONTAINERFILE: u64 = 4 << 20;
/// Bytes of an ignore file.
pub(super) const MAX_IGNORE: u64 = 1 << 20;

/// The tree, read once for each ignore file.
pub(super) struct Tree<'a> {
    folder: &'a Path,
    cache: &'a mut StatCache,
    contexts: HashMap<Vec<u8>, (Arc<Context>, Arc<Entries>)>,
}

/// What a target is built from.
pub(super) struct Read {
    /// The bytes of its Containerfile.
    pub(super) containerfile: Vec<u8>,
    /// What can be copied from.
    pub(super) context: Arc<Context>,
    /// What it is built on.
    pub(super) bases: Bases,
    /// What shows later that any of them was touched.
    pub(super) stamps: Stamps,
}

impl<'a> Tree<'a> {
    pub(super) fn new(folder: &'a Path, cache: &'a mut StatCache) -> Self {
        Self { folder, cache, contexts: HashMap::new() }
    }

    /// The inputs of a target.
    pub(super) fn read(&mut self, picked: &Picked) -> Result<Read, Failed> {
        let path = &picked.target.dockerfile;
        let containerfile =
            files::read_bounded(&self.folder.join(path), MAX_CONTAINERFILE).map_err(|error| {
                Failed::because(format!(
                    "image `{}` cannot be built: cannot read `{path}`: {error}",
                    picked.image
                ))
                .hint("--image-version, --image-variant and --image-os choose another one")
            })?;
        let ignore = ignore_file(self.folder, path)?;
        let (context, entries) = self.context(&ignore)?;
        let stamps = Stamps::new(self.folder, path, entries);
        let bases = base::bases(&containerfile, &picked.target.args);
        Ok(Read { containerfile, context, bases, stamps })
    }

    /// The context under an ignore file, and what shows later that it was touched.
    fn context(&mut self, ignore: &[u8]) -> Result<(Arc<Context>, Arc<Entries>), Failed> {
        if let Some((context, entries)) = self.contexts.get(ignore) {
            return Ok((Arc::clone(context), Arc::clone(entries)));
        }
        let rules = rules(ignore)?;
        let found = tree::walk(self.folder, &rules, self.cache)
            .map_err(|error| Failed::because(format!("the build context: {error}")))?;
        let stamps: Arc<Entries> =
            Arc::new(found.iter().map(|found| (found.path.clone(), found.stamp.clone())).collect());
        let entries = found.into_iter().map(entry).collect();
        let context = Context::new(entries).map_err(|error| Failed::because(error.to_string()))?;
        let context = Arc::new(context);
        self.contexts.insert(ignore.to_vec(), (Arc::clone(&context), Arc::clone(&stamps)));
        Ok((context, stamps))
    }
}

/// The Containerfile's own ignore file, or that of the context, or nothing.
pub(super) fn ignore_file(folder: &Path, containerfile: &str) -> Result<Vec<u8>, Failed> {
    for name in [format!("{containerfile}.dockerignore"), ".dockerignore".to_owned()] {
        match files::read_bounded(&folder.join(&name), MAX_IGNORE) {
            Ok(bytes) => return Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Failed::because(format!("cannot read `{name}`: {error}"))),
        }
    }
    Ok(Vec::new())
}

/// The rules of an ignore file.
pub(super) fn rules(ignore: &[u8]) -> Result<Rules, Failed> {
    Ignore::parse(ignore).map(Rules).map_err(|error| Failed::because(error.to_string()))
}

impl Read {
    /// The digests of the inputs, built on images with these digests.
    pub(super) fn parts(&self, picked: &Picked, digests: &Digests) -> Parts {
        parts(picked, &self.context, &self.containerfile, bases::inputs(&self.bases, digests))
    }
}

/// The digests of a target's inputs.
pub(super) fn parts(
    picked: &Picked,
    context: &Context,
    containerfile: &[u8],
    bases: Vec<(String, Digest)>,
) -> Parts {
    let inputs = Inputs {
        context,
        containerfile,
        arguments: picked.target.args.clone(),
        secrets: picked.target.secrets.iter().map(|secret| secret.id.clone()).collect(),
        target: picked.target.build_target.clone(),
        platforms: picked.platforms.clone(),
        bases,
    };
    inputs.parts()
}

fn entry(found: tree::Found) -> Entry {
    let kind = match found.kind {
        tree::Kind::File { mode, size, digest } => Kind::File { mode, size, digest },
        tree::Kind::Folder { mode } => Kind::Folder { mode },
        tree::Kind::Link(target) => Kind::Link { target },
    };
    Entry { path: found.path, kind }
}
