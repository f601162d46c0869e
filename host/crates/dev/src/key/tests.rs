//! The key changes with every input and with nothing else; its encoding is fixed by vectors.

use super::*;
use crate::context::Entry;

fn file(path: &[u8], bytes: &[u8], mode: u32) -> Entry {
    Entry {
        path: path.to_vec(),
        kind: Kind::File { mode, size: bytes.len() as u64, digest: Digest::of(bytes) },
    }
}

fn folder(path: &[u8], mode: u32) -> Entry {
    Entry { path: path.to_vec(), kind: Kind::Folder { mode } }
}

fn link(path: &[u8], target: &[u8]) -> Entry {
    Entry { path: path.to_vec(), kind: Kind::Link { target: target.to_vec() } }
}

fn of(entries: Vec<Entry>) -> Context {
    Context::new(entries).unwrap()
}

fn sample() -> Context {
    of(vec![
        folder(b"app", 0o755),
        file(b"app/run", b"#!/bin/sh\n", 0o755),
        link(b"app/now", b"run"),
        file(b"caf\xe9\n", b"", 0o600),
    ])
}

fn inputs(context: &Context) -> Inputs<'_> {
    Inputs {
        context,
        containerfile: b"FROM scratch\n",
        arguments: vec![("A".to_owned(), "1".to_owned()), ("B".to_owned(), "2".to_owned())],
        secrets: Vec::new(),
        target: Some("final".to_owned()),
        platforms: vec![Platform::LinuxAmd64, Platform::LinuxArm64],
        bases: vec![("docker.io/library/debian:13".to_owned(), Digest::of(b"{}"))],
    }
}

/// Computed a second time, from the description at the head of `key.rs`, by other code.
struct Plain(Vec<u8>);

impl Plain {
    fn number(mut self, number: usize) -> Self {
        self.0.extend_from_slice(&(number as u64).to_le_bytes());
        self
    }
    fn text(mut self, bytes: &[u8]) -> Self {
        self = self.number(bytes.len());
        self.0.extend_from_slice(bytes);
        self
    }
    fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }
    fn digest(self) -> String {
        Digest::of(&self.0).hex().to_owned()
    }
}

#[test]
fn the_encoding_is_the_one_that_is_described() {
    let new = || Plain(Vec::new());
    let context = new()
        .number(4)
        .text(b"app")
        .byte(1)
        .number(0o755)
        .text(b"app/now")
        .byte(2)
        .text(b"run")
        .text(b"app/run")
        .byte(0)
        .number(0o755)
        .number(10)
        .text(Digest::of(b"#!/bin/sh\n").as_str().as_bytes())
        .text(b"caf\xe9\n")
        .byte(0)
        .number(0o600)
        .number(0)
        .text(Digest::of(b"").as_str().as_bytes())
        .digest();
    let rest = [
        ("context", context),
        ("containerfile", new().text(b"FROM scratch\n").digest()),
        ("arguments", new().number(2).text(b"A").text(b"1").text(b"B").text(b"2").digest()),
        ("target", new().byte(1).text(b"final").digest()),
        ("platforms", new().number(2).text(b"linux/amd64").text(b"linux/arm64").digest()),
        (
            "bases",
            new()
                .number(1)
                .text(b"docker.io/library/debian:13")
                .text(Digest::of(b"{}").as_str().as_bytes())
                .digest(),
        ),
    ];
    let mut whole = new().text(b"bakery-dev-key").number(1);
    for (name, digest) in &rest {
        whole = whole.text(name.as_bytes()).text(digest.as_bytes());
    }
    let sample = sample();
    assert_eq!(inputs(&sample).parts().key().as_str(), whole.digest());
    let secrets = vec!["token".to_owned(), "a".to_owned(), "token".to_owned()];
    let pairs = || new().number(2).text(b"A").text(b"1").text(b"B").text(b"2");
    let with_secrets = Inputs { secrets, ..inputs(&sample) }.parts().arguments;
    assert_eq!(with_secrets.as_str(), pairs().number(2).text(b"a").text(b"token").digest());
}

#[test]
fn the_key_of_a_known_build_never_moves() {
    let (empty, sample) = (Context::default(), sample());
    let nothing = Inputs {
        context: &empty,
        containerfile: b"",
        arguments: Vec::new(),
        secrets: Vec::new(),
        target: None,
        platforms: Vec::new(),
        bases: Vec::new(),
    };
    let keys = [nothing.parts().key().to_string(), inputs(&sample).parts().key().to_string()];
    assert_eq!(
        keys,
        [
            "e6c18a64f8dad7baa81925c65ad0fe0aca419d45d977411a2ec936b5b91d0a1b",
            "cead7110e6709de82553fe5bd7d967cb1bf40c349adcdae78dc799fe73274491"
        ]
    );
}

#[test]
fn the_order_in_which_inputs_are_given_does_not_matter() {
    let sample = sample();
    let base = inputs(&sample);
    let mut other = inputs(&sample);
    other.arguments.reverse();
    other.platforms.reverse();
    assert_eq!(base.parts(), other.parts());
}

#[test]
fn every_input_changes_the_key_and_the_part_that_it_belongs_to() {
    let sample = sample();
    let base = inputs(&sample).parts();
    let check = |changed: Inputs<'_>, word: &str| {
        let parts = changed.parts();
        assert_ne!(parts.key(), base.key(), "{word}");
        assert_eq!(parts.changed(&base), [word]);
    };
    check(Inputs { containerfile: b"FROM scratch", ..inputs(&sample) }, "the Containerfile");
    check(Inputs { arguments: Vec::new(), ..inputs(&sample) }, "the build arguments");
    check(Inputs { secrets: vec!["token".to_owned()], ..inputs(&sample) }, "the build arguments");
    let moved = vec![("A1".to_owned(), String::new()), ("B".to_owned(), "2".to_owned())];
    check(Inputs { arguments: moved, ..inputs(&sample) }, "the build arguments");
    check(Inputs { target: None, ..inputs(&sample) }, "the target stage");
    check(Inputs { target: Some(String::new()), ..inputs(&sample) }, "the target stage");
    check(Inputs { platforms: vec![Platform::LinuxArm64], ..inputs(&sample) }, "the platforms");
    check(Inputs { bases: Vec::new(), ..inputs(&sample) }, "the base images");
    let rebased = vec![("docker.io/library/debian:13".to_owned(), Digest::of(b"x"))];
    check(Inputs { bases: rebased, ..inputs(&sample) }, "the base images");
}

#[test]
fn what_git_does_not_see_is_in_the_key() {
    let base = key_of(vec![file(b"a", b"1", 0o644), folder(b"d", 0o755), link(b"l", b"a")]);
    for (what, entries) in [
        ("bytes", vec![file(b"a", b"2", 0o644), folder(b"d", 0o755), link(b"l", b"a")]),
        ("permissions", vec![file(b"a", b"1", 0o755), folder(b"d", 0o755), link(b"l", b"a")]),
        ("permissions of a folder", vec![file(b"a", b"1", 0o644), folder(b"d", 0o700), link(b"l", b"a")]),
        ("set-user-id", vec![file(b"a", b"1", 0o4644), folder(b"d", 0o755), link(b"l", b"a")]),
        ("a link's text", vec![file(b"a", b"1", 0o644), folder(b"d", 0o755), link(b"l", b"d")]),
        ("another type", vec![file(b"a", b"1", 0o644), folder(b"d", 0o755), file(b"l", b"a", 0o644)]),
        ("an empty folder less", vec![file(b"a", b"1", 0o644), link(b"l", b"a")]),
        ("an empty file more", {
            let mut entries = vec![file(b"a", b"1", 0o644), folder(b"d", 0o755), link(b"l", b"a")];
            entries.push(file(b"z", b"", 0o644));
            entries
        }),
        ("another name", vec![file(b"A", b"1", 0o644), folder(b"d", 0o755), link(b"l", b"a")]),
        ("moved", vec![file(b"d/a", b"1", 0o644), folder(b"d", 0o755), link(b"l", b"a")]),
    ] {
        assert_ne!(key_of(entries), base, "{what}");
    }
}

#[test]
fn strange_names_are_bytes() {
    let composed = key_of(vec![file("\u{e9}".as_bytes(), b"", 0o644)]);
    let decomposed = key_of(vec![file("e\u{301}".as_bytes(), b"", 0o644)]);
    assert_ne!(composed, decomposed);
    // Lengths keep a name with a line break apart from two names.
    let one = key_of(vec![file(b"a\nb", b"", 0o644)]);
    let two = key_of(vec![file(b"a", b"", 0o644), file(b"b", b"", 0o644)]);
    assert_ne!(one, two);
    let (upper, lower) = (key_of(vec![file(b"A", b"", 0o644)]), key_of(vec![file(b"a", b"", 0o644)]));
    assert_ne!(upper, lower);
    assert_ne!(key_of(vec![file(b"\xff", b"", 0o644)]), key_of(vec![file(b"\xfe", b"", 0o644)]));
}

fn key_of(entries: Vec<Entry>) -> Key {
    context(&of(entries))
}
