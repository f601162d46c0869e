//! Ctrl-C, SIGTERM, SIGKILL: nothing that was started is left, nothing lies in the project, and what was built is known.

use std::time::Instant;

use crate::world::{SAY_ONE, SOON, World, until_gone};

/// The first target is built, the second never ends, and has a child that left its session and ignores SIGTERM.
fn stuck() -> String {
    format!(
        r#"
if [ "$uid" = app-1-0-1 ] || [ "$2" = bake ]; then
    trap '' TERM
    setsid sh -c 'trap "" TERM; echo $$ > "$0/child"; sleep 600' "$notes" &
    while [ ! -s "$notes/child" ]; do sleep 0.02; done
    echo "$$ $(cat "$notes/child")" > "$notes/pids"
    sleep 600
fi
{SAY_ONE}"#
    )
}

#[test]
fn a_signal_ends_everything_and_keeps_what_was_built() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let world = World::new(3, &stuck());
        let running =
            world.build(&["--strategy", "build", "--jobs", "1", "--metadata-file", "m.json"]).start();
        let pids = world.until_noted("pids");
        running.signal(signal);
        let done = running.finish();
        assert_eq!(done.code, code, "{}", done.stderr);
        until_gone(&pids);
        assert!(done.stderr.contains("3 targets: 1 built, 1 stopped, 1 not begun"), "{}", done.stderr);
        let metadata = std::fs::read_to_string(world.project.path().join("m.json")).unwrap();
        assert!(metadata.contains("app-1-0-0") && !metadata.contains("app-1-0-1"), "{metadata}");
        assert_eq!(world.litter(), Vec::<String>::new());
    }
}

#[test]
fn a_plan_ends_with_a_signal_and_leaves_no_file() {
    let world = World::new(2, &stuck());
    let running = world.build(&["--metadata-file", "m.json"]).start();
    let pids = world.until_noted("pids");
    running.signal("INT");
    let done = running.finish();
    assert_eq!(done.code, 130, "{}", done.stderr);
    until_gone(&pids);
    assert!(!world.project.path().join("m.json").exists());
    assert_eq!(world.litter(), Vec::<String>::new());
}

#[test]
fn after_a_kill_no_child_is_left_and_the_next_run_removes_what_lies_there() {
    let world = World::new(2, &stuck());
    let running = world.build(&["--strategy", "build", "--metadata-file", "m.json"]).start();
    let pids = world.until_noted("pids");
    running.signal("KILL");
    assert_eq!(running.finish().code, 137);
    until_gone(&pids);
    let litter = world.litter();
    assert_eq!(litter.len(), 1, "the scratch space alone: {litter:?}");
    // Its supervisor may still hold what the next run wants to remove.
    let begun = Instant::now();
    let again = World::new(1, SAY_ONE);
    loop {
        let done = again.build(&[]).env("BAKERY_SCRATCH_DIR", world.scratch()).run();
        assert_eq!(done.code, 0, "{}", done.stderr);
        if world.litter().is_empty() {
            break;
        }
        assert!(begun.elapsed() < SOON, "{:?}", world.litter());
    }
}
