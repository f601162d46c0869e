//! Base images in a real registry: their digests are in the key, a build takes the digest that was hashed, and a registry
//! with another image under a tag is found.

use std::collections::BTreeMap;

use bakery_tests::{DockerRegistry, Dockerd, Finished, Program};
use serde_json::Value;

use super::{
    store::{Kind, Store},
    world::World,
};

/// A project that is built on an image of a registry on this machine.
struct Based {
    store: Store,
    /// What puts base images into the registry.
    pusher: Store,
    world: World,
    registry: DockerRegistry,
}

impl Based {
    fn new(kind: Kind) -> Self {
        let registry = DockerRegistry::start().unwrap();
        let (store, pusher) = (Store::new(kind), Store::new(Kind::Buildah));
        for store in [&store, &pusher] {
            store.trust(&registry.host());
        }
        let world = World::bare();
        let yaml =
            world.read("bakery.yaml").replace("host: ghcr.io", &format!("host: '{}'", registry.host()));
        world.write("bakery.yaml", yaml);
        let text = format!("ARG BASE={}/base\nFROM $BASE:1\nCOPY app /app\n", registry.host());
        world.write("connect/1.1.0/Containerfile.ubuntu2404.std", text);
        world.git(&["init", "-q"]);
        world.commit("one");
        let based = Self { store, pusher, world, registry };
        based.push("base:1", "first");
        based
    }

    /// Puts an image with one file there.
    fn push(&self, name: &str, text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), text).unwrap();
        std::fs::write(folder.path().join("Containerfile"), "FROM scratch\nCOPY file /base\n").unwrap();
        let path = folder.path().to_str().unwrap();
        let remote = format!("docker://{}/{name}", self.registry.host());
        self.pusher.tool(&["build", "--tag", "localhost/made", path]);
        let digest = folder.path().join("digest");
        let digest_file = digest.to_str().unwrap();
        self.pusher.tool(&["push", "--digestfile", digest_file, "localhost/made", &remote]);
        self.pusher.tool(&["rmi", "localhost/made"]);
        std::fs::read_to_string(digest).unwrap()
    }

    /// With questions to registries.
    fn program(&self, arguments: &[&str]) -> Program {
        self.store.program(&self.world.root, arguments).env("BAKERY_OFFLINE", "false")
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        self.program(arguments).run()
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let done = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(done.code, 0, "{arguments:?}: {}", done.stderr);
        serde_json::from_str(&done.stdout).unwrap()
    }

    #[track_caller]
    fn build(&self, arguments: &[&str]) -> Value {
        self.json(&[&["dev", "build", "connect", "--store", self.store.kind.program()], arguments].concat())
    }

    fn key(&self, arguments: &[&str]) -> Value {
        self.json(&[&["dev", "tag"], arguments].concat())["images"]["connect"]["key"].clone()
    }

    fn codes(&self) -> Vec<String> {
        let done = self.run(&["dev", "check", "--json", "--store", self.store.kind.program()]);
        let answer: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{}", done.stderr));
        let findings = answer["findings"].as_array().unwrap().iter();
        findings.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    }

    /// What a file of a built image holds.
    fn file_of(&self, id: &Value, path: &str) -> String {
        let id = id.as_str().unwrap();
        if self.store.kind == Kind::Buildah {
            let container = self.store.tool(&["from", id]).trim().to_owned();
            let mounted = self.store.tool(&["mount", &container]).trim().to_owned();
            let text = std::fs::read_to_string(format!("{mounted}/{path}")).unwrap();
            self.store.tool(&["rm", &container]);
            return text;
        }
        let container = self.store.tool(&["create", id, "none"]).trim().to_owned();
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy");
        self.store.tool(&["cp", &format!("{container}:/{path}"), copy.to_str().unwrap()]);
        self.store.tool(&["rm", &container]);
        std::fs::read_to_string(copy).unwrap()
    }
}

pub(super) fn a_base_that_moves_moves_the_key() {
    let based = Based::new(Kind::Buildah);
    let name = format!("{}/base:1", based.registry.host());
    let before = based.json(&["dev", "tag"]);
    let connect = &before["images"]["connect"];
    assert!(connect["bases"][&name].as_str().unwrap().starts_with("sha256:"), "{before}");
    assert_eq!(before["images"]["workbench"]["bases"], serde_json::json!({}), "nothing is built on scratch");
    assert_eq!(connect["clean"], true);
    let offline = based.key(&["--offline"]);
    assert_ne!(offline, connect["key"]);
    // The lock keeps what it was written for, without any question.
    based.json(&["dev", "tag", "--lock"]);
    let asked = based.registry.requests().len();
    let digest = based.push("base:1", "second");
    let pushed = based.registry.requests().len();
    assert!(pushed > asked);
    assert_eq!(based.key(&[]), connect["key"]);
    assert_eq!(based.key(&["--offline"]), connect["key"]);
    assert_eq!(based.registry.requests().len(), pushed, "the lock says it");
    let moved = based.json(&["dev", "tag", "--update-bases"]);
    assert_ne!(moved["images"]["connect"]["key"], connect["key"]);
    assert_eq!(moved["images"]["connect"]["bases"][&name], digest);
    based.json(&["dev", "tag", "--lock", "--update-bases"]);
    assert_eq!(based.key(&[]), moved["images"]["connect"]["key"]);
}

pub(super) fn what_was_hashed_is_what_is_built_on(kind: Kind) {
    let based = Based::new(kind);
    based.json(&["dev", "tag", "--lock"]);
    based.push("base:1", "second");
    if let Kind::Docker(store) = kind
        && Dockerd::is_old(store)
    {
        let done = based.run(&["dev", "build", "connect", "--store", "docker"]);
        assert_eq!(done.code, 1, "{}", done.stderr);
        assert!(done.stderr.contains("write the digests into the Containerfile"), "{}", done.stderr);
        assert_eq!(based.store.names(), BTreeMap::new(), "nothing is built on something else");
        return;
    }
    let built = based.build(&[]);
    assert_eq!(based.file_of(&built["images"]["connect"]["id"], "base"), "first");
    assert_eq!(based.codes(), [""; 0]);
    // The commit is the same and what it is built on is not: its tag is taken.
    let done = based.run(&["dev", "build", "connect", "--store", kind.program(), "--update-bases"]);
    assert_eq!(done.code, 1, "{}", done.stderr);
    assert!(done.stderr.contains("built from something else"), "{}", done.stderr);
    let built = based.build(&["--update-bases", "--policy", "content"]);
    assert_eq!(built["images"]["connect"]["built"], true);
    assert_eq!(based.file_of(&built["images"]["connect"]["id"], "base"), "second");
}

pub(super) fn a_registry_that_does_not_answer_is_told() {
    let based = Based::new(Kind::Buildah);
    let gone = "127.0.0.1:9/gone:1";
    based.world.write(
        "connect/1.1.0/Containerfile.ubuntu2404.std",
        format!("FROM {gone}\nFROM {}/base:none\nFROM scratch\n", based.registry.host()),
    );
    let done = based.run(&["dev", "tag", "connect"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stderr.contains(&format!("no registry says which image `{gone}` is")), "{}", done.stderr);
    assert!(done.stderr.contains("base:none` is; it counts as it is written"), "{}", done.stderr);
    let offline = based.run(&["dev", "tag", "connect", "--offline"]);
    assert_eq!(offline.stdout, done.stdout);
    let both = based.program(&["dev", "tag", "--update-bases"]).env("BAKERY_OFFLINE", "true").run();
    assert_eq!(both.code, 2, "{}", both.stderr);
}

pub(super) fn another_image_in_the_registry_is_found(kind: Kind) {
    let based = Based::new(kind);
    based.world.write("connect/1.1.0/Containerfile.ubuntu2404.std", "FROM scratch\nCOPY app /app\n");
    based.world.commit("on nothing");
    let built = based.build(&[]);
    let tag = built["images"]["connect"]["tag"].as_str().unwrap().to_owned();
    let name = format!("{}/posit-dev/connect:{tag}", based.registry.host());
    assert_eq!(based.codes(), [""; 0], "nothing needs to be in a registry");
    match kind {
        Kind::Buildah => based.store.tool(&["push", &name, &format!("docker://{name}")]),
        Kind::Docker(_) => based.store.tool(&["push", &name]),
    };
    assert_eq!(based.codes(), [""; 0], "it is the same image");
    based.push(&format!("posit-dev/connect:{tag}"), "other");
    assert_eq!(based.codes(), ["other-image"]);
    let done = based.run(&["dev", "check", "--store", kind.program()]);
    assert_eq!(done.code, 15);
    assert!(done.stderr.contains("bakery dev tag --lock --policy content"), "{}", done.stderr);
}
