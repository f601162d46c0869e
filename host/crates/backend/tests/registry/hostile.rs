//! Registries, token servers and stores that try to get credentials, or to send us where we should not go. Each test
//! fails when the rule that it is about is removed.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, OnceLock},
};

use bakery_backend::registry::{Credentials, RegistryClient, Secret};
use bakery_core::{
    model::Digest,
    port::{
        Failure, FailureKind,
        registry::{BlobCursor, BytesBlob, Party, Registry as _},
    },
};

use super::{
    gate::{client_with, permit},
    server::{Act, Reply, Request, Server},
};

const BLOB: &[u8] = b"layer";

/// A client with credentials for a server.
fn client(server: &Server) -> RegistryClient {
    let secret = Secret::new("hunter2-canary".to_owned());
    let host = server.name().parse().unwrap();
    client_with(Credentials::anonymous().with_password(host, "me", secret), |_| {})
}

/// Reads `BLOB` from repository `a`.
async fn read(client: &RegistryClient, server: &Server) -> Result<Vec<u8>, Failure> {
    let repository = format!("{}/a", server.name()).parse().unwrap();
    let mut cursor = BlobCursor::new(Digest::of(BLOB), BLOB.len() as u64);
    let mut sink = Vec::new();
    client.read_blob(&permit().await, &repository, &mut cursor, &mut sink).await.map(|()| sink)
}

fn challenge(realm: &str) -> Reply {
    Reply::new(401).header("www-authenticate", format!("Bearer realm=\"{realm}\",service=\"s\""))
}

/// A registry with Basic credentials that answers authorised requests with `reply`.
async fn registry(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |request| match request.header("authorization") {
        Some(_) => reply(request),
        None => Reply::new(401).header("www-authenticate", "Basic realm=\"r\""),
    })
    .await
}

fn assert_refused(failure: &Failure, words: &str) {
    assert!(failure.message.contains(words), "{words}: {failure}");
    let party = failure.registry.as_ref().unwrap().party;
    assert_eq!((failure.kind, party), (FailureKind::Denied, Party::Bakery), "{failure}");
}

#[tokio::test]
async fn a_realm_on_another_host_is_not_asked() {
    let evil = Server::start_elsewhere(|_| Reply::new(200).body(r#"{"token":"x"}"#)).await;
    let realm = evil.url("/token");
    let server = Server::start(move |_| challenge(&realm)).await;
    let failure = read(&client(&server), &server).await.unwrap_err();
    assert_refused(&failure, "wants a token from another host");
    assert!(evil.requests().is_empty());
}

#[tokio::test]
async fn a_realm_that_hides_its_host_behind_a_user_name_is_not_asked() {
    let evil = Server::start_elsewhere(|_| Reply::new(200)).await;
    let server = Server::start({
        let evil = evil.name();
        move |request| challenge(&format!("http://{}@{evil}/token", request.header("host").unwrap()))
    })
    .await;
    let failure = read(&client(&server), &server).await.unwrap_err();
    assert_refused(&failure, "user name");
    assert!(evil.requests().is_empty());
}

#[tokio::test]
async fn a_token_server_that_redirects_gets_nothing_carried_on() {
    let evil = Server::start_elsewhere(|_| Reply::new(200).body(r#"{"token":"x"}"#)).await;
    let server = Server::start({
        let target = evil.url("/token");
        move |request| match request.path.as_str() {
            "/token" => Reply::new(307).header("location", &target),
            _ => challenge(&format!("http://{}/token", request.header("host").unwrap())),
        }
    })
    .await;
    let failure = read(&client(&server), &server).await.unwrap_err();
    assert_refused(&failure, "credentials are not taken elsewhere");
    assert!(evil.requests().is_empty());
}

#[tokio::test]
async fn a_service_cannot_smuggle_a_scope_into_the_question() {
    let server = Server::start(|request| match request.path.as_str() {
        "/token" => Reply::new(200).body(r#"{"token":"x"}"#),
        _ if request.header("authorization").is_some() => Reply::new(200).body(BLOB),
        _ => Reply::new(401).header(
            "www-authenticate",
            format!(
                "Bearer realm=\"http://{}/token\",service=\"s&scope=repository:secret:pull\",scope=\"repository:secret:pull\"",
                request.header("host").unwrap()
            ),
        ),
    })
    .await;
    read(&client(&server), &server).await.unwrap();
    let asked = server.requests().into_iter().find(|request| request.path == "/token").unwrap();
    assert_eq!(asked.query("scope"), ["repository:a:pull"]);
    assert_eq!(asked.query("service"), ["s&scope=repository:secret:pull"]);
}

#[tokio::test]
async fn a_token_of_endless_length_is_not_read() {
    let server = Server::start(|request| match request.path.as_str() {
        "/token" => Reply::new(200).body(format!(r#"{{"token":"{}"}}"#, "x".repeat(200_000))),
        _ => challenge(&format!("http://{}/token", request.header("host").unwrap())),
    })
    .await;
    let failure = read(&client(&server), &server).await.unwrap_err();
    assert!(failure.message.contains("larger than 131072 bytes"), "{failure}");
}

#[tokio::test]
async fn a_store_of_blobs_gets_no_credentials_wherever_it_is() {
    let store = || Server::start(|_| Reply::new(200).body(BLOB));
    let elsewhere = Server::start_elsewhere(|_| Reply::new(200).body(BLOB)).await;
    // Another port of the same host is another origin.
    for store in [store().await, elsewhere] {
        let target = store.url("/blob?sig=1");
        let server = registry(move |_| Reply::new(307).header("location", &target)).await;
        assert_eq!(read(&client(&server), &server).await.unwrap(), BLOB);
        let requests = store.requests();
        assert_eq!((requests.len(), requests[0].line().as_str()), (1, "GET /blob?sig=1"));
        assert_eq!(requests[0].header("authorization"), None);
    }
}

#[tokio::test]
async fn a_redirect_within_the_registry_keeps_its_credentials() {
    let server = registry(|request| match request.path.as_str() {
        "/moved" => Reply::new(200).body(BLOB),
        _ => Reply::new(302).header("location", "/moved"),
    })
    .await;
    assert_eq!(read(&client(&server), &server).await.unwrap(), BLOB);
}

#[tokio::test]
async fn who_was_sent_away_and_back_shows_nothing_any_more() {
    let home: Arc<OnceLock<String>> = Arc::default();
    let store = Server::start_elsewhere({
        let home = home.clone();
        move |_| Reply::new(302).header("location", home.get().unwrap())
    })
    .await;
    let away = store.url("/away");
    let server =
        Server::start(move |request| match (request.path.as_str(), request.header("authorization")) {
            ("/back", _) => Reply::new(200).body(BLOB),
            (_, Some(_)) => Reply::new(302).header("location", &away),
            _ => Reply::new(401).header("www-authenticate", "Basic realm=\"r\""),
        })
        .await;
    home.set(server.url("/back")).unwrap();
    assert_eq!(read(&client(&server), &server).await.unwrap(), BLOB);
    let last = server.requests().pop().unwrap();
    assert_eq!((last.path.as_str(), last.header("authorization")), ("/back", None));
}

#[tokio::test]
async fn a_store_that_asks_for_credentials_gets_none() {
    let realm: Arc<OnceLock<String>> = Arc::default();
    let store = Server::start_elsewhere({
        let realm = realm.clone();
        move |_| challenge(realm.get().unwrap())
    })
    .await;
    let target = store.url("/blob");
    let server = registry(move |_| Reply::new(307).header("location", &target)).await;
    // Even the registry's own token server is not asked on the store's behalf.
    realm.set(server.url("/token")).unwrap();
    let failure = read(&client(&server), &server).await.unwrap_err();
    assert_eq!((failure.kind, failure.registry.unwrap().party), (FailureKind::Unauthorized, Party::Storage));
    assert_eq!((store.requests().len(), server.count("GET /token")), (1, 0));
}

#[tokio::test]
async fn redirects_end() {
    let server = registry(|request| Reply::new(302).header("location", format!("{}x", request.path))).await;
    let failure = read(&client(&server), &server).await.unwrap_err();
    assert_refused(&failure, "one redirect too many");
    assert_eq!(server.requests().len(), 7, "one without credentials, one with them, five hops");
}

#[tokio::test]
async fn a_location_that_hides_its_host_or_is_not_http_is_not_followed() {
    let evil = Server::start_elsewhere(|_| Reply::new(200).body(BLOB)).await;
    let hidden = format!("http://user:pw@{}/blob", evil.name());
    let long = format!("{}?{}", evil.url("/blob"), "x".repeat(9000));
    for location in [&hidden, &long, "file:///etc/passwd", "http://"] {
        let reply = Reply::new(302).header("location", location);
        let server = registry(move |_| reply.clone()).await;
        let failure = read(&client(&server), &server).await.unwrap_err();
        assert_refused(&failure, "was answered with a `Location`");
        assert!(!failure.message.contains("user:pw"), "{failure}");
    }
    assert!(evil.requests().is_empty());
}

#[tokio::test]
async fn a_write_is_not_redirected() {
    let evil = Server::start_elsewhere(|_| Reply::new(201)).await;
    for status in [301, 302, 303, 307, 308] {
        let target = evil.url("/take");
        let server = registry(move |_| Reply::new(status).header("location", &target)).await;
        let repository = format!("{}/a", server.name()).parse().unwrap();
        let failure = client(&server).begin_upload(&permit().await, &repository).await.unwrap_err();
        assert_refused(&failure, "which only reads follow");
    }
    assert!(evil.requests().is_empty());
}

#[tokio::test]
async fn an_upload_that_lies_elsewhere_is_sent_there_without_credentials() {
    let store = Server::start_elsewhere(|request| match request.method.as_str() {
        "PUT" => Reply::new(201),
        _ => Reply::new(404),
    })
    .await;
    let target = store.url("/upload?sig=1");
    let server = registry(move |_| Reply::new(202).header("location", &target)).await;
    let repository = format!("{}/a", server.name()).parse().unwrap();
    let (client, permit) = (client(&server), permit().await);
    let session = client.begin_upload(&permit, &repository).await.unwrap();
    assert!(!format!("{session:?}").contains("sig"), "where an upload lies is not for logs");
    client.finish_upload(&permit, &session, Arc::new(BytesBlob::new(BLOB))).await.unwrap();
    let request = store.requests().pop().unwrap();
    assert_eq!((request.header("authorization"), request.body.as_slice()), (None, BLOB));
    assert_eq!(request.query("sig"), ["1"]);
}

#[tokio::test]
async fn an_upload_elsewhere_that_asks_for_credentials_gets_none() {
    let realm: Arc<OnceLock<String>> = Arc::default();
    let store = Server::start_elsewhere({
        let realm = realm.clone();
        move |_| challenge(realm.get().unwrap())
    })
    .await;
    let target = store.url("/upload");
    let server = registry(move |_| Reply::new(202).header("location", &target)).await;
    realm.set(server.url("/token")).unwrap();
    let repository = format!("{}/a", server.name()).parse().unwrap();
    let (client, permit) = (client(&server), permit().await);
    let session = client.begin_upload(&permit, &repository).await.unwrap();
    client.finish_upload(&permit, &session, Arc::new(BytesBlob::new(BLOB))).await.unwrap_err();
    assert_eq!((store.requests().len(), server.count("GET /token")), (1, 0));
    assert_eq!(store.requests()[0].header("authorization"), None);
}

/// A client that takes 127.0.0.1 for the public internet, and nothing else.
fn client_on_the_internet(server: &Server) -> RegistryClient {
    let secret = Secret::new("pw".to_owned());
    let host = server.name().parse().unwrap();
    client_with(Credentials::anonymous().with_password(host, "me", secret), |options| {
        options.is_public = |address| address == IpAddr::V4(Ipv4Addr::LOCALHOST);
    })
}

#[tokio::test]
async fn a_public_registry_cannot_send_us_into_a_private_net() {
    let private = Server::start_elsewhere(|_| Reply::new(200).body(BLOB)).await;
    let target = private.url("/latest/meta-data");
    let server = registry(move |request| match request.method.as_str() {
        "POST" => Reply::new(202).header("location", &target),
        _ => Reply::new(307).header("location", &target),
    })
    .await;
    let client = client_on_the_internet(&server);
    assert_refused(&read(&client, &server).await.unwrap_err(), "127.0.0.2 is not on the public internet");
    let (repository, permit) = (format!("{}/a", server.name()).parse().unwrap(), permit().await);
    let session = client.begin_upload(&permit, &repository).await.unwrap();
    let failure = client.finish_upload(&permit, &session, Arc::new(BytesBlob::new(BLOB))).await.unwrap_err();
    assert_refused(&failure, "127.0.0.2 is not on the public internet");
    assert!(private.requests().is_empty());
}

#[tokio::test]
async fn a_name_for_a_private_address_does_not_help() {
    // Here the registry's address is public, and that of `localhost` is not.
    let private = Server::start(|_| Reply::new(200).body(BLOB)).await;
    let target = format!("http://localhost:{}/blob", private.address.port());
    let address = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));
    let server = Server::start_at(address, None, move |_| Reply::new(307).header("location", &target)).await;
    let client = client_with(Credentials::anonymous(), |options| {
        options.is_public = |address| address == IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));
    });
    assert_refused(&read(&client, &server).await.unwrap_err(), "is not on the public internet");
    assert!(private.requests().is_empty());
}

#[tokio::test]
async fn a_private_registry_may_use_a_private_store() {
    let store = Server::start_elsewhere(|_| Reply::new(200).body(BLOB)).await;
    let target = store.url("/blob");
    let server = registry(move |_| Reply::new(307).header("location", &target)).await;
    let client = client_with(
        Credentials::anonymous().with_password(
            server.name().parse().unwrap(),
            "me",
            Secret::new("pw".to_owned()),
        ),
        |options| options.is_public = |_| false,
    );
    assert_eq!(read(&client, &server).await.unwrap(), BLOB);
}

#[tokio::test]
async fn text_of_a_registry_cannot_drive_a_terminal_or_a_log() {
    let server = registry(|_| {
        Reply::new(404).body("{\"errors\":[{\"code\":\"X\",\"message\":\"a\\n::error::b\\u001b[31m\"}]}")
    })
    .await;
    let failure = read(&client(&server), &server).await.unwrap_err();
    assert!(failure.message.ends_with("was answered 404 X: a ::error::b[31m"), "{failure:?}");
}

#[tokio::test]
async fn a_refusal_of_endless_length_is_cut() {
    let server = registry(|_| Reply::new(500).body(vec![b'x'; 65536]).act(Act::Endless)).await;
    let failure = read(&client(&server), &server).await.unwrap_err();
    assert!(failure.kind == FailureKind::Unavailable && failure.message.len() < 400, "{failure}");
}
