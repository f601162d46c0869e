//! What a walk sees, and that its cache is never believed against the file.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    time::Duration,
};

use super::*;

/// Leaves out what is named `out`, but looks below it.
struct Named;

impl Choose for Named {
    type Folder = bool;

    fn root(&self) -> bool {
        true
    }

    fn judge(&self, taken: &bool, path: &[u8]) -> Judged<bool> {
        let taken = (*taken && !path.ends_with(b"out")) || path.ends_with(b"in");
        Judged { taken, inside: Some(taken) }
    }
}

fn paths(root: &Path, cache: &mut StatCache) -> Vec<String> {
    let mut paths: Vec<String> = walk(root, &Named, cache)
        .unwrap()
        .into_iter()
        .map(|found| {
            let kind = match found.kind {
                Kind::File { mode, size, .. } => format!("file {mode:o} {size}"),
                Kind::Folder { mode } => format!("folder {mode:o}"),
                Kind::Link(text) => format!("link {}", shown(&text)),
            };
            format!("{} {kind}", shown(&found.path))
        })
        .collect();
    paths.sort();
    paths
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_walk_sees_types_permissions_and_links_and_follows_nothing() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "s").unwrap();
    let top = tempfile::tempdir().unwrap();
    let root = top.path();
    fs::create_dir(root.join("d")).unwrap();
    fs::write(root.join("d/f"), "12").unwrap();
    mode(&root.join("d/f"), 0o640);
    mode(&root.join("d"), 0o750);
    symlink(outside.path(), root.join("l")).unwrap();
    fs::create_dir_all(root.join("out/x")).unwrap();
    fs::create_dir_all(root.join("d/out/y")).unwrap();
    fs::write(root.join("d/out/in"), "").unwrap();
    mode(&root.join("d/out"), 0o755);
    mode(&root.join("d/out/in"), 0o644);
    fs::write(root.join(OsStr::from_bytes(b"n\n\xff")), "").unwrap();
    mode(&root.join(OsStr::from_bytes(b"n\n\xff")), 0o644);
    assert_eq!(
        paths(root, &mut StatCache::default()),
        [
            "d folder 750".to_owned(),
            "d/f file 640 2".to_owned(),
            "d/out folder 755".to_owned(),
            "d/out/in file 644 0".to_owned(),
            format!("l link {}", outside.path().display()),
            "n\\n\\xff file 644 0".to_owned(),
        ]
    );
}

#[test]
fn what_no_image_can_hold_is_refused_by_name() {
    let top = tempfile::tempdir().unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(top.path().join("s")).unwrap();
    let error = walk(top.path(), &Named, &mut StatCache::default()).unwrap_err();
    assert_eq!(error.to_string(), "`s` is a socket, which no image can hold");
}

#[test]
fn nesting_is_bounded() {
    let top = tempfile::tempdir().unwrap();
    let mut path = top.path().to_owned();
    for _ in 0..=MAX_DEPTH {
        path.push("d");
        fs::create_dir(&path).unwrap();
    }
    let error = walk(top.path(), &Named, &mut StatCache::default()).unwrap_err();
    assert!(matches!(error, TreeError::Limit(_)), "{error}");
}

fn only_digest(root: &Path, cache: &mut StatCache) -> Digest {
    match walk(root, &Named, cache).unwrap().remove(0).kind {
        Kind::File { digest, .. } => digest,
        other => panic!("{other:?}"),
    }
}

fn long_ago(path: &Path) {
    let then = SystemTime::now() - Duration::from_secs(3600);
    File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
}

#[test]
fn a_file_that_changed_back_in_time_and_size_is_read_again() {
    let top = tempfile::tempdir().unwrap();
    let path = top.path().join("f");
    let mut cache = StatCache::default();
    fs::write(&path, "one").unwrap();
    long_ago(&path);
    // Past the tick, so that the cache takes it.
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(only_digest(top.path(), &mut cache), Digest::of(b"one"));
    let modified = path.metadata().unwrap().modified().unwrap();
    fs::write(&path, "two").unwrap();
    File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    assert_eq!(only_digest(top.path(), &mut cache), Digest::of(b"two"));
}

#[test]
fn a_file_that_is_young_is_not_remembered() {
    let top = tempfile::tempdir().unwrap();
    let (path, kept) = (top.path().join("f"), tempfile::tempdir().unwrap());
    fs::write(&path, "one").unwrap();
    let mut cache = StatCache::default();
    // As if it was read in the tick in which it was written.
    let stat = rustix::fs::stat(&path).unwrap();
    let written = path.metadata().unwrap().modified().unwrap();
    cache.put(b"f", &stat, &Digest::of(b"a lie"), written);
    assert_eq!(only_digest(top.path(), &mut cache), Digest::of(b"one"));
    cache.put(b"f", &stat, &Digest::of(b"a lie"), written + Duration::from_secs(10));
    assert_eq!(only_digest(top.path(), &mut cache), Digest::of(b"a lie"), "the cache is used at all");
    let file = kept.path().join("c");
    cache.save(&file).unwrap();
    assert_eq!(only_digest(top.path(), &mut StatCache::load(&file)), Digest::of(b"a lie"));
}

fn stamps(root: &Path) -> Vec<(Vec<u8>, Stamp)> {
    let found = walk(root, &Named, &mut StatCache::default()).unwrap();
    let mut stamps: Vec<_> = found.into_iter().map(|found| (found.path, found.stamp)).collect();
    stamps.sort_by(|one, other| one.0.cmp(&other.0));
    stamps
}

/// Whether nothing says that the entry was touched by this.
fn agrees(root: &Path, path: &str, touch: impl FnOnce()) -> bool {
    let stamp = || stamps(root).into_iter().find(|(name, _)| name == path.as_bytes()).unwrap().1;
    let before = stamp();
    // Longer than the tick of any file system that tests run on.
    std::thread::sleep(Duration::from_millis(20));
    touch();
    before.agrees(&stamp())
}

#[test]
fn what_was_touched_and_is_what_it_was_again_has_another_stamp() {
    let top = tempfile::tempdir().unwrap();
    let root = top.path();
    fs::create_dir(root.join("d")).unwrap();
    let file = root.join("d/f");
    fs::write(&file, "1").unwrap();
    let modified = fs::metadata(&file).unwrap().modified().unwrap();
    assert!(agrees(root, "d/f", || drop(fs::read(&file).unwrap())));
    assert!(!agrees(root, "d/f", || {
        fs::write(&file, "2").unwrap();
        fs::write(&file, "1").unwrap();
        File::options().write(true).open(&file).unwrap().set_modified(modified).unwrap();
    }));
    let come_and_go = |name: &str| {
        fs::write(root.join(name), "").unwrap();
        fs::remove_file(root.join(name)).unwrap();
    };
    assert!(!agrees(root, "d", || come_and_go("d/new")));
    // In a folder that holds something that is left out, that may come and go.
    assert!(agrees(root, "d", || fs::write(root.join("d/out"), "").unwrap()));
    assert!(agrees(root, "d", || come_and_go("d/more.out")));
    assert!(!agrees(root, "d", || mode(&root.join("d"), 0o700)));
}
