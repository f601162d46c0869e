//! Rows about uploads: what is sent again, what is looked for, and the one verb that is done once.

use std::sync::Arc;

use bakery_core::{
    model::Digest,
    port::{
        Failure, FailureKind,
        registry::{BlobSource, BytesBlob, Registry as _, RegistryVerb, UploadSession, Uploaded},
    },
};
use bakery_fault_registry::{Action, Answer, Operation as Asked, Rule, Script, When};

use super::house::House;

/// Large enough to be sent with a request of its own.
fn blob() -> Arc<dyn BlobSource> {
    Arc::new(BytesBlob::new(vec![7_u8; 100_000]))
}

fn has(house: &House) -> bool {
    house.registry.blob("app", Digest::of(&vec![7_u8; 100_000]).as_str()).is_some()
}

fn house(rule: Rule) -> House {
    House::new(Script::new().rule(rule.named("fault")))
}

#[tokio::test]
async fn bytes_that_arrived_wrong_are_sent_once_more_in_a_fresh_upload() {
    let wrong = || Action::answer(Answer::code(400, "DIGEST_INVALID", "digest did not match"));
    let once = house(When::on(Asked::FinishUpload).nth(1).then(wrong()));
    assert_eq!(once.upload(&blob()).await.unwrap(), Uploaded::Sent(100_000));
    assert_eq!((once.asked(Asked::StartUpload), once.asked(Asked::FinishUpload)), (2, 2));
    let paths = once.registry.log().only(|entry| entry.operation == Asked::FinishUpload).entries;
    assert_ne!(paths[0].path, paths[1].path, "a fresh upload has a place of its own");
    assert!(has(&once));
    let always = house(When::on(Asked::FinishUpload).then(wrong()));
    let failure = always.upload(&blob()).await.unwrap_err();
    assert_eq!((failure.kind, failure.attempts), (FailureKind::InvalidInput, 2));
}

#[tokio::test]
async fn an_upload_that_the_registry_forgot_is_looked_for_and_then_begun_again() {
    let gone = || Answer::code(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
    // The bytes arrived: the blob is there, and nothing is sent again.
    let arrived = house(When::on(Asked::FinishUpload).nth(1).then(Action::answer_after(gone())));
    assert_eq!(arrived.upload(&blob()).await.unwrap(), Uploaded::Present);
    assert_eq!((arrived.asked(Asked::FinishUpload), arrived.asked(Asked::HeadBlob)), (1, 1));
    // They did not: a new upload.
    let lost = house(When::on(Asked::FinishUpload).nth(1).then(Action::answer(gone())));
    assert_eq!(lost.upload(&blob()).await.unwrap(), Uploaded::Sent(100_000));
    assert_eq!((lost.asked(Asked::StartUpload), lost.asked(Asked::FinishUpload)), (2, 2));
    assert!(has(&lost));
}

#[tokio::test]
async fn a_lost_acknowledgement_of_an_upload_sends_nothing_again() {
    let house = house(When::on(Asked::FinishUpload).nth(1).then(Action::reset_after()));
    assert_eq!(house.upload(&blob()).await.unwrap(), Uploaded::Present);
    assert_eq!((house.fired("fault"), house.asked(Asked::FinishUpload)), (1, 1));
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_begun_again() {
    let cut = Action::CutRequest { at: 5000, keep: false };
    let house = house(When::on(Asked::FinishUpload).nth(1).then(cut));
    assert_eq!(house.upload(&blob()).await.unwrap(), Uploaded::Sent(100_000));
    assert!(house.fired("fault") == 1 && has(&house));
}

#[tokio::test]
async fn a_repository_that_must_be_made_first_is_said_so_at_once() {
    let absent = Answer::code(404, "NAME_UNKNOWN", "the repository does not exist");
    let house = house(When::on(Asked::StartUpload).then(Action::answer(absent)));
    let failure = house.upload(&blob()).await.unwrap_err();
    assert_eq!((failure.kind, failure.attempts), (FailureKind::NotFound, 1));
    assert!(failure.hint.unwrap().starts_with("create the repository"));
}

/// Sends one piece of an open upload.
async fn piece(house: &House, session: &mut UploadSession) -> Result<(), Failure> {
    let operation = house.operation(RegistryVerb::PatchUpload);
    let mut state = (&house.client, session, blob());
    house
        .gate
        .run_with(&operation, &mut state, |permit, (client, session, blob)| {
            Box::pin(async move { client.upload_chunk(&permit, session, Arc::clone(blob), 50_000).await })
        })
        .await
}

#[tokio::test]
async fn a_piece_of_an_upload_is_sent_once_whatever_happens() {
    for action in [
        Action::status(503),
        Action::status(429),
        Action::status(416),
        Action::reset(),
        Action::reset_after(),
        Action::answer(Answer::code(404, "BLOB_UPLOAD_UNKNOWN", "gone")),
    ] {
        let house = house(When::on(Asked::PatchUpload).then(action.clone()));
        let (client, repository) = (&house.client, &house.repository());
        let begin = house.operation(RegistryVerb::BeginUpload);
        let attempt = |permit| async move { client.begin_upload(&permit, repository).await };
        let mut session = house.gate.run(&begin, attempt).await.unwrap();
        let failure = piece(&house, &mut session).await.unwrap_err();
        assert_eq!((failure.attempts, house.asked(Asked::PatchUpload)), (1, 1), "{action:?}");
        assert_eq!(house.events(), [], "{action:?}");
    }
}
