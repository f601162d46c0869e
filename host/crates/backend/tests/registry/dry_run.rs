//! A dry run, verb by verb: reads go out, writes do not, and later reads see what was pretended.

use std::sync::Arc;

use bakery_backend::registry::{DryRun, RegistryClient};
use bakery_core::{
    model::{Digest, Manifest, Reference, Tag},
    port::{
        FailureKind,
        registry::{Access, BlobCursor, BytesBlob, Mounted, Registry, Uploaded},
    },
};

use super::{
    gate::{client, permit},
    server::{Reply, Server},
    world::{World, image},
};

fn dry(client: RegistryClient) -> DryRun {
    DryRun::new(Arc::new(client))
}

/// Nothing but questions reached the server.
fn check_only_read(world: &World) {
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        assert_eq!(world.server.count(method), 0, "{method}");
    }
}

fn manifest() -> Manifest {
    image(&[b"config", b"layer"])
}

#[tokio::test]
async fn every_write_is_pretended_and_none_is_sent() {
    let world = World::start(|_| {}).await;
    let (registry, permit) = (dry(client()), permit().await);
    let (from, to) = (world.repository("from"), world.repository("to"));
    let digest = Digest::of(b"layer");
    assert!(matches!(registry.mount_blob(&permit, &from, &to, &digest).await, Ok(Mounted::Done)));
    assert!(matches!(registry.mount_blob(&permit, &from, &to, &digest).await, Ok(Mounted::Known)));
    let small = Arc::new(BytesBlob::new(b"config".to_vec()));
    assert_eq!(registry.push_blob(&permit, &to, small.clone()).await, Ok(Uploaded::Sent(6)));
    assert_eq!(registry.push_blob(&permit, &to, small).await, Ok(Uploaded::Present));
    let blob = Arc::new(BytesBlob::new(vec![7; 1000]));
    let mut session = registry.begin_upload(&permit, &to).await.unwrap();
    registry.upload_chunk(&permit, &mut session, blob.clone(), 600).await.unwrap();
    registry.upload_status(&permit, &mut session).await.unwrap();
    assert_eq!(session.offset, 600);
    assert_eq!(registry.finish_upload(&permit, &session, blob).await, Ok(Uploaded::Sent(400)));
    registry.cancel_upload(&permit, &session).await.unwrap();
    let tags: [Tag; 2] = ["1".parse().unwrap(), "latest".parse().unwrap()];
    let pushed = registry.push_manifest(&permit, &to, &manifest(), &tags).await.unwrap();
    assert_eq!(pushed.tags, tags);
    assert_eq!(world.server.requests().len(), 0, "not even a question was needed");
}

#[tokio::test]
async fn later_reads_see_what_was_pretended_on_every_account() {
    let world = World::start(|_| {}).await;
    let (registry, permit) = (dry(client()), permit().await);
    let (to, manifest) = (world.repository("to"), manifest());
    registry.push_manifest(&permit, &to, &manifest, &["1".parse().unwrap()]).await.unwrap();
    let other = registry.with_own_account();
    for reference in [world.reference("to:1"), Reference::by_digest(to.clone(), manifest.digest().clone())] {
        assert_eq!(other.resolve(&permit, &reference).await.unwrap(), manifest.descriptor());
        assert_eq!(other.manifest(&permit, &reference).await.unwrap(), manifest);
    }
    assert!(other.holds(&to, manifest.digest()));
    assert_eq!(world.server.requests().len(), 0);
    let absent = other.resolve(&permit, &world.reference("to:2")).await.unwrap_err();
    assert_eq!(absent.kind, FailureKind::NotFound);
    check_only_read(&world);
}

#[tokio::test]
async fn what_is_there_is_read() {
    let world = World::start(|_| {}).await;
    let (registry, permit) = (dry(client()), permit().await);
    world.put_manifest("to", Some("1"), &manifest());
    let digest = world.put_blob("to", b"layer");
    assert_eq!(registry.resolve(&permit, &world.reference("to:1")).await.unwrap(), manifest().descriptor());
    let to = world.repository("to");
    let mut cursor = BlobCursor::new(digest.clone(), 5);
    let mut bytes = Vec::new();
    registry.read_blob(&permit, &to, &mut cursor, &mut bytes).await.unwrap();
    assert_eq!(bytes, b"layer");
    assert!(registry.holds(&to, &digest));
    assert!(matches!(registry.mount_blob(&permit, &to, &to, &digest).await, Ok(Mounted::Known)));
    assert!(registry.traffic().requests >= 2);
    check_only_read(&world);
}

#[tokio::test]
async fn a_destination_that_may_not_be_read_counts_as_empty_and_any_other_repository_does_not() {
    let server = Server::start(|_| Reply::error(403, "DENIED")).await;
    let (registry, permit) = (dry(client()), permit().await);
    let repository = |name: &str| format!("{}/{name}", server.name()).parse().unwrap();
    let (from, to) = (repository("from"), repository("to"));
    registry.announce(&[Access::pull(from), Access::push(to)]);
    let digest = Digest::of(b"x");
    for (name, kind) in [("from", FailureKind::Denied), ("to", FailureKind::NotFound)] {
        let reference: Reference = format!("{}/{name}:1", server.name()).parse().unwrap();
        assert_eq!(registry.resolve(&permit, &reference).await.unwrap_err().kind, kind);
        assert_eq!(registry.manifest(&permit, &reference).await.unwrap_err().kind, kind);
        let held = registry.has_blob(&permit, &repository(name), &digest).await;
        assert_eq!(held.map_err(|failure| failure.kind), if name == "to" { Ok(false) } else { Err(kind) });
    }
}
