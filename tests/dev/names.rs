//! Names of files are bytes: names that look the same, fold to the same, or are no text, are different inputs.

use std::{collections::BTreeMap, ffi::OsStr, fs, os::unix::ffi::OsStrExt as _};

use crate::world::World;

const NAMES: [&[u8]; 14] = [
    b"name",
    b"Name",
    b"NAME",
    // Composed and decomposed.
    b"\xc3\xa9",
    b"e\xcc\x81",
    b"E\xcc\x81",
    b"a\nb",
    b"a\\nb",
    b"a b",
    b"\xff",
    b"\xfe",
    // What stands in for bytes that are no text.
    b"\xef\xbf\xbd",
    b"-rf",
    b"\"quoted\"",
];

fn put(world: &World, name: &[u8]) {
    let path = world.path("app").join(OsStr::from_bytes(name));
    fs::write(&path, "the same").unwrap();
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
}

fn content(world: &World) -> String {
    world.ok(&["dev", "tag", "connect", "--policy", "content"])
}

#[test]
fn every_name_has_a_tag_of_its_own_which_is_the_same_everywhere() {
    let mut seen = BTreeMap::new();
    for name in NAMES {
        let (one, other) = (World::bare(), World::bare());
        put(&one, name);
        put(&other, name);
        let tag = content(&one);
        assert_eq!(tag, content(&one), "a second run says the same");
        assert_eq!(tag, content(&other), "another folder says the same");
        if let Some(before) = seen.insert(tag, name) {
            panic!("`{}` and `{}` have one tag", before.escape_ascii(), name.escape_ascii());
        }
    }
}

#[test]
fn the_order_in_which_they_were_made_is_nothing_and_git_keeps_them_all() {
    let (one, other) = (World::new(), World::new());
    NAMES.iter().for_each(|name| put(&one, name));
    NAMES.iter().rev().for_each(|name| put(&other, name));
    assert_eq!(content(&one), content(&other));
    one.commit("names");
    assert_eq!(one.tag(), one.clean());
    // What is told of them has no line breaks of theirs.
    fs::remove_file(one.path("app").join(OsStr::from_bytes(b"a\nb"))).unwrap();
    let done = one.bakery(&["dev", "tag", "connect"]);
    assert!(done.stderr.contains(r"`app/a\nb`"), "{}", done.stderr);
}
