//! How a run with a program in it ends: what a program says is shown when asked, and a signal leaves neither a child
//! nor a scratch space behind when bakery is gone.

use std::time::{Duration, Instant};

use bakery_fault_registry::Script;
use bakery_tests::publish::Scenario;
use libtest_mimic::Failed;

use crate::{
    Case,
    scripts::{left, publish, running, until},
    tool,
    world::World,
};

pub(crate) const CASES: [Case; 2] = [
    ("a_signal_ends_a_deaf_conversion_and_its_scratch_space_before_bakery_ends", signalled),
    ("what_a_program_says_is_shown_with_v_and_cannot_command", lines),
];

fn signalled() -> Result<(), Failed> {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let world = World::new(Scenario::new(), Script::new());
        tool::convert(&world, "min_layer_size: 0");
        // A time for `sleep` that no other process of this machine waits for.
        let word = format!("86400.{code}{}", std::process::id());
        let ready = world.job.path().join("ready");
        let text = format!(
            "trap '' TERM INT; echo half > half; setsid sleep {word} & : > {}; sleep {word}",
            ready.display()
        );
        let soci = tool::script(&world, "soci", &text);
        let run = publish(&world, &soci).start();
        until("the conversion", || ready.is_file() && running(&word) >= 2)?;
        let sent = Instant::now();
        run.signal(signal);
        let done = run.finish();
        assert_eq!(done.code, code, "{}", done.stderr);
        // Ten seconds of grace, and what a loaded machine adds.
        assert!(sent.elapsed() < Duration::from_secs(60), "{:?}", sent.elapsed());
        assert_eq!(running(&word), 0, "no child outlives it");
        assert_eq!(left(&world), [""; 0], "nor does a scratch space");
        assert!(world.state().tags.is_empty());
    }
    Ok(())
}

fn lines() -> Result<(), Failed> {
    let world = World::new(Scenario::new(), Script::new());
    tool::convert(&world, "min_layer_size: 0");
    let soci = tool::script(&world, "soci", "echo one; printf '::error::two\\033[2J\\n'; exit 1");
    let uid = "app-1-0-0-ubuntu-24-04";
    let quiet = publish(&world, &soci).run();
    assert!(!quiet.stderr.contains(&format!("[{uid}] one")), "{}", quiet.stderr);
    assert!(quiet.stderr.contains("\n  | one\n"), "a failure shows them all the same: {}", quiet.stderr);
    let told = publish(&world, &soci).args(["-v"]).run();
    for line in ["one", r"\::error::two\u{1b}[2J"] {
        assert!(told.stderr.contains(&format!("[{uid}] {line}\n")), "{line}: {}", told.stderr);
    }
    Ok(())
}
