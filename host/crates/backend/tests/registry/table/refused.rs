//! Rows about answers that no other attempt would change.

use bakery_core::port::{
    FailureKind,
    registry::{Mounted, Registry as _, RegistryVerb},
};
use bakery_fault_registry::{
    Action, Answer, Auth, Operation as Asked, Script, When,
    script::{AnswerBody, Redirection},
};

use super::house::{House, PASSWORD, USER};

fn always(operation: Asked, action: Action) -> House {
    House::new(Script::new().rule(When::on(operation).then(action)))
}

#[tokio::test]
async fn a_request_that_is_wrong_stays_wrong() {
    use FailureKind::{Conflict, Denied, InvalidInput, NotFound};
    for (answer, expected) in [
        (Answer::code(400, "DIGEST_INVALID", "no"), InvalidInput),
        (Answer::code(400, "SIZE_INVALID", "no"), InvalidInput),
        (Answer::code(400, "MANIFEST_INVALID", "no"), InvalidInput),
        (Answer::code(400, "NAME_INVALID", "no"), InvalidInput),
        (Answer::code(400, "TAG_INVALID", "no"), InvalidInput),
        (Answer::status(403), Denied),
        (Answer::status(405), InvalidInput),
        (Answer::status(406), InvalidInput),
        (Answer::status(409), Conflict),
        (Answer::status(410), NotFound),
        (Answer::status(413), InvalidInput),
        (Answer::status(414), InvalidInput),
        (Answer::status(415), InvalidInput),
        (Answer::status(416), Conflict),
        (Answer::status(418), InvalidInput),
        (Answer::status(431), InvalidInput),
        (Answer::status(400).body(AnswerBody::Details("invalid repository name".to_owned())), InvalidInput),
    ] {
        let house = always(Asked::PutManifest, Action::answer(answer.clone()));
        let failure = house.put().await.unwrap_err();
        assert_eq!((failure.kind, failure.attempts), (expected, 1), "{answer:?}");
        assert_eq!((house.asked(Asked::PutManifest), house.events()), (1, vec![]), "{answer:?}");
    }
}

#[tokio::test]
async fn a_registry_that_refuses_a_fresh_token_means_it() {
    let refuse = |answer| {
        let rule = When::on(Asked::GetManifest).then(Action::answer(answer));
        House::new(Script::new().auth(Auth::bearer(USER, PASSWORD)).rule(rule))
    };
    for (answer, expected) in
        [(Answer::unauthorized(), FailureKind::Unauthorized), (Answer::status(403), FailureKind::Denied)]
    {
        let house = refuse(answer);
        let failure = house.get().await.unwrap_err();
        assert_eq!((failure.kind, failure.attempts, house.events()), (expected, 1, vec![]));
        assert!(!failure.message.contains(PASSWORD) && failure.hint.is_some());
    }
}

#[tokio::test]
async fn an_expired_token_is_a_step_and_not_a_retry() {
    let house = House::new(Script::new().auth(Auth::bearer(USER, PASSWORD)));
    house.get().await.unwrap();
    house.registry.revoke_tokens();
    house.get().await.unwrap();
    assert_eq!((house.asked(Asked::Token), house.events()), (2, vec![]));
}

#[tokio::test]
async fn redirects_in_a_circle_and_of_writes_are_not_followed_again() {
    let action = Action::Redirect { to: Redirection::Loop, status: 307 };
    let house = always(Asked::GetManifest, action.clone());
    let failure = house.get().await.unwrap_err();
    assert_eq!((failure.kind, failure.attempts), (FailureKind::Denied, 1));
    let house = always(Asked::PutManifest, action);
    assert_eq!(house.put().await.unwrap_err().attempts, 1);
    assert_eq!(house.asked(Asked::PutManifest), 1);
}

#[tokio::test]
async fn unknown_children_are_for_whoever_copies() {
    for status in [400, 404] {
        let house = always(Asked::PutManifest, Action::UnknownChildren { status });
        let failure = house.put().await.unwrap_err();
        assert_eq!((failure.kind, failure.attempts), (FailureKind::Conflict, 1));
        let fault = failure.registry.unwrap();
        assert!(fault.is("MANIFEST_BLOB_UNKNOWN"));
        assert_eq!(fault.digests.len(), house.image.children.len());
    }
}

#[tokio::test]
async fn a_mount_that_is_refused_is_an_answer_and_one_in_trouble_is_not() {
    for status in [401, 403, 405, 404, 400, 422, 503] {
        let rule = When::on(Asked::Mount).nth(1).then(Action::status(status));
        let house = House::new(Script::new().rule(rule));
        let (client, from) = (&house.client, &house.repository());
        let to = &format!("{}/other", house.registry.host()).parse().unwrap();
        let digest = &house.image.children[0].blobs[0].digest.parse().unwrap();
        let operation = house.operation(RegistryVerb::Mount);
        let attempt = |permit| async move { client.mount_blob(&permit, from, to, digest).await };
        let mounted = house.gate.run(&operation, attempt).await.unwrap();
        let (refused, asked) = (matches!(mounted, Mounted::Refused(_)), house.asked(Asked::Mount));
        assert_eq!((refused, asked), if status == 503 { (false, 2) } else { (true, 1) }, "{status}");
    }
}
