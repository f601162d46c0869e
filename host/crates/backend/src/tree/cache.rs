//! Digests of files that did not change since they were read: for speed, never for truth.
//!
//! A digest is taken only where device, inode, type, permissions, size, time of change and time of status change are
//! what they were, and where both times were past when the file was read. A user can set the first time, but not the
//! second one. A file that is younger than its reading is read again, as git does with its index. Objects of git are
//! remembered by their ids, which say what is in them.
//!
//! A run looks at what it needs; another one may need the rest. So what was not looked at stays for some days.

use std::{
    collections::HashMap,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bakery_core::model::Digest;
use rustix::fs::Stat;

use crate::{files, state::State};

/// Bytes of a cache.
const MAX_BYTES: u64 = 512 << 20;
const MAGIC: &[u8] = b"bakery-stat 2\n";

/// Days for which what nobody looks at is kept.
const KEPT_DAYS: u64 = 14;

/// File systems tell times in ticks; a file that was written a tick before it was read can change in the same tick.
const TICK: Duration = Duration::from_millis(100);
/// Ticks of file systems that know no parts of a second.
const COARSE_TICK: Duration = Duration::from_secs(3);

/// What was read of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Record {
    stamp: [u64; 8],
    digest: Digest,
    /// When it was last looked at, in days since 1970.
    day: u64,
}

/// What was read of an object of git.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Object {
    size: u64,
    digest: Digest,
    day: u64,
}

/// Digests by path, and by object of git.
#[derive(Debug)]
pub struct StatCache {
    records: HashMap<Vec<u8>, Record>,
    objects: HashMap<String, Object>,
    today: u64,
    changed: bool,
}

impl Default for StatCache {
    /// An empty one.
    fn default() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            records: HashMap::new(),
            objects: HashMap::new(),
            today: now.as_secs() / (24 * 60 * 60),
            changed: false,
        }
    }
}

impl StatCache {
    /// Reads a cache. One that is missing or damaged is an empty one.
    #[must_use]
    pub fn load(path: &Path) -> Self {
        files::read_bounded(path, MAX_BYTES).ok().and_then(|bytes| decode(&bytes)).unwrap_or_default()
    }

    /// Writes it, where something changed, without what nobody looked at for days.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn save(&mut self, path: &Path) -> std::io::Result<()> {
        if !self.changed {
            return Ok(());
        }
        // A day that is yet to come is one of a clock that was wrong.
        let is_kept = |day: u64| self.today.saturating_sub(day) <= KEPT_DAYS;
        self.records.retain(|_, record| is_kept(record.day));
        self.objects.retain(|_, object| is_kept(object.day));
        self.changed = false;
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        State::at(folder.to_owned()).place(path, &self.encode())
    }

    /// The digest of an object of git.
    pub fn object(&mut self, id: &str) -> Option<(u64, Digest)> {
        let known = self.objects.get_mut(id)?;
        self.changed |= known.day != self.today;
        known.day = self.today;
        Some((known.size, known.digest.clone()))
    }

    /// Remembers an object of git.
    pub fn put_object(&mut self, id: &str, size: u64, digest: &Digest) {
        self.objects.insert(id.to_owned(), Object { size, digest: digest.clone(), day: self.today });
        self.changed = true;
    }

    pub(super) fn get(&mut self, path: &[u8], stat: &Stat) -> Option<Digest> {
        let record = self.records.get_mut(path)?;
        if record.stamp != stamp(stat) {
            return None;
        }
        self.changed |= record.day != self.today;
        record.day = self.today;
        Some(record.digest.clone())
    }

    /// Remembers a file, unless it could have changed in the tick in which it was read.
    pub(super) fn put(&mut self, path: &[u8], stat: &Stat, digest: &Digest, begun: SystemTime) {
        let times = [(stat.st_mtime, stat.st_mtime_nsec), (stat.st_ctime, stat.st_ctime_nsec)];
        let past = times.into_iter().all(|(seconds, nanoseconds)| {
            let tick = if nanoseconds == 0 { COARSE_TICK } else { TICK };
            let at = u64::try_from(seconds).map(|s| UNIX_EPOCH + Duration::from_secs(s));
            let at = at.unwrap_or(UNIX_EPOCH) + Duration::from_nanos(nanoseconds);
            at + tick < begun
        });
        self.changed |= self.records.contains_key(path) || past;
        if past {
            let record = Record { stamp: stamp(stat), digest: digest.clone(), day: self.today };
            self.records.insert(path.to_owned(), record);
        } else {
            self.records.remove(path);
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        let text = |out: &mut Vec<u8>, bytes: &[u8]| {
            out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            out.extend_from_slice(bytes);
        };
        out.extend_from_slice(&(self.records.len() as u64).to_le_bytes());
        for (path, record) in &self.records {
            text(&mut out, path);
            record.stamp.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
            out.extend_from_slice(&record.day.to_le_bytes());
            text(&mut out, record.digest.as_str().as_bytes());
        }
        out.extend_from_slice(&(self.objects.len() as u64).to_le_bytes());
        for (id, object) in &self.objects {
            text(&mut out, id.as_bytes());
            out.extend_from_slice(&object.size.to_le_bytes());
            out.extend_from_slice(&object.day.to_le_bytes());
            text(&mut out, object.digest.as_str().as_bytes());
        }
        let sum = Digest::of(&out);
        out.extend_from_slice(sum.as_str().as_bytes());
        out
    }
}

pub(super) fn stamp(stat: &Stat) -> [u64; 8] {
    // Negative times keep their bits: they are only compared.
    [
        stat.st_dev,
        stat.st_ino,
        u64::from(stat.st_mode),
        stat.st_size.cast_unsigned(),
        stat.st_mtime.cast_unsigned(),
        stat.st_mtime_nsec,
        stat.st_ctime.cast_unsigned(),
        stat.st_ctime_nsec,
    ]
}

fn decode(bytes: &[u8]) -> Option<StatCache> {
    let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(Digest::of(b"").as_str().len())?)?;
    if Digest::of(body).as_str().as_bytes() != sum {
        return None;
    }
    let mut rest = Reader(body.strip_prefix(MAGIC)?);
    let mut cache = StatCache::default();
    for _ in 0..rest.number()? {
        let path = rest.text()?.to_vec();
        let mut stamp = [0; 8];
        for number in &mut stamp {
            *number = rest.number()?;
        }
        let day = rest.number()?;
        cache.records.insert(path, Record { stamp, digest: rest.digest()?, day });
    }
    for _ in 0..rest.number()? {
        let id = std::str::from_utf8(rest.text()?).ok()?.to_owned();
        let (size, day) = (rest.number()?, rest.number()?);
        cache.objects.insert(id, Object { size, digest: rest.digest()?, day });
    }
    rest.0.is_empty().then_some(cache)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    fn digest(&mut self) -> Option<Digest> {
        std::str::from_utf8(self.text()?).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_reads_back_and_a_damaged_one_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c");
        let mut cache = StatCache::default();
        cache.put_object("abc", 3, &Digest::of(b"x"));
        cache.save(&path).unwrap();
        assert_eq!(StatCache::load(&path).object("abc"), Some((3, Digest::of(b"x"))));
        let bytes = std::fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(decode(&damaged).is_none(), "{at}");
            assert!(decode(&bytes[..at]).is_none(), "{at}");
        }
        assert_eq!(StatCache::load(&folder.path().join("none")).objects.len(), 0);
    }

    #[test]
    fn what_was_not_looked_at_is_forgotten_after_some_days() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c");
        let mut cache = StatCache::default();
        cache.put_object("a", 1, &Digest::of(b"a"));
        cache.put_object("b", 1, &Digest::of(b"b"));
        cache.save(&path).unwrap();
        let later = |days: u64| {
            let mut next = StatCache::load(&path);
            next.today += days;
            assert!(next.object("a").is_some());
            next.save(&path).unwrap();
            StatCache::load(&path).objects.contains_key("b")
        };
        assert!(later(0) && later(1) && later(KEPT_DAYS));
        assert!(!later(KEPT_DAYS + 1));
        // A clock that went back forgets nothing.
        assert!(StatCache::load(&path).object("a").is_some());
    }
}
