//! Connections: reused, bounded in time, never retried; and how their ends are named.

use std::time::Duration;

use bakery_backend::registry::{Credentials, RegistryClient};
use bakery_core::{
    model::{Digest, Repository},
    port::{
        FailureKind,
        registry::{BlobCursor, Registry as _},
    },
};

use super::{
    gate::{client, client_with, permit},
    server::{Act, Reply, Server},
};

fn repository(server: &Server) -> Repository {
    format!("{}/a", server.name()).parse().unwrap()
}

fn impatient() -> RegistryClient {
    client_with(Credentials::anonymous(), |options| options.idle_timeout = Duration::from_millis(300))
}

#[tokio::test]
async fn one_connection_serves_request_after_request() {
    let server = Server::start(|_| Reply::new(404)).await;
    let (client, permit) = (client(), permit().await);
    for blob in 0..5_u8 {
        client.has_blob(&permit, &repository(&server), &Digest::of(&[blob])).await.unwrap();
    }
    assert!(server.requests().iter().all(|request| request.connection == 1));
    let agent = server.requests()[0].header("user-agent").unwrap().to_owned();
    assert!(agent.starts_with("bakery/"), "{agent}");
}

#[tokio::test]
async fn answers_that_nobody_wants_do_not_cost_a_connection() {
    let server = Server::start(|request| match (request.path.as_str(), request.header("authorization")) {
        ("/token", _) => Reply::new(200).body(r#"{"token":"x"}"#),
        ("/moved", Some(_)) => Reply::new(200).body("blob"),
        (_, Some(_)) => Reply::new(302).header("location", "/moved").body("moved to /moved"),
        _ => Reply::error(401, "UNAUTHORIZED").header(
            "www-authenticate",
            format!("Bearer realm=\"http://{}/token\"", request.header("host").unwrap()),
        ),
    })
    .await;
    let mut cursor = BlobCursor::new(Digest::of(b"blob"), 4);
    client().read_blob(&permit().await, &repository(&server), &mut cursor, &mut Vec::new()).await.unwrap();
    let connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [1, 1, 1, 1], "challenge, token, redirect, blob");
}

#[tokio::test]
async fn a_failure_is_one_request_whatever_it_is() {
    for (reply, kind) in [
        (Reply::new(503), FailureKind::Unavailable),
        (Reply::new(429), FailureKind::RateLimited),
        (Reply::new(404), FailureKind::NotFound),
        (Reply::default().act(Act::Nothing), FailureKind::Unavailable),
    ] {
        let server = Server::start(move |_| reply.clone()).await;
        let reference = format!("{}/a:1", server.name()).parse().unwrap();
        let failure = client().manifest(&permit().await, &reference).await.unwrap_err();
        assert_eq!((failure.kind, failure.attempts), (kind, 0), "{failure}");
        assert_eq!(server.requests().len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn the_time_that_a_registry_asks_for_is_in_the_failure() {
    let ghcr =
        r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 1.5s, allowed: 2000/minute"}]}"#;
    let secondary = r#"{"errors":[{"code":"DENIED","message":"You have exceeded a secondary rate limit"}]}"#;
    for (reply, seconds) in [
        (Reply::new(429).header("retry-after", "3"), 3.0),
        (Reply::new(503).header("retry-after", "3600"), 3600.0),
        (
            Reply::new(429)
                .header("date", "Sun, 06 Nov 1994 08:49:37 GMT")
                .header("retry-after", "Sun, 06 Nov 1994 08:49:57 GMT"),
            20.0,
        ),
        (Reply::new(429).body(ghcr), 1.5),
        (Reply::new(403).body(secondary), 60.0),
    ] {
        let server = Server::start(move |_| reply.clone()).await;
        let reference = format!("{}/a:1", server.name()).parse().unwrap();
        let failure = client().manifest(&permit().await, &reference).await.unwrap_err();
        assert_eq!(failure.retry_after, Some(Duration::from_secs_f64(seconds)), "{failure}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_ends_the_attempt() {
    let server = Server::start(|_| Reply::new(200).delay(Duration::from_secs(600))).await;
    let reference = format!("{}/a:1", server.name()).parse().unwrap();
    let failure = impatient().manifest(&permit().await, &reference).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TimedOut, "{failure}");
}

#[tokio::test]
async fn a_body_that_stops_ends_the_attempt_and_keeps_what_came() {
    let server = Server::start(|_| Reply::new(200).body("0123456789").act(Act::Stall(4))).await;
    let mut cursor = BlobCursor::new(Digest::of(b"0123456789"), 10);
    let mut sink = Vec::new();
    let permit = permit().await;
    let failure =
        impatient().read_blob(&permit, &repository(&server), &mut cursor, &mut sink).await.unwrap_err();
    assert_eq!((failure.kind, sink.as_slice()), (FailureKind::TimedOut, b"0123".as_slice()), "{failure}");
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let server = Server::start(|_| Reply::new(200)).await;
    let reference = format!("{}/a:1", server.name()).parse().unwrap();
    drop(server);
    tokio::task::yield_now().await;
    let failure = client().manifest(&permit().await, &reference).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable, "{failure}");
    assert!(failure.message.contains("could not be sent: Connection refused"), "{failure}");
}

#[tokio::test]
async fn localhost_is_this_machine() {
    let server = Server::start(|_| Reply::new(200)).await;
    let repository = format!("localhost:{}/a", server.address.port()).parse().unwrap();
    assert!(client().has_blob(&permit().await, &repository, &Digest::of(b"x")).await.unwrap());
}

#[tokio::test]
async fn every_handle_counts_its_own_traffic() {
    let server = Server::start(|_| Reply::new(404)).await;
    let (client, permit) = (client(), permit().await);
    let other = client.with_own_account();
    client.has_blob(&permit, &repository(&server), &Digest::of(b"1")).await.unwrap();
    for blob in [b"2", b"3"] {
        other.has_blob(&permit, &repository(&server), &Digest::of(blob)).await.unwrap();
    }
    assert_eq!((client.traffic().requests, other.traffic().requests), (1, 2));
    assert!(server.requests().iter().all(|request| request.connection == 1), "connections are shared");
}
