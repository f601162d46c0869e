//! Clusters without any: `dev check` asks programs that are scripts, which say what a node could say at its worst.

use std::{fs, os::unix::fs::PermissionsExt as _};

use bakery_core::model::Digest;
use bakery_dev::{import::Import, lock::Lock};
use bakery_tests::{Finished, Program};
use serde_json::Value;

use crate::world::World;

const LOCK: &str = ".git/bakery/dev-lock.json";
const IMPORT: &str = "bakery dev build connect --import kind:kind";

/// A project whose lock has an image in a cluster of two nodes, which both have it.
struct Scene {
    world: World,
    config: Digest,
}

impl Scene {
    fn new() -> Self {
        let world = World::new();
        world.ok(&["dev", "tag", "--lock"]);
        let lock = Lock::from_bytes(&fs::read(world.path(LOCK)).unwrap()).unwrap();
        let key = lock.images["connect"].key.to_string();
        let config = format!(r#"{{"config":{{"Labels":{{"bakery.dev.key":"{key}"}}}}}}"#);
        let digest = Digest::of(config.as_bytes());
        let layer = Digest::of(b"layer");
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
                "config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{digest}","size":9}},
                "layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{layer}","size":9}}]}}"#
        );
        let target = Digest::of(manifest.as_bytes());
        let kind = "kind".parse().unwrap();
        let lock = lock.with_import("connect", &kind, Import::proven(digest.to_string()));
        fs::write(world.path(LOCK), lock.to_bytes()).unwrap();
        let scene = Self { world, config: digest };
        let name = format!("ghcr.io/posit-dev/connect:{}", scene.world.clean());
        scene.says("nodes", "kind-control-plane\nkind-worker\n");
        scene.says(
            "containers",
            r#"[{"Name":"/kind-control-plane","Config":{}},{"Name":"/kind-worker","Config":{}}]"#,
        );
        let row = format!("{name} application/vnd.oci.image.manifest.v1+json {target} 1 B linux/amd64 -");
        scene.says("images", format!("REF TYPE DIGEST SIZE PLATFORMS LABELS\n{row}\n"));
        scene.says(target.as_str(), &manifest);
        scene.says(scene.config.as_str(), &config);
        scene.says("blobs", format!("DIGEST\tSIZE\tAGE\tLABELS\n{layer}\t9B\t1 second\t-\n"));
        scene.script("kind", "cat \"$ANSWERS/nodes\"");
        scene.script(
            "docker",
            "case \"$1 $2\" in\n\
             version*) exit 1 ;;\n\
             'container inspect') file=containers ;;\n\
             *) case \"$6 $7\" in\n\
               'images ls') file=images ;;\n\
               'content get') file=$8 ;;\n\
               'content ls') file=blobs ;;\n\
               esac ;;\n\
             esac\n\
             if [ -e \"$ANSWERS/$2.$file\" ]; then exec cat \"$ANSWERS/$2.$file\"; fi\n\
             exec cat \"$ANSWERS/$file\"",
        );
        scene.script("buildah", "echo 'image not known' >&2; exit 125");
        scene
    }

    /// What is answered, by every node or by one.
    fn says(&self, name: &str, text: impl AsRef<[u8]>) {
        let folder = self.world.path(".git/answers");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), text).unwrap();
    }

    fn script(&self, name: &str, text: &str) {
        let folder = self.world.path(".git/bin");
        fs::create_dir_all(&folder).unwrap();
        let answers = self.world.path(".git/answers");
        let text = format!("#!/bin/sh\nset -eu\nANSWERS='{}'\n{text}\n", answers.display());
        fs::write(folder.join(name), text).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn run(&self) -> Finished {
        let path = format!("{}:{}", self.world.path(".git/bin").display(), std::env::var("PATH").unwrap());
        Program::bakery().cwd(&self.world.root).args(["dev", "check", "--json"]).env("PATH", path).run()
    }

    /// The only finding: its code, its message, and the line that mends it.
    #[track_caller]
    fn finding(&self) -> (String, String, String) {
        let done = self.run();
        assert_eq!(done.code, 15, "{}", done.stderr);
        let answer: Value = serde_json::from_str(&done.stdout).unwrap();
        let [finding] = &answer["findings"].as_array().unwrap()[..] else { panic!("{answer:#}") };
        let text = |name: &str| finding[name].as_str().unwrap().to_owned();
        (text("code"), text("message"), text("mend"))
    }
}

#[test]
fn what_every_node_has_agrees() {
    let scene = Scene::new();
    let done = scene.run();
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
}

#[test]
fn what_one_node_lacks_is_found_whatever_the_others_have() {
    for node in ["kind-control-plane", "kind-worker"] {
        let scene = Scene::new();
        scene.says(&format!("{node}.images"), "REF TYPE DIGEST SIZE PLATFORMS LABELS\n");
        let (code, message, mend) = scene.finding();
        assert_eq!((code.as_str(), mend.as_str()), ("not-stored", IMPORT));
        assert!(message.starts_with(&format!("kind:kind: node `{node}` has no ")), "{message}");
        let scene = Scene::new();
        scene.says(&format!("{node}.blobs"), "DIGEST\tSIZE\tAGE\tLABELS\n");
        assert!(scene.finding().1.starts_with(&format!("kind:kind: node `{node}` lacks 1 of the blobs")));
    }
}

/// An answer that is no answer is never taken for a good one.
#[test]
fn a_node_that_says_something_else_is_a_finding() {
    let hostile: [(&str, Vec<u8>, &str); 6] = [
        ("images", b"sh: ctr: not found\n".to_vec(), "cannot be read"),
        ("images", vec![b'x'; (4 << 20) + 1], "said more than"),
        ("blobs", b"\xff".to_vec(), "cannot be read"),
        ("config", b"{\"config\":{}}".to_vec(), "has another digest"),
        ("containers", b"[]".to_vec(), ""),
        ("nodes", b"--privileged\n".to_vec(), "no name of a node"),
    ];
    for (what, answer, why) in hostile {
        let scene = Scene::new();
        let name = if what == "config" { scene.config.to_string() } else { what.to_owned() };
        let of_a_node = matches!(what, "images" | "blobs" | "config");
        scene.says(&if of_a_node { format!("kind-worker.{name}") } else { name }, answer);
        if why.is_empty() {
            // Docker knows none of the containers: there is no node.
            let done = scene.run();
            assert!(done.stderr.contains("has no nodes"), "{}", done.stderr);
            continue;
        }
        let (code, message, _) = scene.finding();
        assert_eq!(code, "unreachable", "{message}");
        assert!(message.contains(why), "{message}");
        assert_eq!(message.contains("node `kind-worker`: "), of_a_node, "{message}");
    }
}

#[test]
fn what_cannot_be_asked_is_a_finding_that_says_what_helps() {
    let scene = Scene::new();
    scene.script("kind", "echo 'ERROR: cannot connect' >&2; exit 1");
    let (code, message, mend) = scene.finding();
    assert_eq!((code.as_str(), mend.as_str()), ("unreachable", IMPORT));
    assert!(message.contains("cannot connect"), "{message}");
    let scene = Scene::new();
    fs::remove_file(scene.world.path(".git/bin/kind")).unwrap();
    if bakery_tests::on_path("kind").is_none() {
        assert_eq!(scene.finding().2, "install `kind`");
    }
}

#[test]
fn what_is_no_cluster_is_refused_before_anything_is_read() {
    let world = World::new();
    for bad in ["minikube", "kind:--name", "kind:", "k3d:a/b"] {
        let done = world.bakery(&["dev", "build", "--import", bad]);
        assert_eq!(done.code, 2, "{}", done.stderr);
    }
    assert!(!world.path(LOCK).exists());
}
