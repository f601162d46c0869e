//! What is kept, and what stays from one lock to the next.

use super::*;
use crate::{context::Context, key::Inputs};

pub(crate) fn parts(containerfile: &[u8]) -> Parts {
    let context = Context::default();
    let inputs = Inputs {
        context: &context,
        containerfile,
        arguments: Vec::new(),
        secrets: Vec::new(),
        target: None,
        platforms: Vec::new(),
        bases: Vec::new(),
    };
    inputs.parts()
}

pub(crate) fn sample() -> Lock {
    let parts = parts(b"FROM scratch");
    let image = LockedImage {
        repositories: vec!["ghcr.io/posit-dev/connect".to_owned()],
        tag: "dev-0123456789ab".to_owned(),
        target: "connect-1".to_owned(),
        key: parts.key(),
        parts,
        bases: BTreeMap::new(),
        platforms: vec!["linux/amd64".to_owned()],
        state: State::Planned,
        image_id: None,
        store: None,
        clusters: BTreeMap::new(),
    };
    Lock {
        generation: 1,
        worktree: "/work".to_owned(),
        project: String::new(),
        policy: "commit".to_owned(),
        commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
        written: "2026-05-01T00:00:00Z".to_owned(),
        images: [("connect".to_owned(), image)].into(),
        manifests: Vec::new(),
        rewriting: Vec::new(),
    }
}

#[test]
fn an_image_is_built_on_what_its_own_lock_says_and_then_on_what_that_of_others_says() {
    let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
    let mut lock = sample();
    let mut other = lock.images["connect"].clone();
    other.bases = [("a:1".to_owned(), digest("a")), ("b:1".to_owned(), digest("b"))].into();
    lock.images.insert("aaa".to_owned(), other.clone());
    lock.images.insert("zzz".to_owned(), other);
    lock.images.get_mut("connect").unwrap().bases =
        [("a:1".to_owned(), digest("c")), ("bad".to_owned(), "x".to_owned())].into();
    let bases = lock.bases("connect");
    assert_eq!(bases["a:1"].to_string(), digest("c"));
    assert_eq!(bases["b:1"].to_string(), digest("b"));
    assert_eq!(bases.len(), 2);
}

#[test]
fn a_tag_has_the_key_where_it_ends_with_it() {
    let mut image = sample().images["connect"].clone();
    assert!(!image.tag_has_key());
    image.tag = format!("dev-{}", image.key.short(16));
    assert!(image.tag_has_key());
    assert_eq!(image.references(), [format!("ghcr.io/posit-dev/connect:{}", image.tag)]);
}

#[test]
fn a_lock_reads_back() {
    let lock = sample().intend(&["a.yaml".to_owned()]);
    assert_eq!(Lock::from_bytes(&lock.to_bytes()), Ok(lock));
}

#[test]
fn every_cut_and_every_changed_byte_is_noticed() {
    let lock = sample();
    let bytes = lock.to_bytes();
    for cut in 0..bytes.len() - 2 {
        assert!(Lock::from_bytes(&bytes[..cut]).is_err(), "{cut}");
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        // A changed blank between the parts changes nothing that is read.
        assert!(
            Lock::from_bytes(&changed).is_ok_and(|read| read == lock) || Lock::from_bytes(&changed).is_err()
        );
    }
}

#[test]
fn a_newer_form_is_not_guessed_at() {
    let text = String::from_utf8(sample().to_bytes()).unwrap();
    let newer = text.replacen("\"schema\": 1", "\"schema\": 2", 1);
    assert_eq!(Lock::from_bytes(newer.as_bytes()), Err(LockError::Newer(2)));
}

#[test]
fn intent_is_recorded_and_then_done() {
    let paths = ["b.yaml".to_owned(), "a.yaml".to_owned()];
    let lock = sample().intend(&paths);
    assert_eq!(lock.rewriting, ["a.yaml", "b.yaml"]);
    let lock = lock.rewritten(&paths[..1]);
    assert_eq!((lock.rewriting, lock.manifests), (vec!["a.yaml".to_owned()], vec!["b.yaml".to_owned()]));
    assert_eq!(lock.generation, 3);
}

#[test]
fn a_build_keeps_what_it_does_not_touch_and_the_tags_of_what_did_not_change() {
    let mut before = sample();
    let mut other = before.images["connect"].clone();
    other.tag = "dev-bbbbbbbbbbbb".to_owned();
    before.images.insert("other".to_owned(), other);
    let mut now = before.clone();
    now.images.get_mut("connect").unwrap().tag = "dev-cccccccccccc".to_owned();
    let changed = now.images.get_mut("other").unwrap();
    changed.key = parts(b"FROM other").key();
    changed.tag = "dev-dddddddddddd".to_owned();
    let tags = |names: &[&str]| -> Vec<String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        now.clone().building(Some(&before), &names).images.into_values().map(|image| image.tag).collect()
    };
    assert_eq!(tags(&["connect"]), ["dev-0123456789ab", "dev-bbbbbbbbbbbb"]);
    assert_eq!(tags(&["connect", "other"]), ["dev-0123456789ab", "dev-dddddddddddd"]);
    now.policy = "content".to_owned();
    let lock = now.building(Some(&before), &["connect".to_owned()]);
    assert_eq!(lock.images["connect"].tag, "dev-cccccccccccc");
}

#[test]
fn what_was_built_stays_built_only_under_the_same_key() {
    let mut before = sample();
    let image = before.images.get_mut("connect").unwrap();
    image.state = State::Built;
    image.image_id = Some("sha256:1".to_owned());
    let same = sample().after(Some(&before));
    assert_eq!(same.images["connect"].state, State::Built);
    let mut other = sample();
    other.images.get_mut("connect").unwrap().key = parts(b"FROM other").key();
    assert_eq!(other.after(Some(&before)).images["connect"].state, State::Planned);
}
