//! How builders are called, and what is made of what they say.

use serde_json::{Value, json};

use crate::world::{SAY_ONE, World};

fn read(world: &World, name: &str) -> Value {
    let text = std::fs::read(world.project.path().join(name)).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn a_plan_is_built_with_one_command_that_reads_it() {
    let say = r#"
cat > "$notes/plan"
pwd > "$notes/folder"
printf '{"app-1-0-1": {"image.name": "n"}, "app-1-0-0": {"x": 1}, "buildx.build.warnings": []}' > "$metadata"
"#;
    let world = World::new(2, say);
    let done = world.run(&["--metadata-file", "m.json", "--image-platform", "amd64", "--pull"]);
    assert_eq!((done.code, done.stdout.as_str()), (0, ""), "{}", done.stderr);
    let calls = world.calls();
    assert_eq!(calls.len(), 1, "no second command, neither before nor after: {calls:?}");
    let words = ["buildx", "bake", "--load", "--pull", "--file", "-", "--set", "*.platform=linux/amd64"];
    assert_eq!(calls[0][..8], words);
    assert_eq!(calls[0][8], "--metadata-file");
    let plan: Value = serde_json::from_str(&world.note("plan")).unwrap();
    let printed = world.run(&["--plan", "--image-platform", "amd64"]);
    let mut printed: Value = serde_json::from_str(&printed.stdout).unwrap();
    for uid in ["app-1-0-0", "app-1-0-1"] {
        let key = "org.opencontainers.image.created";
        printed["target"][uid]["labels"][key] = plan["target"][uid]["labels"][key].clone();
    }
    assert_eq!(plan, printed, "what is printed is what is built");
    let folder = world.project.path().canonicalize().unwrap();
    assert_eq!(world.note("folder").trim_end(), folder.to_str().unwrap());
    let target = |version: &str| json!({ "image": "app", "version": version });
    assert_eq!(
        read(&world, "m.json"),
        json!({
            "app-1-0-0": { "x": 1, "bakery.target": target("1.0.0") },
            "app-1-0-1": { "image.name": "n", "bakery.target": target("1.0.1") },
            "buildx.build.warnings": [],
        })
    );
    assert_eq!(world.litter(), Vec::<String>::new());
}

#[test]
fn each_target_is_built_with_a_command_of_its_own() {
    let world = World::new(3, SAY_ONE);
    let done = world.run(&[
        "--strategy",
        "build",
        "--push",
        "--temp-registry",
        "r.example/t",
        "--metadata-file",
        "m.json",
        "-q",
    ]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    let calls = world.calls();
    assert_eq!(calls.len(), 3);
    for call in &calls {
        assert!(call.contains(&"type=image,push-by-digest=true,name-canonical=true,push=true".to_owned()));
        assert!(!call.contains(&"--push".to_owned()) && call.contains(&"r.example/t/app/tmp".to_owned()));
    }
    let metadata = read(&world, "m.json");
    let uids: Vec<&String> = metadata.as_object().unwrap().keys().collect();
    assert_eq!(uids, ["app-1-0-0", "app-1-0-1", "app-1-0-2"]);
    assert_eq!(metadata["app-1-0-2"]["image.name"], "app-1-0-2");
    assert_eq!(metadata["app-1-0-2"]["x.future"], 1);
}

#[test]
fn a_builder_gets_a_documented_environment_and_the_secrets_that_are_set() {
    let world = World::new(1, "env > \"$notes/env\"");
    let builder = |secret: bool| {
        let mut command = world.build(&["--strategy", "build", "--push", "--temp-registry", "r.example/t"]);
        for (name, value) in [
            ("DOCKER_HOST", "unix:///nowhere"),
            ("BUILDX_BUILDER", "b"),
            ("BUILDX_BAKE_ENTITLEMENTS_FS", "0"),
            ("GITHUB_TOKEN", "canary"),
            ("LD_PRELOAD_NOT", "canary"),
            ("GIT_SSH_COMMAND", "canary"),
        ] {
            command = command.env(name, value);
        }
        if secret { command.env("MY_TOKEN", "the secret") } else { command }
    };
    let done = builder(true).run();
    assert_eq!(done.code, 0, "{}", done.stderr);
    let env = world.note("env");
    for line in [
        "DOCKER_HOST=unix:///nowhere",
        "BUILDX_BUILDER=b",
        "MY_TOKEN=the secret",
        "BUILDX_NO_DEFAULT_ATTESTATIONS=1",
    ] {
        assert!(env.lines().any(|have| have == line), "{line} is not in\n{env}");
    }
    assert!(!env.contains("canary") && !env.contains("ENTITLEMENTS"), "{env}");
    assert!(world.calls()[0].contains(&"id=token,env=MY_TOKEN".to_owned()));
    assert!(!world.note("calls").contains("the secret") && !done.stderr.contains("the secret"));
    let done = builder(false).run();
    assert_eq!(done.stderr.matches("the build secret `token`").count(), 1, "{}", done.stderr);
    assert!(!world.calls()[1].iter().any(|word| word.contains("token")));
}

#[test]
fn what_builds_is_docker_where_it_has_its_plugin_and_else_buildah() {
    let world = World::new(1, "");
    world.program("docker", "#!/bin/sh\necho 'docker: unknown command: docker buildx' >&2\nexit 1\n");
    let buildah = format!(
        "#!/bin/sh\necho \"$1\" >> '{}/buildah'\nfor w in \"$@\"; do [ \"$p\" = --iidfile ] && echo sha256:1 > \"$w\"; p=$w; done\n",
        world.notes().display()
    );
    world.program("buildah", &buildah);
    let done = world.run(&[]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(
        done.stderr.contains("building with buildah, because docker has no working plugin"),
        "{}",
        done.stderr
    );
    assert_eq!(world.note("buildah"), "build\n");
    let done = world.run(&["--builder", "docker"]);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("--builder buildah"), "{}", done.stderr);
    // A program where anybody could have put it is none.
    let open = world.place.path().join("bin");
    std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let done = world.build(&["--builder", "buildah"]).env("PATH", &open).run();
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("anybody may put a program"), "{}", done.stderr);
    let done = world.build(&[]).env("PATH", "/nowhere").run();
    assert!(done.code == 1 && done.stderr.contains("there is nothing to build with"), "{}", done.stderr);
}

#[test]
fn a_summary_counts_what_was_selected_and_never_fails_a_build() {
    let nothing = "if [ -n \"$metadata\" ]; then echo '{}' > \"$metadata\"; else exit 1; fi";
    let world = World::new(2, nothing);
    let done = world.run(&["--summary", "--summary-format", "json", "--cache-registry", "r.example/c", "-q"]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    let summary: Value = serde_json::from_str(&done.stdout).unwrap();
    let keys: Vec<&String> = summary.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "build_targets",
            "platform_builds",
            "registry_tags",
            "registry_size_bytes",
            "local_size_bytes",
            "cache_size_bytes",
            "targets"
        ]
    );
    assert_eq!((&summary["build_targets"], &summary["local_size_bytes"]), (&json!(2), &Value::Null));
    assert_eq!(summary["targets"][0]["cache_ref"], "r.example/c/app/cache:1.0.0-amd64");
    let sizes = "if [ \"$1 $2\" = 'image inspect' ]; then printf '11\\n22\\n'; fi";
    let world = World::new(2, &format!("{sizes}\n{}", SAY_ONE.replace("$uid", "x")));
    let done = world.run(&["--strategy", "build", "--summary", "--summary-format", "json"]);
    let summary: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(summary["local_size_bytes"], 33, "{}", done.stderr);
    let failing = World::new(1, "exit 1");
    let done = failing.run(&["--summary", "--summary-format", "json"]);
    assert_eq!(done.code, 1);
    assert_eq!(serde_json::from_str::<Value>(&done.stdout).unwrap()["build_targets"], 1);
}

#[test]
fn the_plan_is_kept_only_where_the_user_wants_it() {
    let world = World::new(1, "cat > /dev/null");
    assert_eq!(world.run(&["--no-clean"]).code, 0);
    assert_eq!(world.litter(), [".bakery-bake.json"]);
    assert!(read(&world, ".bakery-bake.json")["target"]["app-1-0-0"].is_object());
}
