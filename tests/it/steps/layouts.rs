//! Steps that work on image layouts: out of a registry, through a program, and back.

use serde_json::json;

use super::{
    house::words,
    scene::Scene,
    workshop::{ask, grant, run, spaces},
};

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn an_image_goes_out_through_a_program_and_comes_back() {
    let scene = Scene::new();
    let mut options = ask(json!([]));
    options["deed"] = "round-trip".into();
    options["references"] = json!([scene.source()]);
    options["repository"] = scene.at("team/app").into();
    let told = words(&run(&scene, &options, grant(&scene, "cp -r src out"), Some(64 * MIB)).await.unwrap());
    let digest = scene.target.plan.source(0);
    assert_eq!(
        told,
        [format!("ok {digest}"), "ok the program".to_owned(), format!("ok {digest} mounted 11 sent 0"),]
    );
    assert!(scene.registry.manifest("team/app", digest.as_str()).is_some());
    assert_eq!(spaces(&scene), [""; 0]);
}

#[tokio::test]
async fn what_a_program_breaks_does_not_come_back() {
    for (script, words_of_failure) in [
        ("cp -r src out; echo x >> out/index.json", "`index.json` that is none"),
        ("cp -r src out; for f in out/blobs/sha256/*; do echo x > $f; done", "its descriptor says"),
        ("mkdir out; ln -s ../src/blobs out/blobs; cp src/*.json src/oci-layout out", "in the scratch space"),
        ("ln -s /etc out", "in the scratch space"),
        ("cp -r src out; rm out/oci-layout; mkfifo out/oci-layout", "in the scratch space"),
        ("true", "in the scratch space"),
    ] {
        let scene = Scene::new();
        let mut options = ask(json!([]));
        options["deed"] = "round-trip".into();
        options["references"] = json!([scene.source()]);
        options["repository"] = scene.at("team/app").into();
        let told = words(&run(&scene, &options, grant(&scene, script), Some(64 * MIB)).await.unwrap());
        assert!(told[2].starts_with("failed ") && told[2].contains(words_of_failure), "{script}: {told:?}");
        assert!(scene.asked("team/app").is_empty(), "{script}");
        assert_eq!(spaces(&scene), [""; 0]);
    }
}

#[tokio::test]
async fn a_step_without_a_scratch_space_has_no_layouts() {
    let scene = Scene::new();
    let denied = "failed FailureKind::Denied: `misbehaving-step` may not run `image-layout`: this step has no scratch space: only a step that works with programs on images has one";
    let export = json!({"deed": "export", "references": [scene.source()], "path": "out"});
    assert_eq!(scene.told(export).await, [denied]);
    let import = json!({"deed": "import", "repository": scene.at("team/app"), "path": "out"});
    assert_eq!(scene.told(import).await, [denied]);
}

#[tokio::test]
async fn paths_and_names_are_read_strictly_and_grants_hold() {
    let scene = Scene::new();
    let (source, app, secret) = (scene.source(), scene.at("team/app"), scene.at("team/secret"));
    let digest = scene.target.plan.source(0);
    let asked = |deed: &str, key: &str, name: &str, path: &str| {
        let mut options = json!({"deed": deed, "path": path, "references": [name]});
        options[key] = if key == "references" { json!([name]) } else { name.into() };
        options
    };
    let elsewhere = format!("{secret}@{digest}");
    for (options, words_of_failure) in [
        (asked("export", "references", &source, "../out"), "contains `..`"),
        (asked("export", "references", &source, "/tmp/out"), "is an absolute path"),
        (asked("export", "references", &source, ""), "is an empty path"),
        (asked("export", "references", &source, "."), "Conflict"),
        (asked("export", "references", &source, "a\nb"), "control character"),
        (asked("export", "references", "ubuntu:24.04", "out"), "not written in full"),
        (asked("export", "references", &elsewhere, "out"), "may not read"),
        (asked("import", "repository", &app, "../out"), "contains `..`"),
        (asked("import", "repository", "ubuntu", "out"), "not written in full"),
        (asked("import", "repository", &secret, "out"), "may not write"),
        (asked("import", "repository", &app, "out"), "NotFound"),
    ] {
        let told = words(&run(&scene, &options, grant(&scene, "true"), Some(MIB)).await.unwrap());
        assert!(told[0].starts_with("failed ") && told[0].contains(words_of_failure), "{options}: {told:?}");
    }
    assert!(scene.asked("team/secret").is_empty());
    assert_eq!(spaces(&scene), [""; 0]);
}
