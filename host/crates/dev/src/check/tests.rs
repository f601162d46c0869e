//! One fact that is wrong, one finding, one line that mends it.

use super::*;
use crate::lock::tests::{parts, sample};

fn good() -> Facts {
    let mut lock = sample();
    let image = lock.images.get_mut("connect").unwrap();
    image.state = State::Built;
    image.image_id = Some("sha256:1".to_owned());
    let now = Now { key: image.key.clone(), parts: image.parts.clone() };
    let reference = Reference {
        file: "k8s/app.yaml".to_owned(),
        found: Found {
            image: "connect".to_owned(),
            line: 7,
            path: "image".to_owned(),
            written: format!("ghcr.io/posit-dev/connect:{}", image.tag),
            wanted: None,
            tag: Some(image.tag.clone()),
            pinned: false,
            always_pulled: false,
        },
    };
    let stored = Stored {
        store: "docker".to_owned(),
        holder: Holder::Machine,
        image: "connect".to_owned(),
        reference: reference.found.written.clone(),
        content: Some(Content { id: "sha256:1".to_owned(), key: Some(image.key.to_string()) }),
    };
    Facts {
        lock: Ok(Some(lock)),
        worktree: "/work".to_owned(),
        project: String::new(),
        now: [("connect".to_owned(), now)].into(),
        references: vec![reference],
        looked_at_manifests: true,
        stored: vec![stored],
        clusters: Vec::new(),
    }
}

#[track_caller]
fn check_one(change: impl FnOnce(&mut Facts), code: Code, mend: &str) -> String {
    let mut facts = good();
    change(&mut facts);
    let findings = check(&facts);
    let [finding] = findings.as_slice() else { panic!("{findings:#?}") };
    assert_eq!((finding.code, finding.mend.as_str()), (code, mend));
    finding.message.clone()
}

fn lock(facts: &mut Facts) -> &mut Lock {
    facts.lock.as_mut().unwrap().as_mut().unwrap()
}

fn site(facts: &mut Facts) -> &mut Found {
    &mut facts.references[0].found
}

#[test]
fn what_agrees_has_no_finding() {
    assert_eq!(check(&good()), []);
}

#[test]
fn a_lock_that_is_not_this_worktrees_is_refused() {
    check_one(|facts| facts.lock = Ok(None), Code::NoLock, LOCK);
    check_one(|f| f.lock = Err(LockError::Damaged("cut".to_owned())), Code::DamagedLock, LOCK);
    check_one(|f| f.lock = Err(LockError::Newer(2)), Code::DamagedLock, "use the bakery that wrote it");
    let message = check_one(|facts| facts.worktree = "/other".to_owned(), Code::ForeignLock, LOCK);
    assert_eq!(message, "the lock was written for `/work`, not for `/other`");
    check_one(|facts| facts.project = "sub".to_owned(), Code::ForeignLock, LOCK);
}

#[test]
fn an_interrupted_effect_is_named() {
    check_one(
        |facts| lock(facts).rewriting = vec!["k8s/a b.yaml".to_owned()],
        Code::Interrupted,
        "bakery dev rewrite 'k8s/a b.yaml'",
    );
    check_one(
        |facts| {
            lock(facts).images.get_mut("connect").unwrap().state = State::Building;
        },
        Code::Interrupted,
        "bakery dev build connect",
    );
}

#[test]
fn a_tree_that_moved_on_says_what_changed() {
    let message = check_one(
        |facts| {
            let parts = parts(b"FROM other");
            facts.now.insert("connect".to_owned(), Now { key: parts.key(), parts });
        },
        Code::Stale,
        LOCK,
    );
    assert_eq!(message, "`connect` is locked as `dev-0123456789ab`, but the Containerfile changed since");
    check_one(
        |facts| {
            let now = facts.now["connect"].clone();
            facts.now.insert("workbench".to_owned(), now);
        },
        Code::OtherImages,
        LOCK,
    );
    check_one(|facts| facts.now.clear(), Code::OtherImages, LOCK);
}

#[test]
fn a_reference_that_is_not_the_locks_is_named_with_its_line() {
    let mend = "bakery dev rewrite k8s/app.yaml";
    let message = check_one(|f| site(f).tag = Some("1.0".to_owned()), Code::OtherTag, mend);
    assert!(message.starts_with("k8s/app.yaml:7: `ghcr.io/"), "{message}");
    check_one(|f| site(f).tag = Some("latest".to_owned()), Code::Latest, mend);
    check_one(|f| site(f).tag = None, Code::Latest, mend);
    check_one(|f| site(f).pinned = true, Code::Pinned, mend);
    check_one(
        |f| site(f).always_pulled = true,
        Code::AlwaysPulled,
        "write `imagePullPolicy: IfNotPresent` beside it",
    );
    let mut facts = good();
    site(&mut facts).image = "other".to_owned();
    let codes: Vec<Code> = check(&facts).iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::NoBuild, Code::NoReference]);
}

#[test]
fn another_image_under_the_tag_is_refused() {
    let mend = "bakery dev build connect --force";
    let content = |facts: &mut Facts, id: &str, key: Option<&str>| {
        facts.stored[0].content = Some(Content { id: id.to_owned(), key: key.map(str::to_owned) });
    };
    let key = good().now["connect"].key.to_string();
    check_one(|f| content(f, "sha256:1", Some(&"0".repeat(64))), Code::OtherImage, mend);
    check_one(|f| content(f, "sha256:1", None), Code::OtherImage, mend);
    check_one(|f| content(f, "sha256:2", Some(&key)), Code::OtherImage, mend);
    check_one(|f| f.stored[0].content = None, Code::NotStored, "bakery dev build connect");
}

#[test]
fn names_of_several_images_are_taken_by_force() {
    let mut facts = good();
    let mut other = facts.stored[0].clone();
    other.reference = "docker.io/posit/connect:dev-0123456789ab".to_owned();
    other.content.as_mut().unwrap().id = "sha256:2".to_owned();
    facts.stored.push(other);
    let force = "bakery dev build connect --force";
    // With an id in the lock the name that has another one is the finding.
    let codes = |facts: &Facts| -> Vec<(Code, String)> {
        check(facts).into_iter().map(|finding| (finding.code, finding.mend)).collect()
    };
    assert_eq!(codes(&facts), [(Code::OtherImage, force.to_owned())]);
    let image = lock(&mut facts).images.get_mut("connect").unwrap();
    (image.state, image.image_id) = (State::Building, None);
    assert_eq!(codes(&facts), [(Code::Interrupted, force.to_owned())]);
    lock(&mut facts).images.get_mut("connect").unwrap().state = State::Planned;
    assert_eq!(codes(&facts), [(Code::OtherImage, force.to_owned())]);
}

#[test]
fn what_is_no_image_any_more_is_not_built_again() {
    for state in [State::Building, State::Built] {
        check_one(
            |facts| {
                lock(facts).images.get_mut("connect").unwrap().state = state;
                facts.stored[0].content = None;
                facts.now.clear();
            },
            Code::OtherImages,
            LOCK,
        );
    }
}

#[test]
fn a_registry_may_lack_an_image_and_may_not_have_another_one() {
    let in_registry = |facts: &mut Facts, content: Option<Content>| {
        let mut stored = facts.stored[0].clone();
        stored.store = "ghcr.io".to_owned();
        stored.holder = Holder::Registry;
        stored.content = content;
        facts.stored.push(stored);
    };
    let mut facts = good();
    in_registry(&mut facts, None);
    // The same inputs, built elsewhere.
    let key = facts.stored[0].content.as_ref().and_then(|content| content.key.clone());
    in_registry(&mut facts, Some(Content { id: "sha256:other".to_owned(), key }));
    assert_eq!(check(&facts), []);
    let other = Some(Content { id: "sha256:1".to_owned(), key: None });
    let message = check_one(
        |facts| in_registry(facts, other.clone()),
        Code::OtherImage,
        "bakery dev tag --lock --policy content",
    );
    assert!(message.starts_with("ghcr.io has another image"), "{message}");
    let mut facts = good();
    let image = lock(&mut facts).images.get_mut("connect").unwrap();
    image.tag = format!("dev-{}", image.key.short(16));
    let reference = format!("ghcr.io/posit-dev/connect:{}", image.tag);
    facts.references[0].found.tag = Some(image.tag.clone());
    facts.stored[0].reference.clone_from(&reference);
    in_registry(&mut facts, other);
    let findings = check(&facts);
    assert_eq!(findings[0].mend, format!("remove `{reference}` from the registry"));
}

#[test]
fn what_was_never_built_is_told_where_somebody_was_asked() {
    let mut facts = good();
    lock(&mut facts).images.get_mut("connect").unwrap().state = State::Planned;
    let told = |facts: &Facts| unbuilt(facts).into_iter().map(|one| one.mend).collect::<Vec<_>>();
    assert_eq!(told(&facts), [""; 0], "it is there, whoever built it");
    facts.stored[0].content = None;
    assert_eq!(check(&facts), []);
    assert_eq!(told(&facts), ["bakery dev build connect"]);
    facts.stored.clear();
    assert_eq!(told(&facts), [""; 0], "nobody was asked");
}
