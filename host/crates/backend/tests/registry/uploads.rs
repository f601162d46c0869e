//! Sending blobs: requests per way, resuming, lost answers, and sources that lie.

use std::sync::Arc;

use bakery_core::{
    model::Digest,
    port::{
        BoxFuture, Failure, FailureKind,
        registry::{BlobChunks, BlobSource, BytesBlob, Registry as _, Uploaded},
    },
};
use futures_util::future::join_all;

use super::{
    gate::{attempts, client, permit},
    server::{Act, Reply, Server},
    world::World,
};

const BIG: usize = 300_000;

fn big() -> Vec<u8> {
    (0..BIG).map(|at| (at % 251) as u8).collect()
}

fn stored(world: &World, repository: &str, bytes: &[u8]) -> bool {
    let key = (repository.to_owned(), Digest::of(bytes).to_string());
    world.state().blobs.get(&key).is_some_and(|blob| blob == bytes)
}

#[tokio::test]
async fn a_small_blob_takes_one_request_where_the_registry_knows_that_and_a_big_one_two() {
    let world = World::start(|state| state.single_post = true).await;
    let (client, permit, repository) = (client(), permit().await, world.repository("a"));
    // The first blob asks whether the registry wants credentials, before it is sent.
    client.has_blob(&permit, &repository, &Digest::of(b"x")).await.unwrap();
    let small = Arc::new(BytesBlob::new(b"{}".to_vec()));
    assert_eq!(client.push_blob(&permit, &repository, small.clone()).await.unwrap(), Uploaded::Sent(2));
    assert_eq!(client.push_blob(&permit, &repository, small).await.unwrap(), Uploaded::Present);
    assert_eq!(
        client.push_blob(&permit, &repository, Arc::new(BytesBlob::new(big()))).await.unwrap(),
        Uploaded::Sent(BIG as u64)
    );
    let methods: Vec<_> = world.server.requests().iter().map(|request| request.method.clone()).collect();
    assert_eq!(methods, ["HEAD", "POST", "POST", "PUT"]);
    assert!(stored(&world, "a", b"{}") && stored(&world, "a", &big()));
    assert_eq!(client.traffic().sent, 2 + BIG as u64);
}

#[tokio::test]
async fn a_registry_that_ignores_the_body_of_a_post_is_tried_once() {
    for refusing in [false, true] {
        let world = World::start(|_| {}).await;
        let server = Server::start({
            let inner = world.server.name();
            move |request| match (request.method.as_str(), request.query.contains("digest=")) {
                ("POST", true) if refusing => Reply::new(405),
                ("POST", _) => Reply::new(202).header("location", format!("http://{inner}/elsewhere")),
                ("PUT", _) => Reply::new(201),
                _ => Reply::new(404),
            }
        })
        .await;
        let (client, permit) = (client(), permit().await);
        let repository = format!("{}/a", server.name()).parse().unwrap();
        client.has_blob(&permit, &repository, &Digest::of(b"x")).await.unwrap();
        for blob in [b"1", b"2"] {
            let blob = Arc::new(BytesBlob::new(blob.to_vec()));
            // The location is elsewhere, where nothing is: what counts here are the POSTs.
            let _ = client.push_blob(&permit, &repository, blob).await;
        }
        let posts = server.requests().iter().filter(|request| !request.body.is_empty()).count();
        assert_eq!(posts, 1, "the second blob is not sent in vain");
    }
}

#[tokio::test]
async fn equal_blobs_at_the_same_time_are_sent_once() {
    let world = World::start(|state| state.latency = std::time::Duration::from_millis(20)).await;
    let (client, permit, repository) = (client(), permit().await, world.repository("a"));
    client.has_blob(&permit, &repository, &Digest::of(b"x")).await.unwrap();
    let blob = Arc::new(BytesBlob::new(big()));
    let all = join_all((0..6).map(|_| client.push_blob(&permit, &repository, blob.clone()))).await;
    assert_eq!(all.iter().filter(|result| matches!(result, Ok(Uploaded::Sent(_)))).count(), 1);
    assert!(all.iter().all(Result::is_ok));
    assert_eq!((world.server.count("POST"), world.server.count("PUT")), (1, 1));
}

#[tokio::test]
async fn a_blob_goes_up_in_pieces_and_on_from_where_the_registry_got() {
    let world = World::start(|_| {}).await;
    let (client, permit, repository) = (client(), permit().await, world.repository("a"));
    let blob: Arc<dyn BlobSource> = Arc::new(BytesBlob::new(big()));
    let mut session = client.begin_upload(&permit, &repository).await.unwrap();
    client.upload_chunk(&permit, &mut session, blob.clone(), 100_000).await.unwrap();
    assert_eq!(session.offset, 100_000);
    // The registry has less than we believe: its refusal says so, and the next piece begins there.
    for bytes in world.state().uploads.values_mut() {
        bytes.truncate(70_000);
    }
    let failure = client.upload_chunk(&permit, &mut session, blob.clone(), 100_000).await.unwrap_err();
    assert_eq!((failure.kind, session.offset), (FailureKind::Conflict, 70_000));
    client.upload_chunk(&permit, &mut session, blob.clone(), 100_000).await.unwrap();
    // A fresh start that only knows the place asks how far it got.
    session.offset = 0;
    client.upload_status(&permit, &mut session).await.unwrap();
    assert_eq!(session.offset, 170_000);
    assert_eq!(client.finish_upload(&permit, &session, blob).await.unwrap(), Uploaded::Sent(130_000));
    assert!(stored(&world, "a", &big()));
    let ranges: Vec<_> =
        world.server.requests().iter().filter_map(|r| r.header("content-range").map(str::to_owned)).collect();
    assert_eq!(ranges, ["0-99999", "100000-199999", "70000-169999", "170000-299999"]);
}

#[tokio::test]
async fn an_upload_whose_last_piece_went_ends_with_an_empty_put() {
    let world = World::start(|_| {}).await;
    let (client, permit, repository) = (client(), permit().await, world.repository("a"));
    let blob: Arc<dyn BlobSource> = Arc::new(BytesBlob::new(big()));
    let mut session = client.begin_upload(&permit, &repository).await.unwrap();
    client.upload_chunk(&permit, &mut session, blob.clone(), u64::MAX).await.unwrap();
    assert_eq!(client.finish_upload(&permit, &session, blob).await.unwrap(), Uploaded::Sent(0));
    let last = world.server.requests().pop().unwrap();
    assert_eq!((last.method.as_str(), last.header("content-length")), ("PUT", Some("0")));
    assert!(stored(&world, "a", &big()));
}

#[tokio::test]
async fn an_upload_is_given_up_also_when_it_is_gone() {
    let world = World::start(|_| {}).await;
    let (client, permit, repository) = (client(), permit().await, world.repository("a"));
    let session = client.begin_upload(&permit, &repository).await.unwrap();
    for _ in 0..2 {
        client.cancel_upload(&permit, &session).await.unwrap();
    }
    assert!(world.state().uploads.is_empty());
}

#[tokio::test]
async fn a_finish_whose_answer_was_lost_is_found_to_have_arrived() {
    let world = World::start(|_| {}).await;
    let (client, permit, repository) = (client(), permit().await, world.repository("a"));
    let blob: Arc<dyn BlobSource> = Arc::new(BytesBlob::new(big()));
    let session = client.begin_upload(&permit, &repository).await.unwrap();
    world.state().uploads.clear();
    let failure = client.finish_upload(&permit, &session, blob.clone()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert!(failure.registry.unwrap().is("BLOB_UPLOAD_UNKNOWN"));
    world.put_blob("a", &big());
    assert_eq!(client.finish_upload(&permit, &session, blob).await.unwrap(), Uploaded::Present);
}

#[tokio::test]
async fn a_second_attempt_asks_before_it_sends_again() {
    let digest = Digest::of(&big());
    let server = Server::start(move |request| match request.method.as_str() {
        "POST" => Reply::new(202).header("location", "/v2/a/blobs/uploads/1"),
        // The blob is taken, the answer is not given.
        "PUT" => Reply::default().act(Act::Nothing),
        "HEAD" if request.path.ends_with(digest.as_str()) => Reply::new(200),
        _ => Reply::new(200),
    })
    .await;
    let client = client();
    let repository = format!("{}/a", server.name()).parse().unwrap();
    let blob: Arc<dyn BlobSource> = Arc::new(BytesBlob::new(big()));
    let (client, repository) = (&client, &repository);
    let uploaded = attempts(2, |permit| {
        let blob = blob.clone();
        async move { client.push_blob(&permit, repository, blob).await }
    })
    .await
    .unwrap();
    assert_eq!(uploaded, Uploaded::Present);
    assert_eq!((server.count("POST"), server.count("PUT"), server.count("HEAD")), (1, 1, 1));
}

#[tokio::test]
async fn a_second_attempt_sends_again_where_asking_is_refused() {
    let tries = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = tries.clone();
    let server = Server::start(move |request| match request.method.as_str() {
        "POST" => Reply::new(202).header("location", "/v2/a/blobs/uploads/1"),
        "PUT" if counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 => Reply::new(503),
        "PUT" => Reply::new(201),
        // A limit of requests, which an answer without a body cannot put into words.
        "HEAD" => Reply::new(403),
        _ => Reply::new(200),
    })
    .await;
    let client = client();
    let repository = format!("{}/a", server.name()).parse().unwrap();
    let blob: Arc<dyn BlobSource> = Arc::new(BytesBlob::new(big()));
    let (client, repository) = (&client, &repository);
    let uploaded = attempts(2, |permit| {
        let blob = blob.clone();
        async move { client.push_blob(&permit, repository, blob).await }
    })
    .await
    .unwrap();
    assert_eq!(uploaded, Uploaded::Sent(BIG as u64));
}

#[tokio::test]
async fn a_push_to_a_repository_that_must_be_created_first_says_so() {
    let server = Server::start(|request| match request.method.as_str() {
        "POST" => Reply::error(404, "NAME_UNKNOWN"),
        _ => Reply::new(200),
    })
    .await;
    let repository = format!("{}/a", server.name()).parse().unwrap();
    let failure = client().begin_upload(&permit().await, &repository).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert!(failure.hint.unwrap().starts_with("create the repository first"));
}

/// A source that gives other bytes than it promises.
struct Liar {
    digest: Digest,
    size: u64,
    given: Vec<u8>,
}

struct LiarChunks(Vec<Vec<u8>>, bool);

impl BlobSource for Liar {
    fn digest(&self) -> &Digest {
        &self.digest
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn open(&self, _offset: u64) -> Box<dyn BlobChunks> {
        let pieces = self.given.chunks(50_000).rev().map(<[u8]>::to_vec).collect();
        Box::new(LiarChunks(pieces, self.given.is_empty()))
    }
}

impl BlobChunks for LiarChunks {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Vec<u8>>, Failure>> {
        let next = match self.1 {
            true => Err(Failure::new(FailureKind::NotFound, "layer.tar", "the layer is gone")),
            false => Ok(self.0.pop()),
        };
        Box::pin(std::future::ready(next))
    }
}

#[tokio::test]
async fn bytes_that_are_not_the_blob_are_never_committed() {
    let mut other = big();
    other[BIG - 1] ^= 1;
    for (given, words) in [
        (other, "another digest"),
        (big()[..BIG - 1].to_vec(), "ended before its size"),
        (Vec::new(), "the layer is gone"),
    ] {
        let world = World::start(|_| {}).await;
        let (client, permit, repository) = (client(), permit().await, world.repository("a"));
        let blob = Arc::new(Liar { digest: Digest::of(&big()), size: BIG as u64, given });
        let failure = client.push_blob(&permit, &repository, blob).await.unwrap_err();
        assert!(failure.message.contains(words), "{words}: {failure}");
        let corrupt = failure.registry.as_ref().is_some_and(|fault| fault.corrupt);
        assert_eq!(corrupt, !words.contains("gone"), "worth one more look: {failure:?}");
        assert_eq!(world.server.count("PUT"), 0, "the server never saw a whole request");
        assert!(world.state().blobs.is_empty());
    }
}
