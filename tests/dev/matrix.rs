//! Development images of a matrix: its latest row, or the one that is named. Upstreams are asked where a row depends on
//! them, and nowhere else.

use bakery_tests::{Answer, Finished, Program, Upstream};
use serde_json::Value;

use crate::world::{World, YAML};

const OS: &str =
    "os: [{name: Ubuntu 24.04, primary: true, extension: ubuntu2404, platforms: [linux/amd64, linux/arm64]}]";

/// The usual project and a matrix.
fn with_matrix(axes: &str) -> World {
    let world = World::bare();
    world.write("bakery.yaml", format!("{YAML}  - name: content\n    matrix:\n{axes}      {OS}\n"));
    // What is hashed of a row must not be this file.
    world.write(".dockerignore", "k8s\nbakery.yaml\n");
    world.write("content/matrix/Containerfile.ubuntu2404", "FROM scratch\nARG R_VERSION\nCOPY app /app\n");
    world.git(&["init", "-q"]);
    world.commit("one");
    world
}

const PINNED: &str = "      namePattern: \"R{{ Dependencies.R }}-python{{ Dependencies.python }}\"
      dependencies:
        - {dependency: R, versions: [4.4.3, 4.10.0, 4.5.1]}
        - {dependency: python, versions: [3.12.11, 3.13.7]}
";

const ASKED: &str = "      namePattern: \"R{{ Dependencies.R }}\"
      dependencyConstraints:
        - {dependency: R, constraint: {latest: true}}
";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_latest_row_is_the_development_image() {
    let world = with_matrix(PINNED);
    let clean = world.clean();
    assert_eq!(
        world.ok(&["dev", "tag"]),
        format!("connect {clean}\nworkbench {clean}\ncontent {clean}\n"),
        "a commit with a matrix proves its tag"
    );
    let answer = json(&world.ok(&["dev", "tag", "content", "--json"]));
    let content = &answer["images"]["content"];
    assert!(content["target"].as_str().unwrap().contains("r4-10-0-python3-13-7"), "{answer}");
    assert_eq!(content["references"][0], format!("ghcr.io/posit-dev/content:{clean}"));
}

#[test]
fn another_row_is_another_image() {
    let world = with_matrix(PINNED);
    let tag = |row: &str| {
        let tag = world.ok(&["dev", "tag", "content", "--image-version", row]);
        assert!(tag.starts_with(&format!("{}-", world.clean())), "{row}: {tag}");
        tag
    };
    let rows = ["R4.4.3-python3.12.11", "R4.4.3-python3.13.7", "R4.5.1-python3.13.7"].map(tag);
    assert_eq!(std::collections::BTreeSet::from(rows).len(), 3, "build arguments are in the key");
    let latest = world.ok(&["dev", "tag", "content", "--image-version", "R4.10.0-python3.13.7"]);
    assert_eq!(latest.trim_end(), world.clean());
    // A version more moves the latest row, and with it the tag, though nothing of the context changed.
    let content = ["dev", "tag", "content", "--policy", "content"];
    let before = world.ok(&content);
    world.write("bakery.yaml", world.read("bakery.yaml").replace("4.4.3,", "4.11.0,"));
    assert_ne!(world.ok(&content), before);
    let done = world.bakery(&["dev", "tag", "content"]);
    assert!(done.stderr.contains("build arguments"), "{}", done.stderr);
}

#[test]
fn a_released_version_goes_before_the_matrix() {
    let world = with_matrix(PINNED);
    let text = world.read("bakery.yaml")
        + "    versions:\n      - {name: 1.0.0, latest: true, os: [{name: Ubuntu 24.04, primary: true, extension: ubuntu2404}]}\n";
    world.write("bakery.yaml", text);
    world.write("content/1.0.0/Containerfile.ubuntu2404", "FROM scratch\n");
    let answer = json(&world.ok(&["dev", "tag", "content", "--json"]));
    assert!(answer["images"]["content"]["target"].as_str().unwrap().contains("1-0-0"), "{answer}");
}

#[test]
fn rows_of_which_none_is_the_latest_need_a_name() {
    let world = with_matrix("      values: {flavour: [sweet, sour]}\n");
    let done = world.bakery(&["dev", "tag", "content"]);
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
    assert!(
        done.stderr.contains("several rows") && done.stderr.contains("--image-version"),
        "{}",
        done.stderr
    );
    let sweet = world.ok(&["dev", "tag", "content", "--image-version", "flavoursweet"]);
    assert_ne!(sweet, world.ok(&["dev", "tag", "content", "--image-version", "flavoursour"]));
    assert_eq!(world.ok(&["dev", "tag", "connect"]).trim_end(), world.clean(), "others have theirs");
}

#[test]
fn manifests_get_the_tag_of_the_matrix() {
    let world = with_matrix(PINNED);
    world.write("k8s/content.yaml", "image: ghcr.io/posit-dev/content:R4.4.3\n");
    world.ok(&["dev", "rewrite", "k8s"]);
    assert_eq!(
        world.read("k8s/content.yaml"),
        format!("image: ghcr.io/posit-dev/content:{}\n", world.clean())
    );
    assert_eq!(world.bakery(&["dev", "check"]).code, 0);
}

fn asked(world: &World, upstream: &Upstream, arguments: &[&str]) -> Finished {
    let mirror = format!("https://cdn.posit.co/={}/", upstream.url());
    Program::bakery().cwd(&world.root).args(arguments).env("BAKERY_MIRRORS", mirror).run()
}

fn versions(upstream: &Upstream, versions: &str) {
    upstream.on("/r/versions.json", Answer::ok(format!("{{\"r_versions\": [{versions}]}}")));
}

#[test]
fn upstreams_are_asked_where_a_row_depends_on_them() {
    let world = with_matrix(ASKED);
    let upstream = Upstream::start();
    versions(&upstream, "\"4.5.1\", \"4.4.3\"");
    let tag = |arguments: &[&str]| {
        let done = asked(&world, &upstream, &[&["dev", "tag"], arguments].concat());
        assert_eq!(done.code, 0, "{}", done.stderr);
        done.stdout
    };
    // Others need no answer.
    assert_eq!(tag(&["connect"]).trim_end(), world.clean());
    assert_eq!(tag(&["--image-name", "workbench"]), format!("workbench {}\n", world.clean()));
    assert_eq!(upstream.log(), [""; 0]);
    let first = tag(&["content"]);
    assert_eq!(upstream.log(), ["GET /r/versions.json"]);
    // The answer is in the image and in no commit, so the commit alone is never the tag.
    assert!(first.starts_with(&format!("{}-", world.clean())), "{first}");
    let done = asked(&world, &upstream, &["dev", "tag", "content"]);
    assert_eq!(done.stdout, first);
    assert!(done.stderr.contains("upstreams say which versions its matrix has"), "{}", done.stderr);
    // Another answer is another image: what was locked is stale.
    assert_eq!(asked(&world, &upstream, &["dev", "tag", "--lock"]).code, 0);
    assert_eq!(asked(&world, &upstream, &["dev", "check"]).code, 0);
    versions(&upstream, "\"4.6.0\", \"4.5.1\"");
    assert_ne!(tag(&["content"]), first);
    let done = asked(&world, &upstream, &["dev", "check"]);
    assert_eq!(done.code, 15, "{}", done.stderr);
    assert!(done.stderr.contains("build arguments"), "{}", done.stderr);
}

#[test]
fn an_upstream_that_does_not_answer_is_an_error_that_says_how_to_do_without() {
    let world = with_matrix(ASKED);
    let upstream = Upstream::start();
    upstream.on("/r/versions.json", Answer::status(404, "gone"));
    for arguments in [&["dev", "tag"][..], &["dev", "tag", "content"], &["dev", "tag", "--lock"]] {
        let done = asked(&world, &upstream, arguments);
        assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
        for part in ["content", "versions.json", "404"] {
            assert!(done.stderr.contains(part), "`{part}`: {}", done.stderr);
        }
    }
    assert!(!world.path(".git/bakery/dev-lock.json").exists());
    versions(&upstream, "");
    let done = asked(&world, &upstream, &["dev", "tag", "content"]);
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
    let asked_before = upstream.log().len();
    for offline in [&["--offline"][..], &[]] {
        let mirror = format!("https://cdn.posit.co/={}/", upstream.url());
        let command = Program::bakery().cwd(&world.root).args(["dev", "tag"]).args(offline);
        let command = if offline.is_empty() { command.env("BAKERY_OFFLINE", "true") } else { command };
        let done = command.env("BAKERY_MIRRORS", mirror).run();
        assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
        assert!(done.stderr.contains("the matrix of `content`"), "{}", done.stderr);
    }
    assert_eq!(upstream.log().len(), asked_before, "offline asks nobody");
    // The others can be had.
    let done = asked(&world, &upstream, &["dev", "tag", "--image-name", "connect"]);
    assert_eq!(done.stdout, format!("connect {}\n", world.clean()), "{}", done.stderr);
}
