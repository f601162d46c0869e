//! `bakery dev tag`: what it prints, and what it writes where asked.

use std::fs;

use serde_json::Value;

use crate::world::World;

#[test]
fn there_is_one_line_for_each_image() {
    let world = World::new();
    let tag = world.clean();
    assert_eq!(world.ok(&["dev", "tag"]), format!("connect {tag}\nworkbench {tag}\n"));
    assert_eq!(world.ok(&["dev", "tag", "connect"]), format!("{tag}\n"));
    let done = world.bakery(&["dev", "tag", "nothing"]);
    assert_eq!((done.code, done.stdout.as_str()), (1, ""));
    assert!(done.stderr.contains("connect, workbench"), "{}", done.stderr);
}

#[test]
fn json_is_one_object_with_everything() {
    let world = World::new();
    let answer: Value = serde_json::from_str(&world.ok(&["dev", "tag", "--json"])).unwrap();
    assert_eq!(answer["version"], 1);
    assert_eq!(answer["commit"], world.head());
    let connect = &answer["images"]["connect"];
    assert_eq!(connect["clean"], true);
    assert_eq!(connect["key"].as_str().unwrap().len(), 64);
    assert_eq!(connect["references"][0], format!("ghcr.io/posit-dev/connect:{}", world.clean()));
    world.write("app/data", "2");
    let answer: Value = serde_json::from_str(&world.ok(&["dev", "tag", "connect", "--json"])).unwrap();
    assert_eq!(answer["images"]["connect"]["changed"], "`app/data` is not the commit's");
    assert_eq!(answer["images"].as_object().unwrap().len(), 1);
}

#[test]
fn what_is_not_built_by_default_never_has_the_commit_s_tag() {
    let world = World::new();
    let mut seen = vec![world.clean()];
    for flags in [
        ["--image-version", "1.0.0"].as_slice(),
        &["--image-variant", "Minimal"],
        &["--image-platform", "amd64", "--image-platform", "arm64"],
    ] {
        let tag = world.ok(&[&["dev", "tag", "connect"], flags].concat()).trim_end().to_owned();
        assert!(tag.starts_with(&format!("{}-", world.clean())), "{tag}");
        assert!(tag.len() <= 63);
        assert!(!seen.contains(&tag), "{tag}");
        seen.push(tag);
    }
}

#[test]
fn the_plain_file_is_written_over_an_older_one_and_never_with_a_wrong_tag() {
    let world = World::new();
    let folder = world.root.with_file_name("config");
    let file = folder.join(".dev-image-tag");
    let asked = ["dev", "tag", "--config-dir", folder.to_str().unwrap()];
    fs::create_dir(&folder).unwrap();
    fs::write(&file, "dev-0000000\nand more").unwrap();
    world.ok(&asked);
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{}\n", world.clean()));
    // Two images with two tags: there is no one tag to write.
    world.write("app/data", "2");
    assert_eq!(world.bakery(&asked).code, 1);
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{}\n", world.clean()));
    let tag = world.ok(&["dev", "tag", "connect", "--config-dir", folder.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(&file).unwrap(), tag);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_project_below_the_worktree_has_its_own_prefix_and_lock() {
    let world = World::new();
    fs::create_dir(world.path("inner")).unwrap();
    for name in ["bakery.yaml", "app", "connect", "workbench", "k8s", ".dockerignore"] {
        fs::rename(world.path(name), world.path("inner").join(name)).unwrap();
    }
    world.commit("moved");
    let tag = world.ok(&["dev", "tag", "connect", "--context", "inner", "--lock"]);
    assert_eq!(tag.trim_end(), world.clean());
    assert!(world.path(".git/bakery/inner/dev-lock.json").is_file());
    assert!(!world.path("inner/.bakery").exists());
}
