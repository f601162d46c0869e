//! Builds that fail: what is told, what is tried again, what is kept of the others.

use serde_json::Value;

use crate::world::{SAY_ONE, World};

const REFUSED: &str =
    "ERROR: failed to solve: process \"/bin/sh -c make\" did not complete successfully: exit code: 2";
const BROKEN: &str =
    "ERROR: failed to do request: Head \"https://r.example/v2/\": dial tcp: connection reset by peer";

/// Fails `app-1-0-1` with these words, every time or the first time.
fn failing(words: &str, only_first: bool) -> String {
    let condition = if only_first { "[ ! -e \"$notes/failed\" ]" } else { "true" };
    format!(
        "if [ \"$uid\" = app-1-0-1 ] && {condition}; then
            touch \"$notes/failed\"
            echo '#7 [2/3] RUN make' >&2
            echo '{words}' >&2
            exit 1
        fi\n{SAY_ONE}"
    )
}

const EACH: [&str; 4] = ["--strategy", "build", "--metadata-file", "m.json"];

#[test]
fn a_target_that_fails_costs_the_others_nothing_and_is_told_once() {
    let world = World::new(3, &failing(REFUSED, false));
    world.project.write("m.json", "{\"old\": {}}");
    let done = world.run(&EACH);
    assert_eq!(done.code, 1, "{}", done.stderr);
    let errors: Vec<&str> = done.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{}", done.stderr);
    assert!(
        errors[0].starts_with("error: [app-1-0-1] `docker` failed with exit code 1: ERROR: failed to solve")
    );
    assert!(done.stderr.contains("\n  | #7 [2/3] RUN make\n"), "{}", done.stderr);
    assert!(done.stderr.contains("3 targets: 2 built, 1 failed"), "{}", done.stderr);
    let metadata: Value =
        serde_json::from_slice(&std::fs::read(world.project.path().join("m.json")).unwrap()).unwrap();
    assert_eq!(metadata.as_object().unwrap().keys().collect::<Vec<_>>(), ["app-1-0-0", "app-1-0-2"]);
}

#[test]
fn metadata_of_an_earlier_build_are_not_left_where_nothing_was_built() {
    let world = World::new(1, "exit 1");
    world.project.write("m.json", "{\"old\": {}}");
    assert_eq!(world.run(&EACH).code, 1);
    assert!(!world.project.path().join("m.json").exists());
}

#[test]
fn a_step_that_fails_is_not_tried_again_and_a_lost_connection_is() {
    let world = World::new(3, &failing(REFUSED, false));
    let done = world.run(&[&EACH[..], &["--retry", "3"]].concat());
    assert_eq!((done.code, world.calls().len()), (1, 3), "{}", done.stderr);
    let world = World::new(3, &failing(BROKEN, true));
    let done = world.run(&[&EACH[..], &["--retry", "1"]].concat());
    assert_eq!((done.code, world.calls().len()), (0, 4), "{}", done.stderr);
    assert!(done.stderr.contains("[app-1-0-1] docker: `docker` failed"), "{}", done.stderr);
    let world = World::new(2, &failing(BROKEN, false));
    let done = world.run(&EACH);
    assert_eq!((done.code, world.calls().len()), (11, 2), "another run may succeed: {}", done.stderr);
}

#[test]
fn with_fail_fast_nothing_begins_after_a_failure() {
    let world = World::new(6, &failing(REFUSED, false));
    let done = world.run(&[&EACH[..], &["--fail-fast", "--jobs", "1"]].concat());
    assert_eq!((done.code, world.calls().len()), (1, 2), "{}", done.stderr);
    assert!(done.stderr.contains("6 targets: 1 built, 1 failed, 4 not begun"), "{}", done.stderr);
}

#[test]
fn a_plan_that_fails_is_told_once_with_its_last_lines_also_to_those_who_want_errors_alone() {
    let world =
        World::new(3, &format!("cat > /dev/null; echo 'the last word' >&2; echo '{REFUSED}' >&2; exit 1"));
    let done = world.run(&["--metadata-file", "m.json", "-q"]);
    assert_eq!(done.code, 1);
    assert_eq!(done.stderr.matches("error: ").count(), 1, "{}", done.stderr);
    assert!(done.stderr.contains("  | the last word"), "{}", done.stderr);
    assert!(!world.project.path().join("m.json").exists());
    assert_eq!(world.litter(), Vec::<String>::new());
}

#[test]
fn on_github_lines_are_folded_and_a_failure_is_one_annotation() {
    let hostile = "echo '::error::from the build' >&2; printf '\\033[2Jx\\n'";
    let world = World::new(2, &format!("{hostile}\n{}", failing(REFUSED, false)));
    let done = world.build(&EACH).env("GITHUB_ACTIONS", "true").env("MY_TOKEN", "x").run();
    assert_eq!(done.code, 1);
    // What is doubtful in the project is told before.
    let is_command = |line: &&str| line.trim_start().starts_with("::") && !line.starts_with("::warning ");
    let commands: Vec<&str> = done.stderr.lines().filter(is_command).collect();
    assert_eq!(commands[..2], ["::group::build", "::endgroup::"], "{commands:?}");
    assert_eq!(commands.len(), 3, "{commands:?}");
    assert!(commands[2].starts_with("::error title=app-1-0-1::[app-1-0-1] `docker` failed"), "{commands:?}");
    assert!(!done.stderr.contains('\u{1b}'), "{}", done.stderr);
}

#[test]
fn a_builder_that_says_nothing_about_what_it_built_has_failed() {
    let world = World::new(1, "");
    let done = world.run(&EACH);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("did not say what it built"), "{}", done.stderr);
}
