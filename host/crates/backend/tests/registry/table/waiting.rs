//! Rows about what is not there yet.

use std::time::Duration;

use bakery_core::{
    model::Digest,
    port::{
        Event, FailureKind,
        registry::{Registry as _, RegistryVerb},
    },
};
use bakery_fault_registry::{
    Action, Answer, Auth, ImageBuilder, Lag, LagOf, Operation as Asked, Script, Until, When,
};

use super::house::House;

const WINDOW: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_fresh_digest_that_is_not_there_is_looked_for_until_it_is() {
    let house = House::new(Script::new().lag(Lag::new(LagOf::Manifests, Until::Reads(3))));
    house.get_fresh(WINDOW).await.unwrap();
    assert_eq!((house.asked(Asked::GetManifest), house.waits(), house.retries()), (4, 3, vec![]));
    assert!(matches!(house.events().last(), Some(Event::Arrived { .. })), "{:?}", house.events());
}

#[tokio::test]
async fn absence_counts_in_every_form() {
    for answer in [
        Answer::code(404, "MANIFEST_UNKNOWN", "manifest unknown"),
        Answer::code(404, "NAME_UNKNOWN", "repository name not known to registry"),
        Answer::html(404),
    ] {
        let rule = When::on(Asked::GetManifest).nth(1).then(Action::answer(answer));
        let house = House::new(Script::new().rule(rule));
        house.get_fresh(WINDOW).await.unwrap();
        assert_eq!((house.asked(Asked::GetManifest), house.waits()), (2, 1));
    }
}

#[tokio::test]
async fn what_nobody_has_just_written_is_not_looked_for_again() {
    let house = House::new(Script::new().lag(Lag::new(LagOf::Manifests, Until::Reads(3))));
    let failure = house.get().await.unwrap_err();
    assert_eq!((failure.kind, failure.attempts), (FailureKind::NotFound, 1));
    assert_eq!((house.asked(Asked::GetManifest), house.events()), (1, vec![]));
}

#[tokio::test]
async fn when_the_window_is_over_the_laggard_is_named() {
    let house = House::new(Script::new().lag(Lag::new(LagOf::Manifests, Until::Revealed)));
    let failure = house.get_fresh(Duration::from_millis(600)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    let named = format!("for `{}`: `GET ", house.child());
    assert!(failure.message.starts_with("waited 0.6") && failure.message.contains(&named), "{failure}");
    assert!(failure.message.contains("404 MANIFEST_UNKNOWN"), "{failure}");
}

#[tokio::test]
async fn a_stale_replica_does_not_end_the_wait() {
    let house = House::new(Script::new().replicas_ms(&[3_600_000, 0]));
    house.get_fresh(WINDOW).await.unwrap();
    assert_eq!((house.asked(Asked::GetManifest), house.waits()), (2, 1));
}

#[tokio::test]
async fn a_tag_that_still_shows_the_old_digest_is_read_back_again() {
    let house = House::new(Script::new());
    let old = house.index().digest().clone();
    house.registry.set_lag(vec![Lag::new(LagOf::Tags, Until::Reads(2))]);
    let new = ImageBuilder::new("app").layers(1).seed(9).build().unwrap();
    house.registry.seed(&new).unwrap();
    let digest = &new.index.as_ref().unwrap().digest;
    let wanted: Digest = digest.parse().unwrap();
    house.registry.move_tag("app", "1.0", Some(digest));
    let found = house.read_back(&wanted, WINDOW).await.unwrap();
    assert_eq!((found.digest, house.waits(), house.asked(Asked::HeadManifest)), (wanted, 2, 3));
    let Event::Waiting { message, .. } = &house.events()[0] else { panic!("{:?}", house.events()) };
    assert!(message.contains(&format!("shows `{old}`")), "{message}");
}

#[tokio::test]
async fn a_tag_that_never_shows_the_new_digest_is_a_conflict_that_names_both() {
    let house = House::new(Script::new());
    let (old, wanted) = (house.index().digest().clone(), Digest::of(b"another"));
    let failure = house.read_back(&wanted, Duration::from_millis(500)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    let both = format!("`{}` shows `{old}` instead of `{wanted}`", house.tag());
    assert!(failure.message.ends_with(&both), "{failure}");
}

#[tokio::test]
async fn a_token_server_that_is_not_there_is_not_waited_for() {
    let rule = When::on(Asked::Token).then(Action::status(404));
    let house =
        House::new(Script::new().auth(Auth::bearer(super::house::USER, super::house::PASSWORD)).rule(rule));
    let failure = house.get_fresh(WINDOW).await.unwrap_err();
    assert_eq!((failure.kind, failure.attempts, house.waits()), (FailureKind::NotFound, 1, 0));
}

#[tokio::test]
async fn a_slow_replica_is_overtaken_by_another_one() {
    let slow = When::on(Asked::HeadManifest).nth(1).then(Action::Delay { ms: 15_000 });
    let house = House::new(Script::new().rule(slow.named("slow")));
    // The very first request finds out what the registry wants to see, and others wait for it.
    house.get().await.unwrap();
    let (client, child) = (&house.client, &house.child());
    let operation = house.operation(RegistryVerb::Resolve);
    let attempt = |permit| async move { client.resolve(&permit, child).await };
    let found = house.gate.run_hedged(&operation, attempt).await.unwrap();
    assert_eq!(Some(&found.digest), child.digest());
    assert_eq!((house.asked(Asked::HeadManifest), house.fired("slow")), (2, 1));
    let entries = house.registry.log().only(|entry| entry.operation == Asked::HeadManifest).entries;
    assert!(entries[0].ended.is_none_or(|ended| ended > entries[1].ended.unwrap()), "{entries:?}");
}
