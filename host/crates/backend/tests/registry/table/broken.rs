//! Rows about connections that break, and bytes that are not the right ones.

use bakery_core::{
    model::Digest,
    port::{
        FailureKind,
        registry::{BlobCursor, Registry as _, RegistryVerb},
    },
};
use bakery_fault_registry::{Action, ImageBuilder, Operation as Asked, Rule, Script, When, script::Point};

use super::house::House;

fn first(operation: Asked, action: Action) -> House {
    House::new(Script::new().rule(When::on(operation).nth(1).then(action).named("fault")))
}

fn always(operation: Asked, action: Action) -> Rule {
    When::on(operation).then(action)
}

#[tokio::test]
async fn a_lost_connection_is_made_again() {
    for action in [
        Action::reset(),
        Action::reset_after(),
        Action::Close { point: Point::Before },
        Action::Close { point: Point::After },
    ] {
        let house = first(Asked::GetManifest, action.clone());
        house.get().await.unwrap();
        assert_eq!((house.fired("fault"), house.retries().len()), (1, 1), "{action:?}");
        // A push that is lost with its answer is pushed again: the same bytes, the same end.
        let house = first(Asked::PutManifest, action.clone());
        house.put().await.unwrap();
        assert_eq!((house.fired("fault"), house.retries().len()), (1, 1), "{action:?}");
        assert_eq!(house.registry.tags("app")["2.0"], house.index().digest().as_str());
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_fetched_again() {
    for action in [Action::cut_body(10), Action::truncate_body(10)] {
        let house = first(Asked::GetManifest, action.clone());
        let manifest = house.get().await.unwrap();
        assert_eq!(Some(manifest.digest()), house.child().digest());
        assert_eq!((house.fired("fault"), house.retries().len()), (1, 1), "{action:?}");
    }
}

#[tokio::test]
async fn a_blob_that_breaks_off_goes_on_where_it_stopped() {
    let house =
        House::new(Script::new().rule(When::on(Asked::GetBlob).first(2).then(Action::truncate_body(100))));
    let big = ImageBuilder::new("app").layers(1).layer_bytes(5000).seed(3).build().unwrap();
    house.registry.seed(&big).unwrap();
    let layer = &big.children[0].blobs[1];
    let (digest, size): (Digest, _) = (layer.digest.parse().unwrap(), layer.bytes.len() as u64);
    let operation = house.operation(RegistryVerb::GetBlob);
    let mut state = (&house.client, house.repository(), BlobCursor::new(digest, size), Vec::new());
    house
        .gate
        .run_with(&operation, &mut state, |permit, (client, repository, cursor, bytes)| {
            Box::pin(async move { client.read_blob(&permit, repository, cursor, bytes).await })
        })
        .await
        .unwrap();
    assert_eq!(state.3, layer.bytes);
    let log = house.registry.log().only(|entry| entry.operation == Asked::GetBlob);
    let ranges: Vec<_> = log.entries.iter().map(|entry| entry.headers.get("range").cloned()).collect();
    assert_eq!(ranges, [None, Some("bytes=100-".to_owned()), Some("bytes=200-".to_owned())]);
}

#[tokio::test]
async fn wrong_bytes_are_fetched_once_more() {
    let house = first(Asked::GetManifest, Action::CorruptBody);
    house.get().await.unwrap();
    assert_eq!((house.fired("fault"), house.asked(Asked::GetManifest)), (1, 2));
    let house = House::new(Script::new().rule(always(Asked::GetManifest, Action::CorruptBody)));
    let failure = house.get().await.unwrap_err();
    assert_eq!((failure.kind, house.asked(Asked::GetManifest)), (FailureKind::Internal, 2));
    assert!(failure.message.contains("instead of"), "{failure}");
}

#[tokio::test]
async fn a_wrong_digest_in_a_header_is_looked_at_once_more() {
    let resolve = async |house: &House| {
        let (client, child) = (&house.client, &house.child());
        let operation = house.operation(RegistryVerb::Resolve);
        house.gate.run_hedged(&operation, |permit| async move { client.resolve(&permit, child).await }).await
    };
    let house = first(Asked::HeadManifest, Action::WrongDigestHeader);
    assert_eq!(Some(&resolve(&house).await.unwrap().digest), house.child().digest());
    assert_eq!((house.fired("fault"), house.asked(Asked::HeadManifest)), (1, 2));
    let house = House::new(Script::new().rule(always(Asked::HeadManifest, Action::WrongDigestHeader)));
    assert!(resolve(&house).await.is_err());
    assert_eq!(house.asked(Asked::HeadManifest), 2);
}

#[tokio::test]
async fn a_push_that_is_acknowledged_for_other_bytes_is_pushed_once_more() {
    let house = first(Asked::PutManifest, Action::WrongDigestHeader);
    house.put().await.unwrap();
    assert_eq!(house.asked(Asked::PutManifest), 2);
    let house = House::new(Script::new().rule(always(Asked::PutManifest, Action::WrongDigestHeader)));
    let failure = house.put().await.unwrap_err();
    assert!(failure.registry.unwrap().corrupt);
    assert_eq!(house.asked(Asked::PutManifest), 2);
}

#[tokio::test]
async fn a_registry_that_nobody_answers_for_is_tried_five_times() {
    let house = House::new(Script::new());
    // A port that was just given back: nobody listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let reference = format!("{free}/app:1").parse().unwrap();
    let (client, operation) = (&house.client, house.operation(RegistryVerb::GetManifest));
    let reference = &reference;
    let attempt = |permit| async move { client.manifest(&permit, reference).await };
    let failure = house.gate.run(&operation, attempt).await.unwrap_err();
    assert_eq!((failure.kind, failure.attempts), (FailureKind::Unavailable, 5));
}
