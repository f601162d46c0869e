//! A registry that acknowledged something and then lacks it is given it again.

use bakery_core::{model::media_type, port::FailureKind};
use bakery_fault_registry::{Action, Answer, Image, Operation, Script, When, script::Change};

use crate::{
    house::{Run, repository, seed, sources, spawn, two_platforms},
    publish::{all, index_of, publish},
};

fn evict(digest: &str) -> Action {
    Action::Change(Change::Evict { repository: "team/app".to_owned(), digest: digest.to_owned() })
}

/// Publishes one image under one tag, with this rule in force.
async fn with_rule(image: &Image, when: When, action: Action) -> bakery_fault_registry::FaultRegistry {
    let registry = spawn(Script::new());
    registry.seed(image).unwrap();
    registry.add_rule(when.then(action).named("fault"));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let target = Run::new(&[&registry]).target(&from, &to, &["1.0"]);
    publish(&target, &sources(&registry, image), &to, &["1.0"]).await.unwrap();
    assert!(registry.fired()["fault"] > 0);
    assert_eq!(registry.audit(), []);
    registry
}

fn puts() -> When {
    When::on(Operation::PutManifest)
}

#[tokio::test]
async fn blobs_that_the_refusal_names_are_mounted_again_and_no_others() {
    let image = two_platforms().layers(3).build().unwrap();
    let child = &image.children[0];
    let lost = &child.blobs[2].digest;
    let when = puts().path(&format!("**/{}", child.manifest.digest)).nth(1);
    let registry = with_rule(&image, when, evict(lost)).await;
    assert_eq!(registry.log().of(Operation::Mount).len(), 8 + 1);
    assert_eq!(registry.log().of(Operation::PutManifest).len(), 3 + 1);
}

#[tokio::test]
async fn where_the_refusal_names_nothing_everything_is_brought_again() {
    let image = two_platforms().layers(3).build().unwrap();
    let child = &image.children[0].manifest.digest;
    for (status, code) in
        [(400, "MANIFEST_BLOB_UNKNOWN"), (404, "MANIFEST_BLOB_UNKNOWN"), (404, "BLOB_UNKNOWN")]
    {
        let silent = Action::answer(Answer::code(status, code, "something is missing"));
        let registry = with_rule(&image, puts().path(&format!("**/{child}")).nth(1), silent).await;
        assert_eq!(registry.log().of(Operation::Mount).len(), 8 + 4, "{status} {code}");
    }
}

#[tokio::test]
async fn children_that_an_index_lacks_are_put_again_from_memory() {
    let image = two_platforms().layers(3).build().unwrap();
    let child = &image.children[1].manifest.digest;
    let registry = with_rule(&image, puts().path("**/manifests/1.0").nth(1), evict(child)).await;
    assert_eq!(registry.log().of(Operation::PutManifest).len(), 3 + 2);
    assert_eq!(registry.log().of(Operation::GetManifest).len(), 2, "nothing is read again");
    assert_eq!(registry.log().of(Operation::Mount).len(), 8);
}

#[tokio::test]
async fn children_that_lost_their_own_parts_are_made_whole_first() {
    let image = two_platforms().layers(3).build().unwrap();
    let child = &image.children[1];
    let registry = spawn(Script::new());
    registry.seed(&image).unwrap();
    // Both go just before the first push of the tag: the child, and a blob of it.
    for digest in [&child.manifest.digest, &child.blobs[1].digest] {
        registry.add_rule(puts().path("**/manifests/1.0").nth(1).then(evict(digest)));
    }
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let target = Run::new(&[&registry]).target(&from, &to, &["1.0"]);
    publish(&target, &sources(&registry, &image), &to, &["1.0"]).await.unwrap();
    assert_eq!(registry.audit(), []);
}

#[tokio::test]
async fn several_tags_that_fail_at_the_same_time_mend_together() {
    let image = two_platforms().layers(3).build().unwrap();
    let child = &image.children[1].manifest.digest;
    let registry = spawn(Script::new());
    registry.seed(&image).unwrap();
    let tags = ["1.0", "1", "latest"];
    registry.add_rule(puts().path("**/manifests/1*").first(1).then(evict(child)));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let target = Run::new(&[&registry]).target(&from, &to, &tags);
    publish(&target, &sources(&registry, &image), &to, &tags).await.unwrap();
    assert_eq!(registry.audit(), []);
    assert_eq!(registry.tags("team/app").len(), 3);
    assert_eq!(registry.log().of(Operation::Mount).len(), 8);
}

#[tokio::test]
async fn a_registry_that_never_has_enough_is_given_up_after_three_times() {
    let registry = spawn(Script::new());
    let image = seed(&registry, &two_platforms().layers(2));
    let child = &image.children[0].manifest.digest;
    registry.add_rule(puts().path(&format!("**/{child}")).then(Action::UnknownChildren { status: 400 }));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let target = Run::new(&[&registry]).target(&from, &to, &["1.0"]);
    let failure = publish(&target, &sources(&registry, &image), &to, &["1.0"]).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert!(failure.message.contains("MANIFEST_BLOB_UNKNOWN"), "{failure}");
    assert_eq!(
        registry.log().of(Operation::PutManifest).only(|entry| entry.path.ends_with(child.as_str())).len(),
        4
    );
    assert!(registry.history().is_empty());
}

#[tokio::test]
async fn what_was_never_there_is_not_invented() {
    let registry = spawn(Script::new());
    let image = seed(&registry, &two_platforms().layers(1));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let target = Run::new(&[&registry]).target(&from, &to, &["1.0"]);
    let (transfer, caller) = (&target.transfer, &target.caller);
    let children = all(transfer.await_readable(caller, &sources(&registry, &image)).await).unwrap();
    let index = transfer.hold(media_type::OCI_INDEX, index_of(&children)).unwrap().digest;
    // Its children were never copied: pushing it brings them, since they are known and may be read.
    transfer.push(caller, &to, &index, &["1.0".parse().unwrap()]).await.unwrap();
    assert_eq!(registry.audit(), []);
    // A caller that may not read them does not get them.
    let image = seed(&registry, &two_platforms().layers(1).seed(2));
    let children = all(transfer.await_readable(caller, &sources(&registry, &image)).await).unwrap();
    let index = transfer.hold(media_type::OCI_INDEX, index_of(&children)).unwrap().digest;
    let writer = crate::house::caller(
        bakery_core::policy::RegistryGrants::default().push(to.clone(), ["2.0".parse().unwrap()]),
    );
    let failure = transfer.push(&writer, &to, &index, &["2.0".parse().unwrap()]).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied, "{failure}");
    assert!(failure.message.contains("MANIFEST_BLOB_UNKNOWN"), "what had to be mended is told: {failure}");
    assert!(!registry.tags("team/app").contains_key("2.0"));
}
