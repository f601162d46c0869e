//! How builders are called, argument for argument, and what is written about what they built.

use std::path::Path;

use bakery_core::{
    config::Config,
    model::Platform,
    plan::{
        Target,
        bake::{self, BakeOptions},
        build::{
            BuildSettings, BuildahBuild, BuildahImage, Entry, buildah_build, buildah_entry, buildah_layout,
            docker_bake, docker_build, document, read_bake, read_one,
        },
        publish,
    },
};
use serde_json::{Value, json};

use crate::support::{everything, images, targets};

const PLAIN: &str = r#"
  - name: test-image
    buildTarget: release
    buildSecrets: [{id: token, envVar: SET}, {id: other, envVar: UNSET}]
    matrix:
      namePattern: 'R{{ Dependencies.R }}'
      dependencies: [{dependency: R, versions: [4.5.1]}]
      values: {go: '1.25'}
      os: [{name: Ubuntu 22.04, primary: true, platforms: [linux/amd64, linux/arm64]}]
"#;

fn settings<'a>() -> BuildSettings<'a> {
    BuildSettings {
        bake: BakeOptions {
            temp_registry: None,
            cache_registry: None,
            push: false,
            created: "2026-01-02T03:04:05",
            revision: None,
            has_variable: &|name| name == "SET",
        },
        load: true,
        pull: false,
        cache: true,
    }
}

/// As in CI: one platform, pushed by digest.
fn native<'a>() -> BuildSettings<'a> {
    let mut settings = settings();
    settings.bake.temp_registry = Some("ghcr.io/posit-dev");
    settings.bake.cache_registry = Some("ghcr.io/posit-dev");
    settings.bake.push = true;
    settings.pull = true;
    settings
}

fn target(config: &Config) -> Target {
    targets(config, &everything()).remove(0)
}

/// One word per line; labels, of which other tests are, left out.
fn shown(words: &[std::ffi::OsString]) -> String {
    let words: Vec<&str> = words.iter().map(|word| word.to_str().unwrap()).collect();
    let mut lines: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let value = words.get(at + 1).filter(|_| word.starts_with("--") && !word.contains('='));
        match value.filter(|value| !value.starts_with("--")) {
            Some(value) if *word == "--label" => {
                let key = value.split('=').next().unwrap();
                if lines.last().is_none_or(|last| !last.starts_with("--label")) {
                    lines.push(format!("--label {key}=… and so on"));
                }
                at += 1;
            }
            Some(value) if !FLAGS.contains(word) => {
                lines.push(format!("{word} {value}"));
                at += 1;
            }
            _ => lines.push((*word).to_owned()),
        }
        at += 1;
    }
    lines.join("\n")
}

/// Flags without a value.
const FLAGS: [&str; 5] = ["--load", "--pull", "--push", "--no-cache", "--layers"];

#[test]
fn a_target_is_built_with_the_arguments_of_the_predecessor() {
    let config = images(PLAIN);
    let words = docker_build(&target(&config), &settings(), Path::new("/src/project"), None);
    insta::assert_snapshot!(shown(&words), @r"
    buildx
    build
    --progress plain
    --build-arg R_VERSION=4.5.1
    --build-arg GO=1.25
    --label org.opencontainers.image.created=… and so on
    --load
    --file /src/project/test-image/matrix/Containerfile.ubuntu2204
    --target release
    --secret id=token,env=SET
    --platform linux/amd64,linux/arm64
    --tag ghcr.io/example/test-image:R4.5
    --tag ghcr.io/example/test-image:R4.5-ubuntu-22.04
    --tag ghcr.io/example/test-image:R4.5.1
    --tag ghcr.io/example/test-image:R4.5.1-ubuntu-22.04
    --tag ghcr.io/example/test-image:latest
    --tag ghcr.io/example/test-image:ubuntu-22.04
    /src/project
    ");
}

#[test]
fn a_platform_is_pushed_by_digest_with_the_arguments_of_the_predecessor() {
    let config = images(PLAIN);
    let mut target = target(&config);
    target.platforms = vec![Platform::LinuxArm64];
    let metadata = Path::new("/tmp/space/uid.json");
    let words = docker_build(&target, &native(), Path::new("/src/project"), Some(metadata));
    insta::assert_snapshot!(shown(&words), @r"
    buildx
    build
    --progress plain
    --build-arg R_VERSION=4.5.1
    --build-arg GO=1.25
    --label org.opencontainers.image.created=… and so on
    --pull
    --load
    --metadata-file /tmp/space/uid.json
    --file /src/project/test-image/matrix/Containerfile.ubuntu2204
    --target release
    --cache-from type=registry,ref=ghcr.io/posit-dev/test-image/cache:R4.5.1-ubuntu-22.04-arm64
    --cache-to type=registry,ref=ghcr.io/posit-dev/test-image/cache:R4.5.1-ubuntu-22.04-arm64,mode=max,compression=zstd,oci-mediatypes=true
    --secret id=token,env=SET
    --output type=image,push-by-digest=true,name-canonical=true,push=true
    --platform linux/arm64
    --tag ghcr.io/posit-dev/test-image/tmp
    /src/project
    ");
    let mut tags = native();
    (tags.bake.temp_registry, tags.load, tags.cache) = (None, false, false);
    let words = shown(&docker_build(&target, &tags, Path::new("/p"), None));
    assert!(words.contains("\n--pull\n--push\n--file") && words.contains("\n--no-cache\n--tag"), "{words}");
    assert!(!words.contains("--output") && !words.contains("--load"), "{words}");
}

#[test]
fn a_plan_is_built_with_the_arguments_of_the_predecessor_and_read_from_standard_input() {
    let metadata = Path::new("/tmp/space/bake.json");
    insta::assert_snapshot!(shown(&docker_bake(&settings(), None, None)), @r"
    buildx
    bake
    --load
    --file -
    ");
    let platforms = [Platform::LinuxAmd64, Platform::LinuxArm64];
    let mut settings = native();
    settings.cache = false;
    insta::assert_snapshot!(shown(&docker_bake(&settings, Some(&platforms), Some(metadata))), @r"
    buildx
    bake
    --no-cache
    --load
    --pull
    --push
    --file -
    --set *.platform=linux/amd64,linux/arm64
    --set *.output=type=image,push-by-digest=true,name-canonical=true,push=true
    --metadata-file /tmp/space/bake.json
    ");
}

#[test]
fn buildah_builds_one_platform_and_writes_it_as_a_layout() {
    let config = images(PLAIN);
    let target = target(&config);
    let build = BuildahBuild {
        target: &target,
        platform: Platform::LinuxArm64,
        project: Path::new("/src/project"),
        id_file: Path::new("/tmp/space/uid.id"),
    };
    insta::assert_snapshot!(shown(&buildah_build(&build, &native())), @r"
    build
    --layers
    --build-arg R_VERSION=4.5.1
    --build-arg GO=1.25
    --label org.opencontainers.image.created=… and so on
    --pull=always
    --file /src/project/test-image/matrix/Containerfile.ubuntu2204
    --target release
    --cache-from ghcr.io/posit-dev/test-image/cache
    --cache-to ghcr.io/posit-dev/test-image/cache
    --secret id=token,env=SET
    --platform linux/arm64
    --iidfile /tmp/space/uid.id
    --tag ghcr.io/posit-dev/test-image/tmp
    /src/project
    ");
    insta::assert_snapshot!(shown(&buildah_layout("sha256:1", Path::new("/tmp/space/l"))), @r"
    push
    sha256:1
    oci:/tmp/space/l
    ");
}

#[test]
fn no_value_becomes_a_flag_or_a_field_of_another_one() {
    let config = images(
        "  - {name: x, description: '--push', buildSecrets: [{id: a, envVar: SET}], versions: [{name: 1.0.0}]}\n",
    );
    let mut target = target(&config);
    target.args = vec![("A".to_owned(), "--output=type=local,dest=/".to_owned())];
    target.secrets[0].id = "a,src=/etc/shadow\"".to_owned();
    let words = docker_build(&target, &settings(), Path::new("/p"), None);
    let words: Vec<&str> = words.iter().map(|word| word.to_str().unwrap()).collect();
    let after = |flag: &str| words[words.iter().position(|word| *word == flag).unwrap() + 1];
    assert_eq!(after("--build-arg"), "A=--output=type=local,dest=/");
    assert_eq!(after("--secret"), "\"id=a,src=/etc/shadow\"\"\",env=SET");
    assert!(words.iter().all(|word| *word != "--push" && !word.starts_with("--output")), "{words:?}");
}

#[test]
fn no_text_of_a_plan_can_be_evaluated() {
    let hostile = "${upper(HOME)} $${x} %{ if true }a%{ endif } $(id) $HOME";
    let config = images(&format!("  - {{name: x, description: '{hostile}', versions: [{{name: 1.0.0}}]}}\n"));
    let mut target = target(&config);
    target.args = vec![("A${b}".to_owned(), "%%{x}".to_owned())];
    target.build_target = Some("${stage}".to_owned());
    let plan = bake::plan(&[target], &settings().bake).plan;
    let made = &plan["target"]["x-1-0-0"];
    assert_eq!(
        made["labels"]["org.opencontainers.image.description"],
        "$${upper(HOME)} $$${x} %%{ if true }a%%{ endif } $(id) $HOME"
    );
    assert_eq!(made["args"], json!({"A$${b}": "%%%{x}"}));
    assert_eq!(made["target"], "$${stage}");
    // What is left when every escape is taken away holds no beginning of a template.
    let bare = plan.to_string().replace("$${", "").replace("%%{", "");
    assert!(!bare.contains("${") && !bare.contains("%{"), "{bare}");
}

fn entry(text: &str) -> Entry {
    read_one(text.as_bytes()).unwrap()
}

#[test]
fn the_builder_s_words_are_kept_and_bakery_s_own_stand_beside_them() {
    let config = images("  - {name: x, versions: [{name: 1.0.0}, {name: 2.0.0}]}\n");
    let targets = targets(&config, &everything());
    let said = json!({
        "buildx.build.warnings": [1],
        "x-2-0-0": { "image.name": "n", "x.future": { "a": [null] } },
        "x-1-0-0": { "bakery.target": "not ours" },
        "stray": {},
    });
    let (entries, beside) = read_bake(said.to_string().as_bytes(), &targets).unwrap();
    assert_eq!(entries.iter().map(|(uid, _)| uid.as_str()).collect::<Vec<_>>(), ["x-1-0-0", "x-2-0-0"]);
    let of = |uid: &str| entries.iter().find(|(of, _)| of == uid).map(|(_, entry)| entry);
    let built = targets.iter().filter_map(|target| Some((target, of(&target.uid)?)));
    let document = document(built, &beside).unwrap();
    assert_eq!(
        document,
        json!({
            "x-1-0-0": { "bakery.target": { "image": "x", "version": "1.0.0" } },
            "x-2-0-0": {
                "image.name": "n", "x.future": { "a": [null] },
                "bakery.target": { "image": "x", "version": "2.0.0" },
            },
            "buildx.build.warnings": [1],
            "stray": {},
        })
    );
    for bad in ["", "[]", "{", "3"] {
        assert!(read_one(bad.as_bytes()).is_err() && read_bake(bad.as_bytes(), &targets).is_err(), "{bad}");
    }
    let nothing = bakery_core::plan::build::document([], &beside);
    assert_eq!(nothing, None, "nothing was built, so that there is nothing to publish");
}

#[test]
fn what_buildah_built_is_published_as_what_docker_built_would_be() {
    const YAML: &str = "
  - name: app
    versions: [{name: 1.0.0, os: [{name: Ubuntu 24.04, primary: true}]}]
    devVersions:
      - {sourceType: channel, product: connect, channel: daily, os: [{name: Ubuntu 24.04, primary: true}]}
  - name: row
    matrix:
      dependencyConstraints: [{dependency: R, constraint: {latest: true, count: 2}}]
      namePattern: 'R{{ Dependencies.R }}'
      os: [{name: Ubuntu 24.04}]
";
    let config = images(YAML);
    let targets = targets(&config, &everything());
    let bake = BakeOptions { temp_registry: Some("r.example/t"), revision: Some("c0ffee"), ..native().bake };
    let entries: Vec<(String, Entry)> = targets
        .iter()
        .enumerate()
        .map(|(at, target)| {
            let digest = format!("sha256:{at:064x}").parse().unwrap();
            let image = BuildahImage {
                platform: Platform::LinuxAmd64,
                config: format!("sha256:{:064x}", 7),
                manifest: Some((digest, "application/vnd.oci.image.manifest.v1+json".to_owned(), 571)),
                created: "2026-01-02T03:04:05Z".to_owned(),
            };
            (target.uid.clone(), buildah_entry(target, &image, &bake))
        })
        .collect();
    let built = targets.iter().zip(entries.iter().map(|(_, entry)| entry));
    let text = document(built, &Entry::new()).unwrap().to_string();
    let file = publish::read("m.json", text.as_bytes()).unwrap();
    let options = publish::PublishOptions {
        temp_registry: Some("r.example/t"),
        image_name: None,
        dev_channel: None,
        pins: &[],
        revision: None,
        staged: false,
        goal: publish::Goal::Publish,
    };
    let plan = publish::plan(&config, &[file], &options).unwrap();
    assert_eq!(plan.warnings, Vec::<String>::new());
    assert_eq!(plan.targets.len(), targets.len());
    for target in &targets {
        let published = plan.targets.iter().find(|one| one.uid == target.uid).unwrap();
        let mut references: Vec<String> = published
            .destinations
            .iter()
            .flat_map(|one| one.tags().map(move |tag| format!("{}:{tag}", one.repository)))
            .collect();
        references.sort();
        assert_eq!(references, target.references, "{}", target.uid);
        let revision = ("org.opencontainers.image.revision".to_owned(), "c0ffee".to_owned());
        assert!(published.annotations.contains(&revision), "{:?}", published.annotations);
    }
}

#[test]
fn what_a_build_says_about_its_target_is_read_back_as_it_was() {
    let config = images(
        "  - name: app
    variants: [{name: Minimal}]
    devVersions:
      - {sourceType: channel, product: connect, channel: daily, os: [{name: Ubuntu 24.04}]}
    versions: [{name: 1.0.0}]
  - name: row
    matrix: {dependencies: [{dependency: R, versions: [4.5.1, 4.4.3]}], namePattern: 'R{{ Dependencies.R }}'}
",
    );
    let targets = targets(&config, &everything());
    let nothing = entry("{}");
    let text = document(targets.iter().map(|target| (target, &nothing)), &Entry::new()).unwrap().to_string();
    let file = publish::read("m.json", text.as_bytes()).unwrap();
    let said: Vec<Value> = targets.iter().map(|target| target.built.to_json()).collect();
    assert!(said.contains(&json!({
        "image": "app", "version": "2026.05.0-dev+7", "variant": "Minimal", "os": "Ubuntu 24.04",
        "channel": "daily", "channelLatest": true,
    })));
    assert!(said.contains(&json!({
        "image": "row", "version": "R4.4.3", "latest": false, "latestPatch": true, "dependencies": {"R": "4.4.3"},
    })));
    assert!(said.contains(&json!({ "image": "app", "version": "1.0.0", "variant": "Minimal" })));
    let read: Vec<_> = file.entries.iter().map(|entry| entry.built.clone().unwrap()).collect();
    assert_eq!(read, targets.iter().map(|target| target.built.clone()).collect::<Vec<_>>());
}
