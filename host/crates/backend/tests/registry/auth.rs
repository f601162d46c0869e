//! Tokens: how many are bought, for what, when again, and what happens when they are refused.

use std::{sync::Arc, time::Duration};

use bakery_backend::registry::{Credentials, RegistryClient, Secret};
use bakery_core::{
    model::Digest,
    port::{
        FailureKind,
        registry::{Access, BytesBlob, Mounted, Party, Registry as _, Uploaded},
    },
};
use futures_util::future::join_all;

use super::{
    gate::{client, client_with, permit},
    server::{Reply, Server},
    world::{PASSWORD, USER, World, image},
};

async fn guarded() -> World {
    let world = World::start(|state| state.tokens = true).await;
    let image = image(&[b"{}", b"layer"]);
    world.put_manifest("a", Some("1"), &image);
    world.put_manifest("b", Some("1"), &image);
    world
}

#[tokio::test]
async fn the_first_request_is_the_challenge_and_one_token_covers_what_was_announced() {
    let world = guarded().await;
    let (a, b) = (world.repository("a"), world.repository("b"));
    let layer = world.put_blob("a", b"layer");
    let (client, permit) = (world.client(), permit().await);
    client.announce(&[Access::push(b.clone()), Access::pull(a.clone())]);
    client.manifest(&permit, &world.reference("a:1")).await.unwrap();
    assert!(matches!(client.mount_blob(&permit, &a, &b, &layer).await.unwrap(), Mounted::Done));
    let scopes = "service=world&scope=repository%3Aa%3Apull&scope=repository%3Ab%3Apull%2Cpush";
    assert_eq!(
        world.server.lines(),
        [
            "GET /v2/a/manifests/1".to_owned(),
            format!("GET /token?{scopes}"),
            "GET /v2/a/manifests/1".to_owned(),
            format!("POST /v2/b/blobs/uploads/?mount={}&from=a", layer.as_str().replace(':', "%3A")),
        ]
    );
}

#[tokio::test]
async fn however_many_begin_at_once_one_finds_out_and_one_buys() {
    let world = guarded().await;
    world.state().latency = Duration::from_millis(20);
    let (client, permit, reference) = (world.client(), permit().await, world.reference("a:1"));
    let all = join_all((0..20).map(|_| client.manifest(&permit, &reference))).await;
    assert!(all.into_iter().all(|result| result.is_ok()));
    assert_eq!((world.server.count("GET /token"), world.server.requests().len()), (1, 22));
}

#[tokio::test]
async fn a_token_is_bought_again_before_it_runs_out() {
    let world = guarded().await;
    world.state().expires_in = 0;
    let (client, permit, reference) = (world.client(), permit().await, world.reference("a:1"));
    for _ in 0..3 {
        client.manifest(&permit, &reference).await.unwrap();
    }
    // One challenge, then a token and a manifest each: no request was wasted on a token that had run out.
    assert_eq!((world.server.count("GET /token"), world.server.count("GET /v2/a")), (3, 4));
}

#[tokio::test]
async fn a_token_refused_in_the_middle_of_a_run_is_bought_again_once_for_all() {
    let world = guarded().await;
    let (client, permit, reference) = (world.client(), permit().await, world.reference("a:1"));
    client.manifest(&permit, &reference).await.unwrap();
    {
        let mut state = world.state();
        state.generation += 1;
        state.latency = Duration::from_millis(20);
    }
    let all = join_all((0..10).map(|_| client.manifest(&permit, &reference))).await;
    assert!(all.into_iter().all(|result| result.is_ok()));
    assert_eq!(world.server.count("GET /token"), 2);
}

#[tokio::test]
async fn a_token_that_runs_out_during_an_upload_sends_the_whole_blob_again() {
    let world = guarded().await;
    let (client, permit) = (world.client(), permit().await);
    let bytes = vec![7; 200_000];
    let repository = world.repository("a");
    let session = client.begin_upload(&permit, &repository).await.unwrap();
    world.state().generation += 1;
    let blob = Arc::new(BytesBlob::new(bytes.clone()));
    assert_eq!(client.finish_upload(&permit, &session, blob).await.unwrap(), Uploaded::Sent(200_000));
    assert!(world.state().blobs.contains_key(&("a".to_owned(), Digest::of(&bytes).to_string())));
    assert_eq!(world.server.count("PUT"), 2);
}

#[tokio::test]
async fn a_registry_that_refuses_every_token_is_asked_three_times_and_no_more() {
    let world = guarded().await;
    let (client, permit, reference) = (world.client(), permit().await, world.reference("a:1"));
    client.manifest(&permit, &reference).await.unwrap();
    // Tokens keep coming, and none is good.
    let broken = Server::start({
        let name = world.server.name();
        move |request| match request.path.as_str() {
            "/token" => Reply::new(200).body(r#"{"token":"never-good"}"#),
            _ => Reply::error(401, "UNAUTHORIZED").header(
                "www-authenticate",
                format!(
                    "Bearer realm=\"http://{}/token\",service=\"{name}\"",
                    request.header("host").unwrap()
                ),
            ),
        }
    })
    .await;
    let host = broken.name().parse().unwrap();
    let secret = Secret::new(PASSWORD.to_owned());
    let client = client_with(Credentials::anonymous().with_password(host, USER, secret), |_| {});
    let a = format!("{}/a", broken.name());
    client.announce(&[
        Access::push(a.parse().unwrap()),
        Access::pull(format!("{}/b", broken.name()).parse().unwrap()),
    ]);
    let failure = client.manifest(&permit, &format!("{a}:1").parse().unwrap()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unauthorized);
    insta::assert_snapshot!(failure.message.replace(&broken.name(), "HOST"), @"`GET http://HOST/v2/a/manifests/1` was answered 401 UNAUTHORIZED: words of UNAUTHORIZED");
    insta::assert_snapshot!(failure.hint.unwrap().replace(&broken.name(), "HOST"), @"the credentials for `HOST` come from the operator: check that they allow `repository:a:pull`");
    // Without a token, with the wide one, with the narrow one.
    assert_eq!((broken.count("GET /v2/"), broken.count("GET /token")), (3, 2));
}

#[tokio::test]
async fn a_server_that_grants_only_the_first_scope_is_asked_again_for_what_is_needed() {
    let world = guarded().await;
    world.state().first_scope_only = true;
    let (client, permit) = (world.client(), permit().await);
    client.announce(&[Access::pull(world.repository("a")), Access::pull(world.repository("b"))]);
    client.manifest(&permit, &world.reference("b:1")).await.unwrap();
    assert_eq!(world.server.count("GET /token"), 1, "what is needed is asked for first");
    client.manifest(&permit, &world.reference("a:1")).await.unwrap();
    client.manifest(&permit, &world.reference("a:1")).await.unwrap();
    let last = world.server.requests().pop().unwrap();
    assert_eq!(last.path, "/v2/a/manifests/1");
}

#[tokio::test]
async fn a_server_that_refuses_the_whole_for_a_part_is_asked_for_the_part() {
    let server = Server::start(|request| match request.path.as_str() {
        "/token" if request.query("scope").len() > 1 => Reply::error(403, "DENIED"),
        "/token" => Reply::new(200).body(r#"{"access_token":"narrow"}"#),
        _ if request.header("authorization") == Some("Bearer narrow") => Reply::new(200),
        _ => Reply::new(401).header(
            "www-authenticate",
            format!("Bearer realm=\"http://{}/token\"", request.header("host").unwrap()),
        ),
    })
    .await;
    let (client, permit) = (client(), permit().await);
    let repository = |name: &str| format!("{}/{name}", server.name()).parse().unwrap();
    client.announce(&[Access::pull(repository("a")), Access::push(repository("b"))]);
    assert!(client.has_blob(&permit, &repository("a"), &Digest::of(b"x")).await.unwrap());
    assert_eq!(server.count("GET /token"), 2);
}

#[tokio::test]
async fn who_waits_for_a_purchase_shares_its_failure() {
    let server = Server::start(|request| match request.path.as_str() {
        "/token" => Reply::new(503).delay(Duration::from_millis(100)).header("retry-after", "7"),
        _ => Reply::new(401).header(
            "www-authenticate",
            format!("Bearer realm=\"http://{}/token\"", request.header("host").unwrap()),
        ),
    })
    .await;
    let (client, permit) = (client(), permit().await);
    let reference = format!("{}/a:1", server.name()).parse().unwrap();
    let all = join_all((0..10).map(|_| client.manifest(&permit, &reference))).await;
    for result in all {
        let failure = result.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unavailable);
        assert_eq!(failure.retry_after, Some(Duration::from_secs(7)));
        assert_eq!(failure.registry.unwrap().party, Party::TokenServer);
    }
    assert!(server.count("GET /token") < 10, "{:?}", server.lines());
}

#[tokio::test]
async fn a_denial_of_the_token_server_is_told_from_one_of_the_registry() {
    let server = Server::start(|request| match request.path.as_str() {
        "/token" => Reply::error(403, "DENIED"),
        _ => Reply::new(401).header(
            "www-authenticate",
            format!("Bearer realm=\"http://{}/token\"", request.header("host").unwrap()),
        ),
    })
    .await;
    let reference = format!("{}/a:1", server.name()).parse().unwrap();
    let failure = client().manifest(&permit().await, &reference).await.unwrap_err();
    let fault = failure.registry.unwrap();
    assert_eq!(
        (failure.kind, fault.party, fault.is("DENIED")),
        (FailureKind::Denied, Party::TokenServer, true)
    );
}

#[tokio::test]
async fn a_registry_without_tokens_is_asked_nothing_twice() {
    let world = World::start(|_| {}).await;
    world.put_manifest("a", Some("1"), &image(&[b"{}"]));
    let (client, permit) = (client(), permit().await);
    for _ in 0..3 {
        client.manifest(&permit, &world.reference("a:1")).await.unwrap();
    }
    assert_eq!(world.server.requests().len(), 3);
}

#[tokio::test]
async fn a_blob_is_not_sent_to_find_out_what_the_registry_wants() {
    let world = guarded().await;
    world.state().single_post = true;
    let client: RegistryClient = world.client();
    let blob = Arc::new(BytesBlob::new(b"small".to_vec()));
    client.push_blob(&permit().await, &world.repository("a"), blob).await.unwrap();
    let requests = world.server.requests();
    let bodies: Vec<_> = requests.iter().map(|request| (request.line(), request.body.len())).collect();
    assert_eq!((bodies[0].0.as_str(), bodies[0].1), ("GET /v2/", 0));
    assert_eq!(bodies.iter().filter(|(_, length)| *length > 0).count(), 1, "{bodies:?}");
}
