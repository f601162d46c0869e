//! Pushes under tags: together where the registry takes that, else one by one, and what was written is said.

use bakery_core::{
    model::{Digest, Repository, Tag, media_type},
    port::{Failure, FailureKind},
};
use bakery_fault_registry::{
    Action, Answer, FaultRegistry, Operation, Profile, Script, When, script::ImmutableTags,
};
use bakery_transfer::TransferOptions;

use crate::{
    house::{Run, Setting, Target, repository, seed, sources, spawn, tag_of, two_platforms},
    publish::{all, index_of},
};

const TAGS: [&str; 3] = ["1.0", "1", "latest"];

/// A registry with an index's children in place, and a target that holds the index.
async fn ready(script: Script, single_tags: u32) -> (FaultRegistry, Target, Repository, Digest) {
    let registry = spawn(script);
    let image = seed(&registry, &two_platforms().layers(1));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let options = TransferOptions { single_tags, ..Setting::default().options };
    let run = Run::with(&[&registry], Setting { options, ..Setting::default() });
    let target = run.target(&from, &to, &TAGS);
    let references = sources(&registry, &image);
    let children = all(target.transfer.await_readable(&target.caller, &references).await).unwrap();
    all(target.transfer.copy(&target.caller, &references, &to).await).unwrap();
    let index = target.transfer.hold(media_type::OCI_INDEX, index_of(&children)).unwrap().digest;
    (registry, target, to, index)
}

fn tags() -> Vec<Tag> {
    TAGS.map(tag_of).to_vec()
}

async fn push(target: &Target, to: &Repository, index: &Digest) -> Result<(), Failure> {
    target.transfer.push(&target.caller, to, index, &tags()).await.map(drop)
}

fn puts(registry: &FaultRegistry) -> usize {
    // Two of them are the children's.
    registry.log().of(Operation::PutManifest).len() - 2
}

fn many() -> Script {
    Script::new().profile(Profile { multi_tag: true, ..Profile::default() })
}

#[tokio::test]
async fn without_tags_a_manifest_is_put_by_its_digest_once() {
    let (registry, target, to, index) = ready(Script::new(), 8).await;
    for _ in 0..2 {
        target.transfer.push(&target.caller, &to, &index, &[]).await.unwrap();
    }
    assert_eq!(puts(&registry), 1);
    assert!(registry.manifest("team/app", index.as_str()).is_some());
    assert!(registry.history().is_empty());
    assert_eq!(target.events.effects("push").len(), 2 + 1);
}

#[tokio::test]
async fn a_registry_is_tried_with_several_tags_when_enough_went_alone_and_only_once() {
    let (registry, target, to, index) = ready(Script::new(), 3).await;
    for expected in [3, 3 + 4, 7 + 3] {
        push(&target, &to, &index).await.unwrap();
        assert_eq!(puts(&registry), expected);
    }
    let (registry, target, to, index) = ready(many(), 3).await;
    for expected in [3, 4, 5] {
        push(&target, &to, &index).await.unwrap();
        assert_eq!(puts(&registry), expected);
    }
    assert_eq!(registry.tags("team/app").len(), 3);
}

#[tokio::test]
async fn what_a_partial_acknowledgement_leaves_out_is_pushed_alone() {
    let (registry, target, to, index) = ready(many(), 0).await;
    let partial = Action::SetHeader { name: "oci-tag".to_owned(), value: "1.0".to_owned() };
    registry.add_rule(When::on(Operation::PutManifest).query("tag=").then(partial));
    push(&target, &to, &index).await.unwrap();
    assert_eq!(puts(&registry), 3);
    assert_eq!(target.events.effects("tag").len(), 3, "each tag is told once");
}

#[tokio::test]
async fn a_registry_that_does_not_understand_several_tags_gets_them_one_by_one() {
    for status in [400, 405, 414, 431] {
        let (registry, target, to, index) = ready(Script::new(), 0).await;
        let strict = Action::answer(Answer::code(status, "UNSUPPORTED", "unknown parameter"));
        registry.add_rule(When::on(Operation::PutManifest).query("tag=").then(strict));
        push(&target, &to, &index).await.unwrap();
        assert_eq!(puts(&registry), 4, "{status}");
        assert_eq!(registry.tags("team/app").len(), 3);
    }
}

#[tokio::test]
async fn the_same_tag_twice_is_pushed_once() {
    let (registry, target, to, index) = ready(Script::new(), 8).await;
    let twice = [tag_of("1"), tag_of("1")];
    target.transfer.push(&target.caller, &to, &index, &twice).await.unwrap();
    assert_eq!(puts(&registry), 1);
}

#[tokio::test]
async fn a_failure_says_which_tags_were_written_and_which_were_not() {
    let (registry, target, to, index) = ready(Script::new(), 8).await;
    let denied = Action::answer(Answer::code(403, "DENIED", "this tag is protected"));
    registry.add_rule(When::on(Operation::PutManifest).path("**/manifests/latest").then(denied));
    let failure = push(&target, &to, &index).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied);
    let expected = format!("`{to}` acknowledged the tags `1.0`, `1`, but not `latest`: ");
    assert!(failure.message.starts_with(&expected), "{failure}");
    assert!(failure.message.contains("this tag is protected"), "{failure}");
    assert_eq!(registry.tags("team/app").len(), 2);
    assert_eq!(target.events.effects("tag").len(), 2);
}

#[tokio::test]
async fn a_tag_that_may_not_move_is_a_conflict() {
    for (script, written) in [
        (Script::new(), "acknowledged the tags `1`, `latest`, but not `1.0`"),
        (many(), "did not acknowledge the tags"),
    ] {
        let profile = Profile {
            immutable_tags: Some(ImmutableTags { tags: "1.0".to_owned(), status: 400 }),
            ..script.profile.clone()
        };
        let (registry, target, to, index) = ready(script.profile(profile), 0).await;
        let other = registry.snapshot().repositories["team/app"].manifests.first().unwrap().clone();
        registry.move_tag("team/app", "1.0", Some(&other));
        let failure = push(&target, &to, &index).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Conflict, "{failure}");
        assert!(failure.message.contains(written) && failure.message.contains("`1.0`"), "{failure}");
        assert_eq!(registry.tags("team/app")["1.0"], other);
    }
}

#[tokio::test]
async fn lost_answers_to_tags_are_pushed_again() {
    for script in [Script::new(), many()] {
        let (registry, target, to, index) = ready(script, 0).await;
        let rule = When::on(Operation::PutManifest).first(1).then(Action::reset_after()).named("lost");
        registry.add_rule(rule);
        push(&target, &to, &index).await.unwrap();
        assert_eq!(registry.tags("team/app").len(), 3);
        assert_eq!(registry.fired()["lost"], 1);
    }
}
