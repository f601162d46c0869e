//! The pipe between two registries, from the end that takes: how much it holds, and what it says when it breaks.

use std::time::Duration;

use bakery_backend::registry::{Credentials, RegistryClient, RegistryOptions};
use bakery_core::{
    model::Digest,
    policy::{Operation, OperationKind},
    port::{Admission, Event, EventSink, Http, HttpRequest, HttpResponse},
};
use bakery_fault_registry::{Action, FaultRegistry, Image, ImageBuilder, Operation as Asked, Script, When};
use bakery_gate::{Gate, GateOptions};

use super::*;

struct Deaf;

impl EventSink for Deaf {
    fn emit(&self, _event: Event) {}
}

struct NoHttp;

impl Http for NoHttp {
    fn send<'a>(
        &'a self,
        _admission: &'a dyn Admission,
        request: &'a HttpRequest,
    ) -> BoxFuture<'a, Result<HttpResponse, Failure>> {
        panic!("nobody asks for {}", request.url);
    }
}

async fn permit() -> Permit {
    let limit = Duration::from_secs(60);
    let operation = Operation::new(OperationKind::Command, "test", limit, limit);
    let gate = Gate::new(GateOptions::new(Arc::new(NoHttp), Arc::new(Deaf)));
    gate.run(&operation, |permit| async move { Ok(permit) }).await.unwrap()
}

fn registry(layer_bytes: usize) -> (FaultRegistry, Image) {
    let registry = FaultRegistry::spawn(Script::new()).unwrap();
    let image = ImageBuilder::new("team/tmp").platforms(&["linux/amd64"]).layers(1).layer_bytes(layer_bytes);
    let image = image.build().unwrap();
    registry.seed(&image).unwrap();
    (registry, image)
}

async fn blob(registry: &FaultRegistry, image: &Image) -> RemoteBlob {
    let layer = &image.children[0].blobs[1];
    RemoteBlob {
        registry: Arc::new(RegistryClient::new(RegistryOptions::new(Credentials::anonymous()))),
        permit: Arc::new(permit().await),
        from: format!("{}/team/tmp", registry.host()).parse().unwrap(),
        digest: layer.digest.parse().unwrap(),
        size: layer.bytes.len() as u64,
    }
}

async fn rest_of(chunks: &mut dyn BlobChunks) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    while let Some(piece) = chunks.next().await? {
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

#[tokio::test]
async fn the_bytes_come_whole_from_any_place_on() {
    let (registry, image) = registry(300_000);
    let blob = blob(&registry, &image).await;
    let whole = &image.children[0].blobs[1].bytes;
    for offset in [0, 1, 100_000, whole.len() - 1, whole.len()] {
        let bytes = rest_of(&mut *blob.open(offset as u64)).await.unwrap();
        assert_eq!(bytes, whole[offset..], "from {offset}");
    }
}

#[tokio::test]
async fn a_layer_is_read_no_faster_than_it_is_taken() {
    let (registry, image) = registry(64 << 20);
    // Fast enough for the whole, and in pieces, so that the log says how far it got.
    registry.add_rule(When::on(Asked::GetBlob).then(Action::SlowBody { bytes_per_second: 64 << 20 }));
    let blob = blob(&registry, &image).await;
    let mut chunks = blob.open(0);
    let first = chunks.next().await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let handed = registry.log().of(Asked::GetBlob).entries[0].bytes_out;
    // What lies in the buffers of two sockets on one machine, far from a layer.
    assert!(handed < 24 << 20, "{handed} bytes were sent for {} taken", first.len());
}

#[tokio::test]
async fn bytes_that_are_not_the_blob_end_the_stream_as_corrupt() {
    let (registry, image) = registry(300_000);
    registry.add_rule(When::on(Asked::GetBlob).then(Action::CorruptBody));
    let blob = blob(&registry, &image).await;
    let failure = rest_of(&mut *blob.open(0)).await.unwrap_err();
    assert!(failure.registry.as_ref().is_some_and(|fault| fault.corrupt), "{failure:?}");
    assert!(failure.message.contains(blob.digest.as_str()), "{failure}");
    assert_ne!(blob.digest, Digest::of(b""));
}
