//! Several platforms under one name: held, or refused before anything is built.

use std::collections::BTreeMap;

use bakery_tests::DockerStore;
use serde_json::Value;

use crate::{
    connect,
    store::{Kind, Store},
    world::World,
};

const BOTH: [&str; 6] = ["dev", "build", "connect", "--image-platform", "amd64", "--image-platform=arm64"];

pub(crate) fn are_held_or_refused_before_a_build(kind: Kind) {
    let store = Store::new(kind);
    let world = World::new();
    if kind == Kind::Docker(DockerStore::Containerd) {
        held(&store, &world);
    } else {
        let done = store.run(&world.root, &BOTH);
        assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
        assert!(done.stderr.contains("linux/amd64 and linux/arm64"), "{}", done.stderr);
        assert!(done.stderr.contains("--image-platform"), "{}", done.stderr);
        assert_eq!(store.names(), BTreeMap::new(), "nothing was built");
    }
    // One that is not this machine's is an image like any other.
    let built = store.ok(&world.root, &["dev", "build", "connect", "--image-platform", "arm64"]);
    assert!(built.ends_with(" built\n"), "{built}");
    let again = store.ok(&world.root, &["dev", "build", "connect", "--image-platform", "arm64"]);
    assert!(again.ends_with(" present\n"), "{again}");
}

fn held(store: &Store, world: &World) {
    let answer: Value =
        serde_json::from_str(&store.ok(&world.root, &[&BOTH[..], &["--json"]].concat())).unwrap();
    let image = &answer["images"]["connect"];
    let tag = image["tag"].as_str().unwrap();
    assert!(
        tag.starts_with(&format!("{}-", world.clean())),
        "two platforms are not what the commit builds: {tag}"
    );
    for architecture in ["amd64", "arm64"] {
        let platform = format!("linux/{architecture}");
        let shown = store.tool(&[
            "image",
            "inspect",
            "--platform",
            &platform,
            "--format",
            "{{.Architecture}}",
            &connect(tag),
        ]);
        assert_eq!(shown.trim(), architecture);
    }
    let names = store.names();
    assert_eq!(names.keys().collect::<Vec<_>>(), [&connect(tag)]);
    assert_eq!(names[&connect(tag)], image["id"].as_str().unwrap(), "one name, one id");
    let again = store.ok(&world.root, &BOTH);
    assert!(again.ends_with(" present\n"), "{again}");
    store.remove(&connect(tag));
}
