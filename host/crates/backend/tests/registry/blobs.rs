//! Looking for, mounting and reading blobs: requests per verb, resuming, and bodies that lie.

use bakery_core::{
    model::Digest,
    port::{
        FailureKind,
        registry::{BlobCursor, Mounted, Registry as _, RegistryVerb},
    },
};

use super::{
    gate::{client, permit},
    server::{Act, Reply, Server},
    world::World,
};

const BYTES: &[u8] = b"0123456789abcdefghij";

fn cursor() -> BlobCursor {
    BlobCursor::new(Digest::of(BYTES), BYTES.len() as u64)
}

#[tokio::test]
async fn a_blob_is_looked_for_once_and_only_presence_is_remembered() {
    let world = World::start(|_| {}).await;
    let (client, permit, repository) = (client(), permit().await, world.repository("a"));
    let digest = Digest::of(BYTES);
    assert!(!client.has_blob(&permit, &repository, &digest).await.unwrap());
    world.put_blob("a", BYTES);
    assert!(client.has_blob(&permit, &repository, &digest).await.unwrap());
    assert!(client.has_blob(&permit, &repository, &digest).await.unwrap());
    assert_eq!(world.server.lines(), vec![format!("HEAD /v2/a/blobs/{digest}"); 2]);
}

#[tokio::test]
async fn a_mount_takes_one_request_and_is_not_repeated() {
    let world = World::start(|_| {}).await;
    let (client, permit) = (client(), permit().await);
    let (from, to) = (world.repository("a"), world.repository("b"));
    let digest = world.put_blob("a", BYTES);
    assert!(matches!(client.mount_blob(&permit, &from, &to, &digest).await.unwrap(), Mounted::Done));
    assert!(matches!(client.mount_blob(&permit, &from, &to, &digest).await.unwrap(), Mounted::Known));
    assert_eq!(world.server.requests().len(), 1);
    assert!(client.holds(&to, &digest));
}

#[tokio::test]
async fn equal_mounts_at_the_same_time_become_one() {
    let world = World::start(|state| state.latency = std::time::Duration::from_millis(20)).await;
    let (client, permit) = (client(), permit().await);
    let (from, to) = (world.repository("a"), world.repository("b"));
    let digest = world.put_blob("a", BYTES);
    let all =
        futures_util::future::join_all((0..8).map(|_| client.mount_blob(&permit, &from, &to, &digest))).await;
    assert_eq!(all.iter().filter(|result| matches!(result, Ok(Mounted::Done))).count(), 1);
    assert_eq!(world.server.requests().len(), 1);
}

#[tokio::test]
async fn a_mount_that_is_not_done_leaves_an_upload_to_go_on_with() {
    let world = World::start(|state| state.no_mounts = true).await;
    let (client, permit) = (client(), permit().await);
    let (from, to) = (world.repository("a"), world.repository("b"));
    let digest = world.put_blob("a", BYTES);
    let Mounted::Upload(session) = client.mount_blob(&permit, &from, &to, &digest).await.unwrap() else {
        panic!("an upload was expected")
    };
    assert!(!client.holds(&to, &digest));
    let blob = std::sync::Arc::new(bakery_core::port::registry::BytesBlob::new(BYTES));
    client.finish_upload(&permit, &session, blob).await.unwrap();
    assert_eq!(world.server.requests().len(), 2);
    assert!(client.holds(&to, &digest));
}

#[tokio::test]
async fn a_refused_mount_is_an_answer_and_a_closed_door_is_remembered() {
    for (reply, remembered) in [
        (Reply::error(403, "DENIED"), true),
        (Reply::error(401, "UNAUTHORIZED"), true),
        (Reply::error(405, "UNSUPPORTED"), true),
        (Reply::error(404, "BLOB_UNKNOWN"), false),
        (Reply::new(400).body(r#"{"details":"invalid repository name"}"#), false),
    ] {
        let status = reply.status;
        let server = Server::start(move |_| reply.clone()).await;
        let (client, permit) = (client(), permit().await);
        let repository = |name: &str| format!("{}/{name}", server.name()).parse().unwrap();
        let (from, to) = (repository("a"), repository("b"));
        for blob in [b"1", b"2"] {
            let mounted = client.mount_blob(&permit, &from, &to, &Digest::of(blob)).await.unwrap();
            assert!(matches!(mounted, Mounted::Refused(_)), "{status}");
        }
        assert_eq!(server.requests().len(), if remembered { 1 } else { 2 }, "{status}");
    }
    for reply in [Reply::new(503), Reply::new(429)] {
        let server = Server::start(move |_| reply.clone()).await;
        let repository = |name: &str| format!("{}/{name}", server.name()).parse().unwrap();
        let (from, to, digest) = (repository("a"), repository("b"), Digest::of(b"1"));
        let failure = client().mount_blob(&permit().await, &from, &to, &digest).await.unwrap_err();
        assert_eq!(failure.registry.unwrap().verb, RegistryVerb::Mount);
    }
}

#[tokio::test]
async fn nothing_is_mounted_between_registries() {
    let world = World::start(|_| {}).await;
    let from = "ghcr.io/a/b".parse().unwrap();
    let failure = client()
        .mount_blob(&permit().await, &from, &world.repository("b"), &Digest::of(b"1"))
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput);
    assert!(world.server.requests().is_empty());
}

#[tokio::test]
async fn a_blob_is_read_and_hashed() {
    let world = World::start(|_| {}).await;
    world.put_blob("a", BYTES);
    let empty = world.put_blob("a", b"");
    let (client, permit, repository) = (client(), permit().await, world.repository("a"));
    let (mut cursor, mut sink) = (cursor(), Vec::new());
    client.read_blob(&permit, &repository, &mut cursor, &mut sink).await.unwrap();
    assert_eq!(sink, BYTES);
    assert!(client.holds(&repository, cursor.digest()));
    let request = &world.server.requests()[0];
    assert_eq!((request.header("accept-encoding"), request.header("range")), (Some("identity"), None));
    let mut cursor = BlobCursor::new(empty, 0);
    client.read_blob(&permit, &repository, &mut cursor, &mut Vec::new()).await.unwrap();
}

#[tokio::test]
async fn a_read_that_broke_off_goes_on_where_it_was() {
    for ranges in [true, false] {
        let server = Server::start(move |request| match request.header("range") {
            Some(range) if ranges => {
                let from: usize =
                    range.strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap().parse().unwrap();
                let until = (from + 7).min(BYTES.len());
                let reply = Reply::new(206)
                    .header("content-range", format!("bytes {from}-{}/{}", BYTES.len() - 1, BYTES.len()))
                    .body(&BYTES[from..]);
                if until < BYTES.len() { reply.act(Act::Close(7)) } else { reply }
            }
            Some(_) => Reply::new(200).body(BYTES),
            None => Reply::new(200).body(BYTES).act(Act::Close(7)),
        })
        .await;
        let (client, permit) = (client(), permit().await);
        let repository = format!("{}/a", server.name()).parse().unwrap();
        let (mut cursor, mut sink) = (cursor(), Vec::new());
        let mut attempts = 1;
        while let Err(failure) = client.read_blob(&permit, &repository, &mut cursor, &mut sink).await {
            assert_eq!(failure.kind, FailureKind::Unavailable, "{failure}");
            assert_eq!(sink, BYTES[..7 * attempts], "what came is kept");
            attempts += 1;
            assert!(attempts < 5);
        }
        assert_eq!((sink.as_slice(), attempts), (BYTES, if ranges { 3 } else { 2 }));
        let received: usize = if ranges { BYTES.len() } else { BYTES.len() + 7 };
        assert_eq!(client.traffic().received, received as u64);
    }
}

/// The failure of reading `BYTES` from this server, from an offset on; and whether it began again.
async fn check_read(offset: usize, reply: Reply, restarted: bool, words: &str) {
    let server = Server::start(move |_| reply.clone()).await;
    let (mut cursor, mut sink) = (cursor(), BYTES[..offset].to_vec());
    cursor.advance(&BYTES[..offset]);
    let repository = format!("{}/a", server.name()).parse().unwrap();
    let failure = client().read_blob(&permit().await, &repository, &mut cursor, &mut sink).await.unwrap_err();
    assert!(failure.message.contains(words), "{words}: {failure}");
    assert!(failure.registry.unwrap().corrupt, "{words}");
    let expected = if restarted { 0 } else { offset };
    assert_eq!((cursor.offset(), sink.len()), (expected as u64, expected), "{words}");
}

#[tokio::test]
async fn bytes_that_are_not_the_blob_never_count_as_it() {
    let wrong: Vec<u8> = BYTES.iter().rev().copied().collect();
    let range = |from: usize, size: usize| format!("bytes {from}-{}/{size}", size - 1);
    let partial = |range: String| Reply::new(206).header("content-range", range).body(&BYTES[5..]);
    let unsized_endless = Reply::new(200).body(vec![0; 4096]).act(Act::Endless);
    check_read(0, Reply::new(200).body(wrong.clone()), true, "other bytes").await;
    check_read(
        5,
        Reply::new(206).header("content-range", range(5, 20)).body(&wrong[5..]),
        true,
        "other bytes",
    )
    .await;
    check_read(0, Reply::new(200).body(&BYTES[..19]), false, "19 bytes instead of 20").await;
    check_read(0, Reply::new(200).body(vec![0; 10 << 20]), false, "10485760 bytes instead of 20").await;
    check_read(0, unsized_endless, true, "more than 20 bytes").await;
    check_read(5, partial(range(4, 20)), false, "from 5 of 20").await;
    check_read(5, partial(range(5, 21)), false, "from 5 of 20").await;
    check_read(5, partial("nonsense".to_owned()), false, "from 5 of 20").await;
}

#[tokio::test]
async fn an_absent_blob_is_not_found() {
    let world = World::start(|_| {}).await;
    let failure = client()
        .read_blob(&permit().await, &world.repository("a"), &mut cursor(), &mut Vec::new())
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
}
