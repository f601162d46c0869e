//! Images in clusters: real `kind`, real `containerd` in every node, and a stand-in for `k3d` that can be told to lie.
//! Whatever an import says, what nodes have is asked of them.

mod nodes;

use std::{path::Path, time::Duration};

use bakery_tests::{DockerStore, on_path};
use serde_json::Value;

use self::nodes::{Machine, lacks};
use crate::world::{World, write};

const NODES: [&str; 2] = ["kind-control-plane", "kind-worker"];
const SERVER: &str = "k3d-dev-server-0";
const AGENTS: [&str; 2] = ["k3d-dev-agent-0", "k3d-dev-agent-1"];

/// The stand-in for k3d.
const K3D: &str = include_str!("cluster/k3d.sh");

fn connect(tag: &str) -> String {
    format!("ghcr.io/posit-dev/connect:{tag}")
}

fn finding(code: &str, mend: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), mend.to_owned())]
}

/// Runs a line that mends something, as a person would type it.
#[track_caller]
fn mend(machine: &Machine, folder: &Path, line: &str) -> String {
    let words: Vec<&str> = line.strip_prefix("bakery ").unwrap().split(' ').collect();
    machine.ok(folder, &[&words[..], &["--store", "buildah"]].concat())
}

const KIND: [&str; 7] = ["dev", "build", "connect", "--import", "kind", "--store", "buildah"];
const MEND_KIND: &str = "bakery dev build connect --import kind:kind";

fn every_node_of_kind_has_it() {
    let machine = Machine::start();
    machine.kind("kind", &NODES);
    machine.kind("other", &["other-control-plane"]);
    machine.balancer("kind");
    let world = World::new();
    let yaml = world.read("bakery.yaml").replace(
        "registries: [{host: ghcr.io, namespace: posit-dev}]",
        "registries: [{host: ghcr.io, namespace: posit-dev}, {host: docker.io, namespace: posit}]",
    );
    world.write("bakery.yaml", yaml);
    world.commit("two registries");
    let tag = world.clean();
    let built = machine.ok(&world.root, &KIND);
    assert_eq!(built, format!("connect {tag} built\nconnect {tag} imported kind:kind\n"));
    let both = [format!("docker.io/posit/connect:{tag}"), connect(&tag)];
    for node in NODES {
        assert_eq!(machine.names(node), both, "{node}");
    }
    assert_eq!(machine.names("other-control-plane"), [""; 0]);
    assert_eq!(machine.check(&world.root), []);
    // A cluster that is named twice is one.
    let twice = machine.ok(&world.root, &[&KIND[..], &["--import", "kind:kind"]].concat());
    assert_eq!(twice, format!("connect {tag} present\nconnect {tag} present kind:kind\n"));
    // Truth, not a cache: what is there is not imported again.
    let again: Value =
        serde_json::from_str(&machine.ok(&world.root, &[&KIND[..], &["--json"]].concat())).unwrap();
    let cluster = &again["images"]["connect"]["clusters"]["kind:kind"];
    assert_eq!(cluster["imported"], false);
    assert_eq!(cluster["nodes"].as_array().unwrap().len(), 2, "{again}");
    assert_eq!(
        cluster["config"], again["images"]["connect"]["id"],
        "a store of buildah names the configuration"
    );
    // A cluster that cannot be had does not keep another one from what it is to have.
    machine.docker(&["restart", "kind-worker"]);
    machine.ready(&NODES);
    let done = machine.run(&world.root, &[&KIND[..], &["--import", "k3d:none"]].concat());
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
    assert!(done.stderr.contains("k3d:none") && done.stderr.contains("is on every node"), "{}", done.stderr);
    assert_eq!(machine.names("kind-worker"), both);
    assert_eq!(machine.check(&world.root), []);
    // A folder for archives is gone when they are.
    let left = std::fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    let left: Vec<_> = left.filter(|one| one.path().join("scratch/image-0.tar").exists()).collect();
    assert!(left.is_empty(), "{left:?}");
}

fn a_node_that_lost_it_is_named_and_mended() {
    let machine = Machine::start();
    machine.kind("kind", &NODES);
    let world = World::new();
    machine.ok(&world.root, &KIND);
    let name = connect(&world.clean());
    // A node that was made anew has nothing, whichever it is.
    for node in NODES {
        machine.docker(&["restart", node]);
        machine.ready(&NODES);
        assert_eq!(machine.check(&world.root), finding("not-stored", MEND_KIND));
        let said = machine.run(&world.root, &["dev", "check"]);
        assert_eq!(said.code, 15);
        let line = format!("kind:kind: node `{node}` has no `{name}`");
        assert!(said.stderr.contains(&line), "{}", said.stderr);
        assert_eq!(said.stderr.matches("node `").count(), 1, "{}", said.stderr);
        mend(&machine, &world.root, MEND_KIND);
        assert_eq!(machine.check(&world.root), []);
    }
    // Another image under the name.
    world.write("k8s/Containerfile", "FROM scratch\nCOPY bakery.yaml /\n");
    let file = world.path("k8s/Containerfile");
    let root = world.root.to_str().unwrap();
    let archive = machine.path("other.tar");
    machine.tool("buildah", &["build", "--file", file.to_str().unwrap(), "--tag", "other:1", root], &[]);
    let target = format!("docker-archive:{}:{name}", archive.display());
    machine.tool("buildah", &["push", "--quiet", "other:1", &target], &[]);
    machine.import_into("kind-worker", &archive);
    assert_eq!(machine.check(&world.root), finding("other-image", MEND_KIND));
    mend(&machine, &world.root, MEND_KIND);
    assert_eq!(machine.check(&world.root), []);
    // A layer that is gone.
    machine.ctr("kind-worker", &["content", "rm", &machine.layer("kind-worker", &name)]);
    assert_eq!(machine.check(&world.root), finding("not-stored", MEND_KIND));
    mend(&machine, &world.root, MEND_KIND);
    assert_eq!(machine.check(&world.root), []);
    // A node that does not run cannot be asked, and is never fine.
    machine.docker(&["stop", "kind-worker"]);
    assert_eq!(machine.check(&world.root), finding("unreachable", "docker start kind-worker"));
    let done = machine.run(&world.root, &KIND);
    assert_eq!(done.code, 1, "{}", done.stderr);
    assert!(done.stderr.contains("docker start kind-worker"), "{}", done.stderr);
    assert_eq!(machine.check(&world.root), finding("interrupted", MEND_KIND));
    machine.docker(&["start", "kind-worker"]);
    machine.ready(&NODES);
    mend(&machine, &world.root, MEND_KIND);
    assert_eq!(machine.check(&world.root), []);
}

fn what_is_built_anew_is_in_no_cluster_until_it_is_imported() {
    let machine = Machine::start();
    machine.kind("kind", &NODES[..1]);
    let world = World::new();
    machine.ok(&world.root, &KIND);
    let force = ["dev", "build", "connect", "--force", "--store", "buildah"];
    let done = machine.run(&world.root, &force);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stderr.contains(MEND_KIND), "{}", done.stderr);
    assert_eq!(machine.check(&world.root), finding("not-stored", MEND_KIND));
    assert!(mend(&machine, &world.root, MEND_KIND).ends_with("imported kind:kind\n"));
    assert_eq!(machine.check(&world.root), []);
    // Other inputs, another tag: the cluster stays the lock's.
    world.write("app/data", "2");
    machine.ok(&world.root, &["dev", "build", "connect", "--store", "buildah"]);
    let found = machine.check(&world.root);
    assert!(found.contains(&("not-stored".to_owned(), MEND_KIND.to_owned())), "{found:?}");
    mend(&machine, &world.root, MEND_KIND);
    let found = machine.check(&world.root);
    assert!(!found.iter().any(|(code, _)| code == "not-stored"), "{found:?}");
    // A cluster that is gone has nothing that could be wrong; a build for it is refused.
    machine.docker(&["rm", "--force", "kind-control-plane"]);
    let found = machine.run(&world.root, &["dev", "check"]);
    assert!(found.stderr.contains("`kind:kind` of the lock has no nodes"), "{}", found.stderr);
    assert!(!found.stderr.contains("--import"), "{}", found.stderr);
    let done = machine.run(&world.root, &KIND);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("the cluster `kind:kind` has no nodes"), "{}", done.stderr);
    machine.ok(&world.root, &["dev", "build", "connect", "--forget", "kind", "--store", "buildah"]);
    let found = machine.run(&world.root, &["dev", "check"]);
    assert!(!found.stderr.contains("kind:kind"), "{}", found.stderr);
}

fn docker_gives_its_images_to_kind(store: DockerStore) {
    let machine = Machine::with(store);
    machine.kind("kind", &NODES);
    let world = World::new();
    let docker = ["dev", "build", "connect", "--store", "docker", "--import", "kind", "--json"];
    let answer: Value = serde_json::from_str(&machine.ok(&world.root, &docker)).unwrap();
    let connect = &answer["images"]["connect"];
    let cluster = &connect["clusters"]["kind:kind"];
    assert_eq!(cluster["imported"], true);
    // In containerd an id names a manifest or an index.
    assert_eq!(cluster["config"] == connect["id"], store == DockerStore::Graph, "{answer}");
    assert_eq!(machine.check(&world.root), []);
    // The older image of the same inputs is seen.
    let name = self::connect(&world.clean());
    let archive = machine.path("older.tar");
    machine.docker(&["image", "save", "--output", archive.to_str().unwrap(), &name]);
    machine.ok(&world.root, &["dev", "build", "connect", "--store", "docker", "--force"]);
    machine.ok(&world.root, &docker[..7]);
    assert_eq!(machine.check(&world.root), []);
    machine.import_into("kind-worker", &archive);
    assert_eq!(machine.check(&world.root), finding("other-image", MEND_KIND));
    let again: Value = serde_json::from_str(&machine.ok(&world.root, &docker)).unwrap();
    assert_eq!(again["images"]["connect"]["clusters"]["kind:kind"]["imported"], true, "{again}");
    assert_eq!(machine.check(&world.root), []);
    if store == DockerStore::Containerd {
        // Of an index, each node has the image of its platform.
        let several = ["dev", "build", "workbench", "--image-platform", "linux", "--import", "kind"];
        let done = machine.ok(&world.root, &several);
        assert!(done.ends_with("imported kind:kind\n"), "{done}");
    }
}

fn k3d(machine: &Machine, skip: &str, after: &str) {
    machine.script("k3d", &format!("SKIP='{skip}' AFTER='{after}'\n{K3D}"));
}

const TO_K3D: [&str; 7] = ["dev", "build", "connect", "--import", "k3d:dev", "--store", "buildah"];
const MEND_K3D: &str = "bakery dev build connect --import k3d:dev";

fn three_nodes(machine: &Machine) {
    machine.k3d("dev", &[SERVER, AGENTS[0], AGENTS[1]]);
}

fn a_k3d_that_lies_is_caught_and_the_node_is_named() {
    let machine = Machine::start();
    three_nodes(&machine);
    let world = World::new();
    let name = connect(&world.clean());
    k3d(&machine, AGENTS[1], "");
    let caught = |what: &str| {
        let done = machine.run(&world.root, &TO_K3D);
        assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
        assert!(done.stderr.contains("Successfully imported"), "{}", done.stderr);
        assert!(done.stderr.contains(what), "{}", done.stderr);
        assert!(!done.stderr.contains(&format!("`{}`", AGENTS[0])), "{}", done.stderr);
        assert_eq!(machine.check(&world.root), finding("not-stored", MEND_K3D));
    };
    caught(&format!(
        "k3d did not import `connect` into `k3d:dev`, although it ended well: node `{}` has no `{name}`",
        AGENTS[1]
    ));
    assert_eq!(machine.names(AGENTS[0]), [name.as_str()]);
    k3d(&machine, "", "");
    mend(&machine, &world.root, MEND_K3D);
    assert_eq!(machine.check(&world.root), []);
    // The older image of the same inputs is still there, and the lie is seen all the same.
    let force = ["dev", "build", "connect", "--force", "--store", "buildah"];
    machine.ok(&world.root, &force);
    k3d(&machine, AGENTS[1], "");
    caught(&format!("node `{}` has another image as `{name}`, of the same inputs", AGENTS[1]));
    k3d(&machine, "", "");
    mend(&machine, &world.root, MEND_K3D);
    assert_eq!(machine.check(&world.root), []);
}

fn an_import_that_dies_is_told_and_finished() {
    let machine = Machine::start();
    three_nodes(&machine);
    let world = World::new();
    // It fails after the first node.
    k3d(&machine, "", "echo broken pipe >&2; exit 1");
    let done = machine.run(&world.root, &TO_K3D);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("broken pipe"), "{}", done.stderr);
    assert!(done.stderr.contains(&format!("node `{SERVER}` has no")), "{}", done.stderr);
    assert_eq!(machine.check(&world.root), finding("not-stored", MEND_K3D));
    // This program is killed while it exports, after the first node, and while it asks whether all have it.
    let (begun, imported) = (machine.path("begun"), machine.path("imported"));
    let stop = format!("touch {}; sleep 60", begun.display());
    let before = |program: &str, when: &str| {
        let real = on_path(program).unwrap();
        machine.script(program, &format!("if {when}; then {stop}; fi\nexec {} \"$@\"\n", real.display()));
    };
    let killed = || {
        let run = machine.bakery(&world.root, &TO_K3D).start();
        for _ in 0..600 {
            if begun.exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(begun.exists(), "{}", run.stderr());
        run.signal("KILL");
        drop(run);
        std::fs::remove_file(&begun).unwrap();
        for program in ["buildah", "docker"] {
            let _ = std::fs::remove_file(machine.path("bin").join(program));
        }
        assert_eq!(machine.check(&world.root), finding("interrupted", MEND_K3D));
    };
    k3d(&machine, "", "");
    before("buildah", "[ \"$1\" = push ]");
    killed();
    k3d(&machine, "", &stop);
    killed();
    k3d(&machine, "", &format!("[ $node != {SERVER} ] || touch {}", imported.display()));
    before("docker", &format!("[ \"$1\" = exec ] && [ -e {} ]", imported.display()));
    killed();
    // Every node has it already, which is what the next one finds.
    assert!(mend(&machine, &world.root, MEND_K3D).ends_with("present k3d:dev\n"));
    assert_eq!(machine.check(&world.root), []);
    machine.ok(&world.root, &["dev", "build", "connect", "--force", "--store", "buildah"]);
    // It fails at the very end: every node has it, and that is what counts.
    k3d(&machine, "", &format!("[ $node != {SERVER} ] || exit 1"));
    let done = machine.run(&world.root, &TO_K3D);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stderr.contains("but every node has it"), "{}", done.stderr);
    assert_eq!(machine.check(&world.root), []);
}

fn two_worktrees_import_at_the_same_time_and_each_proof_holds() {
    let machine = Machine::start();
    three_nodes(&machine);
    k3d(&machine, "", "");
    let world = World::new();
    let second = world.second();
    write(&second, "app/data", "of the second");
    std::thread::scope(|scope| {
        for folder in [&world.root, &second] {
            let machine = &machine;
            scope.spawn(move || machine.ok(folder, &TO_K3D));
        }
    });
    for node in [SERVER, AGENTS[0], AGENTS[1]] {
        let names = machine.names(node);
        assert_eq!(names.len(), 2, "{node}: {names:?}");
    }
    assert_eq!(machine.check(&world.root), []);
    assert!(!machine.check(&second).iter().any(|(code, _)| code == "not-stored"));
}

/// A case: its name, what the machine lacks for it, and what it does.
pub(crate) type Case = (String, Vec<&'static str>, Box<dyn FnOnce() + Send>);

/// Every one.
pub(crate) fn cases() -> Vec<Case> {
    let of = |name: &str, programs: &[&'static str], case: fn()| -> Case {
        (name.to_owned(), lacks(DockerStore::Graph, programs), Box::new(case))
    };
    let mut all = vec![
        of("every_node_of_kind_has_what_was_imported", &["kind"], every_node_of_kind_has_it),
        of(
            "a_node_that_lost_an_image_is_named_and_mended",
            &["kind"],
            a_node_that_lost_it_is_named_and_mended,
        ),
        of(
            "what_is_built_anew_is_in_no_cluster_until_it_is_imported",
            &["kind"],
            what_is_built_anew_is_in_no_cluster_until_it_is_imported,
        ),
        of(
            "a_k3d_that_lies_is_caught_and_the_node_is_named",
            &[],
            a_k3d_that_lies_is_caught_and_the_node_is_named,
        ),
        of("an_import_that_dies_is_told_and_finished", &[], an_import_that_dies_is_told_and_finished),
        of(
            "two_worktrees_import_at_the_same_time_and_each_proof_holds",
            &[],
            two_worktrees_import_at_the_same_time_and_each_proof_holds,
        ),
    ];
    for (word, store) in [("docker", DockerStore::Graph), ("containerd", DockerStore::Containerd)] {
        let case = move || docker_gives_its_images_to_kind(store);
        let name = format!("{word}::gives_its_images_to_kind");
        all.push((name, lacks(store, &["kind"]), Box::new(case)));
    }
    all
}
