//! What went wrong in the design that this one comes from, one row after another, and the test that keeps it from coming
//! back. A row that has its test elsewhere has none here.
//!
//! | row | what went wrong | test |
//! |---|---|---|
//! | 1 | what was built dirty had the clean tag for ever | here; `real`: `no_tag_ever_names_two_images`, `turns` |
//! | 2 | a new commit refreshed nothing | here |
//! | 3 | two lists, of what is built and of what is rewritten, did not agree | `rewrite`: `what_does_not_fit_together_…` |
//! | 4 | a digest stayed beside the new tag, and won | here |
//! | 5 | `latest` was not rewritten | here |
//! | 6 | what was rewritten once was not found again | `rewrite`: `manifests_get_the_locked_tags_…`; the corpus of the crate |
//! | 7 | names without borders; Helm, JSON and templates left alone without a word | here; templates: `rewrite` |
//! | 8 | git looked where the shell stood, or where a hook said | `git`: `the_environment_of_a_hook_…` |
//! | 9 | whatever git said, the tag was `latest` | `git`: all of it; `real`: `a_repository_of_another_user_…` |
//! | 10 | a stop between two files left them apart | `check`: `a_rewrite_that_was_killed_…`; `real`: `kill` |
//! | 11 | what failed was a warning | here; imports: `real` |
//! | 12, 13 | an import said that it went well, and looked at one node | `real`: the cases of clusters |
//! | 14 | nothing was ever removed | `real`: `prune_removes_only_…` |
//! | 15 | tags had as many digits as git liked | here |

use std::os::unix::fs::PermissionsExt as _;

use bakery_tests::Program;
use serde_json::Value;

use crate::world::{World, bakery, write};

#[test]
fn row_1_what_is_dirty_never_has_the_tag_of_the_commit() {
    let world = World::new();
    let second = world.second();
    let clean = world.clean();
    world.write("app/data", "dirty");
    world.ok(&["dev", "tag", "--lock"]);
    world.ok(&["dev", "rewrite", "k8s"]);
    assert!(!world.read("k8s/app.yaml").contains(&format!(":{clean}\n")), "{}", world.read("k8s/app.yaml"));
    assert!(world.tag().starts_with(&format!("{clean}-")));
    // The clean tree beside it has the tag, and keeps it.
    assert_eq!(bakery(&second, &["dev", "tag", "connect"]).stdout.trim_end(), clean);
    // The same edit is the same image, another one is another.
    write(&second, "app/data", "dirty");
    assert_eq!(bakery(&second, &["dev", "tag", "connect"]).stdout.trim_end(), world.tag());
    write(&second, "app/data", "dirtier");
    assert_ne!(bakery(&second, &["dev", "tag", "connect"]).stdout.trim_end(), world.tag());
}

#[test]
fn row_2_a_new_commit_makes_lock_and_manifests_stale() {
    let world = World::new();
    world.ok(&["dev", "tag", "--lock"]);
    world.ok(&["dev", "rewrite", "k8s"]);
    let first = world.clean();
    world.write("app/data", "2");
    world.commit("two");
    let done = world.bakery(&["dev", "check"]);
    assert_eq!(done.code, 15, "{}", done.stderr);
    assert!(done.stderr.contains("bakery dev tag --lock"), "{}", done.stderr);
    world.ok(&["dev", "tag", "--lock"]);
    assert_eq!(world.bakery(&["dev", "check"]).code, 15, "the manifests have the tag before");
    world.ok(&["dev", "rewrite", "k8s"]);
    assert_eq!(world.bakery(&["dev", "check"]).code, 0);
    let manifest = world.read("k8s/app.yaml");
    assert!(manifest.contains(&world.clean()) && !manifest.contains(&first), "{manifest}");
}

#[test]
fn rows_4_5_and_7_references_are_read_and_replaced_whole() {
    let world = World::new();
    let digest = format!("sha256:{}", "a".repeat(64));
    let own = "ghcr.io/posit-dev/connect";
    let text = format!(
        "image: {own}:1.0@{digest}\n---\nimage: {own}@{digest}\n---\nimage: {own}:latest\n---\nimage: {own}\n---\n\
         image: {own}:1234567-alpine\n---\nimage: {own}:v1.2.3\n---\nimage: {own}:dev-0123456\n---\n\
         image:\n  repository: {own}\n  tag: v1.2.3\n  digest: {digest}\n---\nimage: ghcr.io/posit-dev/workbench:2\n"
    );
    let others = format!(
        "---\nimage: mirror.example.com/{own}:1.0\n---\nimage: {own}-extra:1.0\n---\nimage: x{own}:1.0\n"
    );
    world.write("k8s/app.yaml", text + &others);
    world.write("k8s/app.json", format!("{{\"spec\": {{\"image\": \"{own}:1.0\"}}}}"));
    world.ok(&["dev", "rewrite", "k8s"]);
    let tag = world.clean();
    let one = format!("image: {own}:{tag}\n---\n");
    let pair = format!("image:\n  repository: {own}\n  tag: {tag}\n  digest: \"\"\n---\n");
    let want = one.repeat(7) + &pair + &format!("image: ghcr.io/posit-dev/workbench:{tag}\n") + &others;
    assert_eq!(world.read("k8s/app.yaml"), want);
    assert_eq!(world.read("k8s/app.json"), format!("{{\"spec\": {{\"image\": \"{own}:{tag}\"}}}}"));
    assert_eq!(world.ok(&["dev", "rewrite", "k8s"]), "");
}

/// A builder that has no image and cannot make one.
const FAILS: &str = "#!/bin/sh
case \"$1\" in
inspect) echo 'image not known' >&2; exit 125 ;;
build) echo \"$*\" >> \"$BUILDAH_TEST_LOG\"; echo 'Error: building at STEP \"RUN x\": exit status 1' >&2; exit 1 ;;
esac
exit 0
";

#[test]
fn row_11_a_build_that_fails_ends_the_command_and_is_never_said_to_be_there() {
    let world = World::new();
    let folder = world.root.with_file_name("bin");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("buildah"), FAILS).unwrap();
    std::fs::set_permissions(folder.join("buildah"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let log = folder.join("log");
    let run = |arguments: &[&str]| {
        let command = Program::bakery().cwd(&world.root).args(arguments).env("PATH", &path);
        command.env("HOME", &folder).env("BUILDAH_TEST_LOG", &log).run()
    };
    let done = run(&["dev", "build", "--store", "buildah"]);
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
    assert!(done.stderr.contains("exit status 1"), "{}", done.stderr);
    assert_eq!(std::fs::read_to_string(&log).unwrap().lines().count(), 1, "nothing follows a failure");
    let lock: Value =
        serde_json::from_slice(&std::fs::read(world.path(".git/bakery/dev-lock.json")).unwrap()).unwrap();
    assert!(!lock.to_string().contains("\"built\""), "{lock}");
}

#[test]
fn row_15_a_tag_has_twelve_digits_of_the_commit_whatever_git_shows() {
    for format in ["sha1", "sha256"] {
        let world = World::bare();
        world.git(&["init", "-q", &format!("--object-format={format}")]);
        world.commit("one");
        for digits in ["4", "40"] {
            world.git(&["config", "core.abbrev", digits]);
            let tag = world.tag();
            assert_eq!(tag, format!("dev-{}", &world.head()[..12]), "{format} {digits}");
        }
    }
}
