//! The whole of a publish, as verbs: how many requests it takes, and that they can go at the same time.

use std::time::Duration;

use bakery_core::{
    model::{Manifest, Tag},
    port::registry::{Access, Mounted, Registry as _},
};
use futures_util::future::try_join_all;

use super::{
    gate::permit,
    world::{State, World, image, index},
};

const LAYERS: usize = 10;

/// Two platforms of ten layers and a configuration each, in `staging/image`.
fn stage(world: &World) -> [Manifest; 2] {
    [0_u8, 1].map(|platform| {
        let blobs: Vec<Vec<u8>> = (0..=LAYERS).map(|at| vec![platform, at as u8]).collect();
        for blob in &blobs {
            world.put_blob("staging/image", blob);
        }
        let manifest = image(&blobs.iter().map(Vec::as_slice).collect::<Vec<_>>());
        world.put_manifest("staging/image", None, &manifest);
        manifest
    })
}

/// Publishes what was staged under four tags, in another repository of the same registry; says how many requests it
/// took.
async fn publish(change: impl FnOnce(&mut State), repository: &str, world: Option<World>) -> (u64, World) {
    let world = match world {
        Some(world) => world,
        None => {
            World::start(|state| {
                state.tokens = true;
                change(state);
            })
            .await
        }
    };
    let staged = stage(&world);
    let client = world.client();
    let requests = publish_with(&client, &world, &staged, repository).await;
    (requests, world)
}

async fn publish_with(
    client: &bakery_backend::registry::RegistryClient,
    world: &World,
    staged: &[Manifest; 2],
    repository: &str,
) -> u64 {
    let before = client.traffic().requests;
    let permit = permit().await;
    let (from, to) = (world.repository("staging/image"), world.repository(repository));
    client.announce(&[Access::push(from.clone()), Access::push(to.clone())]);
    let references: Vec<_> =
        staged.iter().map(|m| world.reference(&format!("staging/image@{}", m.digest()))).collect();
    let children = try_join_all(references.iter().map(|r| client.manifest(&permit, r))).await.unwrap();
    let index = index(&children.iter().collect::<Vec<_>>());
    client.push_manifest(&permit, &from, &index, &[]).await.unwrap();
    let blobs: Vec<_> = children.iter().flat_map(Manifest::blobs).collect();
    let mounted =
        try_join_all(blobs.iter().map(|b| client.mount_blob(&permit, &from, &to, &b.digest))).await.unwrap();
    assert!(mounted.iter().all(|m| matches!(m, Mounted::Done | Mounted::Known)));
    let missing: Vec<_> = children.iter().filter(|child| !client.holds(&to, child.digest())).collect();
    try_join_all(missing.iter().map(|child| client.push_manifest(&permit, &to, child, &[]))).await.unwrap();
    let tags: Vec<Tag> = ["1", "1.2", "1.2.3", "latest"].map(|tag| tag.parse().unwrap()).to_vec();
    let mut left = tags.clone();
    if client.takes_many_tags(&world.host()) != Some(false) {
        let pushed = client.push_manifest(&permit, &to, &index, &left).await.unwrap();
        left.retain(|tag| !pushed.tags.contains(tag));
    }
    try_join_all(
        left.iter().map(|tag| client.push_manifest(&permit, &to, &index, std::slice::from_ref(tag))),
    )
    .await
    .unwrap();
    let tagged: Vec<_> = tags.iter().map(|tag| world.reference(&format!("{repository}:{tag}"))).collect();
    for seen in try_join_all(tagged.iter().map(|reference| client.resolve(&permit, reference))).await.unwrap()
    {
        assert_eq!(seen, index.descriptor());
    }
    client.traffic().requests - before
}

#[tokio::test]
async fn a_cold_publish_takes_as_few_requests_as_there_are_things_to_do() {
    // Challenge, token, 2 children, staged index, 22 mounts, 2 children, 4 tags, 4 read back; and one that finds out
    // that the registry does not take several tags.
    let (requests, world) = publish(|_| {}, "product/image", None).await;
    assert_eq!(requests, 2 + 2 + 1 + 22 + 2 + 1 + 4 + 4);
    assert_eq!(requests, world.server.requests().len() as u64);
}

#[tokio::test]
async fn several_tags_at_once_save_one_request_each() {
    let (requests, _) = publish(|state| state.many_tags = true, "product/image", None).await;
    assert_eq!(requests, 2 + 2 + 1 + 22 + 2 + 1 + 4);
}

#[tokio::test]
async fn a_second_target_with_the_same_layers_mounts_nothing_twice() {
    let world = World::start(|state| (state.tokens, state.many_tags) = (true, true)).await;
    let staged = stage(&world);
    let client = world.client();
    publish_with(&client, &world, &staged, "product/image").await;
    // 2 children, staged index, one push for the tags, 4 read back: the token, the layers and the children are known.
    assert_eq!(publish_with(&client, &world, &staged, "product/image").await, 2 + 1 + 1 + 4);
}

#[tokio::test]
async fn what_can_go_at_the_same_time_does() {
    let (_, world) = publish(|state| state.latency = Duration::from_millis(300), "product/image", None).await;
    assert!(world.server.peak() > LAYERS, "at most {} requests were under way", world.server.peak());
}
