//! Compiled third-party components, kept by content. Whoever can write the cache could otherwise run code in this
//! process, so every file carries a digest keyed by a secret that lies elsewhere and is never restored with it.
//! A file that does not verify is as good as absent. Nothing here maps a file that could change underneath.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use bakery_core::model::Digest;
use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;

use crate::options::CachePlace;

const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 32;
const BLOCK_BYTES: usize = 64;

/// Bytes of a kept file; compiled code is three to four times the component.
const KEPT_BYTES: u64 = 512 * 1024 * 1024;

/// The cache of one engine.
pub(super) struct Cache {
    place: CachePlace,
    /// What the engine can load: its version, configuration and processor.
    engine: u64,
}

impl Cache {
    /// The cache at `place`. Touches nothing.
    pub(super) fn new(place: &CachePlace, engine: &Engine) -> Self {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Self { place: place.clone(), engine: hasher.finish() }
    }

    /// The code that was kept for a component.
    ///
    /// # Errors
    /// There is a file, and it is not what was written.
    pub(super) fn load(&self, component: &Digest) -> io::Result<Option<Vec<u8>>> {
        let (Some(key), name) = (self.key(false)?, self.name(component)) else { return Ok(None) };
        let file = match open_plain(&self.place.cache.join(&name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let mut bytes = Vec::new();
        file.take(KEPT_BYTES).read_to_end(&mut bytes)?;
        let Some((tag, native)) = bytes.split_at_checked(TAG_BYTES) else {
            return Err(io::Error::other("the kept file is truncated"));
        };
        if !equal(tag, &seal(&key, &name, native)) {
            return Err(io::Error::other("the kept file is not what this machine wrote"));
        }
        bytes.drain(..TAG_BYTES);
        Ok(Some(bytes))
    }

    /// Keeps code, and replaces what was there at once or not at all.
    ///
    /// # Errors
    /// A directory cannot be made, belongs to somebody else, or is full.
    pub(super) fn store(&self, component: &Digest, native: &[u8]) -> io::Result<()> {
        let key = self.key(true)?.ok_or_else(|| io::Error::other("the key could not be made"))?;
        let name = self.name(component);
        make_private(&self.place.cache)?;
        let mut content = seal(&key, &name, native).to_vec();
        content.extend_from_slice(native);
        write_whole(&self.place.cache, &name, &content)
    }

    fn name(&self, component: &Digest) -> String {
        format!("{}-{:016x}", component.hex(), self.engine)
    }

    fn key(&self, make: bool) -> io::Result<Option<[u8; KEY_BYTES]>> {
        let (state, cache) = (&self.place.state, &self.place.cache);
        if state.starts_with(cache) {
            return Err(io::Error::other("the key must not lie inside the cache"));
        }
        let path = state.join("component-cache.key");
        match open_plain(&path) {
            Ok(mut file) => {
                let mut key = [0; KEY_BYTES];
                file.read_exact(&mut key)?;
                Ok(Some(key))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && make => {
                make_private(state)?;
                let mut key = [0; KEY_BYTES];
                fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
                write_whole(state, "component-cache.key", &key)?;
                Ok(Some(key))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The name is part of what is sealed, so that a file cannot be put in another's place.
fn seal(key: &[u8], name: &str, native: &[u8]) -> [u8; TAG_BYTES] {
    hmac(key, &[&(name.len() as u64).to_le_bytes(), name.as_bytes(), native])
}

/// HMAC-SHA256 (RFC 2104) of a key of at most one block.
fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; TAG_BYTES] {
    let pad = |with: u8| {
        let mut block = [with; BLOCK_BYTES];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let mut inner = Sha256::new_with_prefix(pad(0x36));
    parts.iter().for_each(|part| inner.update(part));
    let mut outer = Sha256::new_with_prefix(pad(0x5c));
    outer.update(inner.finalize());
    outer.finalize().into()
}

/// Compares in the same time wherever the first difference is.
fn equal(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

/// An ordinary file of ours that nobody else can write; no symbolic link.
fn open_plain(path: &Path) -> io::Result<fs::File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file()
        || metadata.mode() & 0o077 != 0
        || metadata.uid() != rustix::process::geteuid().as_raw()
    {
        return Err(io::Error::other(format!("`{}` can be changed by others", path.display())));
    }
    Ok(file)
}

fn make_private(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let metadata = fs::symlink_metadata(dir)?;
    if !metadata.is_dir() || metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other(format!("`{}` is not a directory of ours", dir.display())));
    }
    if metadata.mode() & 0o077 != 0 {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn write_whole(dir: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let partial: PathBuf = dir.join(format!(".{name}.{}", std::process::id()));
    let _ = fs::remove_file(&partial);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    let renamed = written.and_then(|()| fs::rename(&partial, dir.join(name)));
    if renamed.is_err() {
        let _ = fs::remove_file(&partial);
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keyed_digest_is_that_of_rfc_4231() {
        for (key, data, want) in [
            (
                vec![0x0b; 20],
                &b"Hi There"[..],
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (vec![0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        ] {
            assert_eq!(hex(&hmac(&key, &[data])), want);
        }
    }

    #[test]
    fn a_file_verifies_only_under_its_own_name_and_key() {
        let sealed = seal(b"key", "name", b"code");
        for other in
            [seal(b"kez", "name", b"code"), seal(b"key", "nam", b"ecode"), seal(b"key", "name", b"cod")]
        {
            assert!(!equal(&sealed, &other));
        }
        assert!(equal(&sealed, &seal(b"key", "name", b"code")));
    }
}
