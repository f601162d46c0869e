//! What concerns us alone, whatever `soci` is: its words, its surroundings, its failures, its end.

use std::{path::Path, time::Duration};

use bakery_fault_registry::Script;
use bakery_tests::publish::Scenario;
use libtest_mimic::Failed;

use crate::{Case, tool, world::World};

pub(crate) const CASES: [Case; 7] = [
    ("soci_gets_its_words_and_nothing_of_our_environment", words),
    ("a_conversion_that_fails_costs_its_target_alone_and_its_words_are_shown", failing),
    ("a_conversion_that_changes_nothing_publishes_nothing", unchanged),
    ("a_killed_run_leaves_no_child_and_the_next_run_no_scratch_space", killed),
    ("a_program_that_is_not_there_is_told_before_anything_is_asked", absent),
    ("a_program_that_is_another_one_does_not_start", pinned),
    ("targets_that_are_not_converted_need_no_soci", not_needed),
];

pub(crate) fn publish(world: &World, soci: &Path) -> bakery_tests::Program {
    tool::with(world.job.command(), "soci", soci).env("BAKERY_SCRATCH_DIR", scratch(world))
}

fn scratch(world: &World) -> std::path::PathBuf {
    let folder = world.job.path().join("scratch");
    std::fs::create_dir_all(&folder).expect("the folder is ours");
    folder
}

/// What lies in the folder of scratch spaces.
pub(crate) fn left(world: &World) -> Vec<String> {
    let entries = std::fs::read_dir(scratch(world)).expect("the folder is there");
    entries.map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned()).collect()
}

fn words() -> Result<(), Failed> {
    let world = World::new(Scenario::new(), Script::new());
    tool::convert(
        &world,
        "platforms: [linux/arm64], span_size: 65536, min_layer_size: 7, prefetch_files: [/a, b c], optimizations: [xattr]",
    );
    let told = world.job.path().join("told");
    let shown = told.display();
    let soci = tool::script(
        &world,
        "soci",
        &format!(
            "printf '%s\\n' \"$@\" > {shown}; env >> {shown}; pwd >> {shown}; ls src >> {shown}; exit 3"
        ),
    );
    let done = publish(&world, &soci).env("GITHUB_TOKEN", "not-a-secret").run();
    assert_ne!(done.code, 0);
    let told = std::fs::read_to_string(told).expect("the script ran");
    let mut lines = told.lines();
    let words: Vec<&str> = lines.by_ref().take(18).collect();
    let [words @ .., source, target] = words.as_slice() else { return Err(told.into()) };
    assert_eq!(
        words.join(" "),
        "convert --standalone --format oci-dir --platform linux/arm64 --span-size 65536 --min-layer-size 7 \
         --prefetch-file /a --prefetch-file b c --optimizations xattr"
    );
    let space = Path::new(source).parent().expect("it lies in the scratch space").to_owned();
    assert!(space.starts_with(scratch(&world)) && Path::new(target).parent() == Some(&space), "{told}");
    assert!(told.contains("TZ=UTC") && told.contains("TMPDIR=.") && !told.contains("GITHUB_TOKEN"), "{told}");
    assert!(told.contains("index.json") && told.contains("oci-layout"), "{told}");
    assert_eq!(left(&world), [""; 0], "the scratch space is gone");
    Ok(())
}

fn failing() -> Result<(), Failed> {
    let world = World::new(Scenario::new().images(2), Script::new());
    let text = std::fs::read_to_string(world.job.path().join("bakery.yaml"))?;
    let with =
        text.replacen("    versions:\n", "    options: [{tool: soci, enabled: true}]\n    versions:\n", 1);
    world.job.write("bakery.yaml", with);
    let soci =
        tool::script(&world, "soci", "echo first line >&2; echo 'Error: the layer is broken' >&2; exit 1");
    let done = publish(&world, &soci).run();
    assert_ne!(done.code, 0);
    assert_eq!(world.each_failure_is_told_once(&done), ["app-1-0-0-ubuntu-24-04"]);
    assert!(done.stderr.contains("the layer is broken"), "{}", done.stderr);
    let repositories: Vec<String> = world.state().tags.into_keys().map(|name| name.repository).collect();
    assert!(
        !repositories.is_empty() && repositories.iter().all(|name| name.ends_with("app-1")),
        "{repositories:?}"
    );
    assert_eq!(left(&world), [""; 0]);
    Ok(())
}

fn unchanged() -> Result<(), Failed> {
    let world = World::new(Scenario::new(), Script::new());
    tool::convert(&world, "min_layer_size: 0");
    let soci = tool::script(&world, "soci", "cp -r src out");
    let done = publish(&world, &soci).run();
    assert_ne!(done.code, 0);
    assert!(done.stderr.contains("is the same as before"), "{}", done.stderr);
    assert!(world.state().tags.is_empty());
    Ok(())
}

/// Processes with this word on their command line.
pub(crate) fn running(word: &str) -> usize {
    let processes = std::fs::read_dir("/proc").expect("this is Linux");
    let lines = processes.filter_map(|entry| std::fs::read(entry.ok()?.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(word)).count()
}

/// Looks every tenth of a second, for at most a minute.
pub(crate) fn until(what: &str, mut is: impl FnMut() -> bool) -> Result<(), Failed> {
    for _ in 0..600 {
        if is() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(format!("{what} did not come").into())
}

fn killed() -> Result<(), Failed> {
    let world = World::new(Scenario::new(), Script::new());
    tool::convert(&world, "min_layer_size: 0");
    let word = format!("86400.{}", std::process::id());
    let ready = world.job.path().join("ready");
    let text = format!(
        "mkdir out; echo half > out/half; setsid sleep {word} & : > {}; sleep {word}",
        ready.display()
    );
    let soci = tool::script(&world, "soci", &text);
    let run = publish(&world, &soci).start();
    until("the conversion", || ready.is_file() && running(&word) >= 2)?;
    assert!(!left(&world).is_empty());
    run.signal("KILL");
    drop(run);
    until("the end of every child", || running(&word) == 0)?;
    let broken = tool::script(&world, "soci", "exit 1");
    let done = publish(&world, &broken).run();
    assert_ne!(done.code, 0);
    assert_eq!(left(&world), [""; 0], "the next run removes what the killed one left");
    Ok(())
}

fn absent() -> Result<(), Failed> {
    let world = World::new(Scenario::new(), Script::new());
    tool::convert(&world, "min_layer_size: 0");
    let mark = world.registry.log().len();
    for (name, arguments) in [("SOCI_PATH", &[][..]), ("ORAS_PATH", &["--imagetools", "oras"])] {
        let done = world.job.command().args(arguments).env(name, "/nowhere/tool").run();
        assert_ne!(done.code, 0);
        assert!(done.stderr.contains(name) && done.stderr.contains("/nowhere/tool"), "{}", done.stderr);
        assert_eq!(world.registry.log().len(), mark, "nobody is asked");
    }
    Ok(())
}

fn pinned() -> Result<(), Failed> {
    let world = World::new(Scenario::new(), Script::new());
    tool::convert(&world, "min_layer_size: 0");
    let soci = tool::script(&world, "soci", "exit 1");
    let other = format!("sha256:{}", "0".repeat(64));
    let done = publish(&world, &soci).env("SOCI_DIGEST", &other).run();
    assert_ne!(done.code, 0);
    assert!(done.stderr.contains(&other), "{}", done.stderr);
    let done = publish(&world, &soci).env("SOCI_DIGEST", "0000").run();
    assert!(done.stderr.contains("SOCI_DIGEST: `0000` is no digest"), "{}", done.stderr);
    Ok(())
}

fn not_needed() -> Result<(), Failed> {
    let world = World::new(Scenario::new(), Script::new());
    let done = world.job.command().env("SOCI_PATH", "/nowhere/soci").env("ORAS_PATH", "/nowhere/oras").run();
    assert_eq!(done.code, 0, "{}", done.stderr);
    Ok(())
}
