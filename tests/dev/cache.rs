//! The cache of digests: it makes the second run faster, and no run another one.

use std::{
    fs::{self, File},
    path::PathBuf,
    time::{Duration, SystemTime},
};

use bakery_core::model::Digest;

use crate::world::World;

fn cache(world: &World) -> PathBuf {
    world.path(".git/bakery/dev-stat")
}

fn content(world: &World) -> String {
    world.ok(&["dev", "tag", "connect", "--policy", "content"])
}

/// A world whose files are old enough to be remembered, and its tag.
fn remembered() -> (World, String) {
    let world = World::new();
    // Files that are younger than a tick of the file system are not remembered.
    std::thread::sleep(Duration::from_millis(300));
    let tag = content(&world);
    assert!(holds(&world, b"1"), "the cache has the file");
    (world, tag)
}

/// Whether the cache has the digest of these bytes.
fn holds(world: &World, bytes: &[u8]) -> bool {
    let digest = Digest::of(bytes);
    let wanted = digest.as_str().as_bytes();
    fs::read(cache(world)).unwrap().windows(wanted.len()).any(|window| window == wanted)
}

/// The same cache with another digest for one file, and with another first line, where one is given; with a right sum.
fn lie(world: &World, version: Option<&str>) -> Vec<u8> {
    let bytes = fs::read(cache(world)).unwrap();
    let (truth, lie) = (Digest::of(b"1"), Digest::of(b"a lie"));
    let (truth, lie) = (truth.as_str().as_bytes(), lie.as_str().as_bytes());
    let mut body = bytes[..bytes.len() - truth.len()].to_vec();
    let places: Vec<usize> =
        (0..body.len() - truth.len()).filter(|&at| body[at..].starts_with(truth)).collect();
    for at in places {
        body[at..at + lie.len()].copy_from_slice(lie);
    }
    if let Some(version) = version {
        let end = body.iter().position(|&byte| byte == b'\n').unwrap();
        body.splice(..end, version.bytes());
    }
    let sum = Digest::of(&body);
    body.extend_from_slice(sum.as_str().as_bytes());
    body
}

#[test]
fn a_cache_that_cannot_be_read_is_none() {
    let (world, tag) = remembered();
    let whole = fs::read(cache(&world)).unwrap();
    // The cache is believed at all: without that nothing below could fail.
    fs::write(cache(&world), lie(&world, None)).unwrap();
    assert_ne!(content(&world), tag);
    fs::write(cache(&world), &whole).unwrap();
    let mut flipped = lie(&world, None);
    *flipped.last_mut().unwrap() ^= 1;
    let mut longer = lie(&world, None);
    longer.push(b'x');
    let lies = lie(&world, None);
    for (what, bytes) in [
        ("empty", Vec::new()),
        ("another version", lie(&world, Some("bakery-stat 3"))),
        ("an older version", lie(&world, Some("bakery-stat 1"))),
        ("another program's", lie(&world, Some("DIRC"))),
        ("a wrong sum", flipped),
        ("more than it says", longer),
        ("cut in the middle", lies[..lies.len() / 2].to_vec()),
        ("cut at the sum", lies[..lies.len() - 71].to_vec()),
        ("noise", vec![0xa5; 4096]),
    ] {
        fs::write(cache(&world), bytes).unwrap();
        assert_eq!(content(&world), tag, "{what}");
        assert!(holds(&world, b"1"), "{what}: the next run has a whole one");
    }
    fs::remove_file(cache(&world)).unwrap();
    assert_eq!(content(&world), tag);
    // Not even where it cannot be kept.
    fs::remove_file(cache(&world)).unwrap();
    fs::create_dir(cache(&world)).unwrap();
    assert_eq!(content(&world), tag);
}

/// A run that needs a part alone leaves the rest for the next one.
#[test]
fn what_one_run_does_not_need_stays_for_another_one() {
    let (world, tag) = remembered();
    world.ok(&["dev", "tag"]);
    let whole = fs::metadata(cache(&world)).unwrap().len();
    assert_eq!(content(&world), tag);
    world.write("workbench/2.0.0/Containerfile.ubuntu2404.dockerignore", "app\n");
    world.ok(&["dev", "tag", "workbench"]);
    assert!(fs::metadata(cache(&world)).unwrap().len() >= whole);
    assert!(holds(&world, b"1"));
}

#[test]
fn the_cache_of_another_tree_says_nothing_about_this_one() {
    let (world, tag) = remembered();
    let (other, _) = remembered();
    other.write("app/data", "2");
    let changed = content(&other);
    assert_ne!(changed, tag);
    fs::copy(cache(&world), cache(&other)).unwrap();
    assert_eq!(content(&other), changed);
}

#[test]
fn a_file_of_the_same_size_and_time_is_read_again() {
    let (world, tag) = remembered();
    let path = world.path("app/data");
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    let put_back = || File::options().write(true).open(&path).unwrap().set_modified(before).unwrap();
    fs::write(&path, "2").unwrap();
    put_back();
    let changed = content(&world);
    assert_ne!(changed, tag);
    fs::write(&path, "1").unwrap();
    put_back();
    assert_eq!(content(&world), tag);
    // Another file takes its place, with the same times as far as they can be set.
    let beside = world.path("app/beside");
    fs::write(&beside, "2").unwrap();
    fs::set_permissions(&beside, fs::metadata(&path).unwrap().permissions()).unwrap();
    fs::rename(&beside, &path).unwrap();
    put_back();
    assert_eq!(content(&world), changed);
}

#[test]
fn a_file_that_changes_right_after_it_was_read_is_read_again() {
    let world = World::new();
    let mut before = String::new();
    for round in 0..20 {
        world.write("app/data", format!("{}", round % 10));
        let tag = content(&world);
        assert_ne!(tag, before, "round {round}");
        before = tag;
    }
    // A time in the future says nothing about the past.
    let later = SystemTime::now() + Duration::from_secs(3600);
    let put = |text: &str| {
        world.write("app/data", text);
        File::options().write(true).open(world.path("app/data")).unwrap().set_modified(later).unwrap();
    };
    put("a");
    let tag = content(&world);
    put("b");
    assert_ne!(content(&world), tag);
}
