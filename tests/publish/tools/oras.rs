//! The same publish with native steps and with `oras`.

use bakery_fault_registry::{Action, Auth, Operation, Script, When};
use bakery_tests::{
    Finished,
    publish::{LOGIN, Scenario},
};
use libtest_mimic::Failed;

use crate::{Case, tool, world::World};

pub(crate) const CASES: [Case; 5] = [
    ("oras_makes_the_same_indexes_and_the_native_steps_need_two_fifths_of_its_requests", same_digests),
    ("oras_moves_no_tag_before_everything_is_in_place", order),
    ("sources_in_another_repository_are_copied_before_oras_makes_the_index", elsewhere),
    ("what_oras_says_of_its_failure_is_told", told),
    ("a_dry_run_with_oras_writes_nothing_and_needs_no_oras", dry_run),
];

fn oras(world: &World) -> Finished {
    let path = tool::find("oras").expect("the case is ignored without it");
    tool::with(world.job.command().arg("--imagetools", "oras"), "oras", &path).run()
}

fn large() -> Scenario {
    Scenario::new().layers(10)
}

fn same_digests() -> Result<(), Failed> {
    let script = || Script::new().auth(Auth::bearer(LOGIN.0, LOGIN.1));
    let native = World::new(large(), script());
    native.job.login(LOGIN.0, LOGIN.1);
    native.published();
    let with_oras = World::new(large(), script());
    with_oras.job.login(LOGIN.0, LOGIN.1);
    let done = oras(&with_oras);
    assert_eq!(done.code, 0, "{}{:#?}", done.stderr, with_oras.registry.log().lines());
    assert_eq!(with_oras.state(), native.state(), "every tag leads to the same bytes");
    assert_eq!(with_oras.registry.audit(), []);
    let (ours, theirs) = (native.registry.log().len(), with_oras.registry.log().len());
    eprintln!("one target, 2 platforms, 22 blobs, 4 tags: native {ours} requests, oras {theirs}");
    assert!(ours * 5 <= theirs * 2, "native {ours}, oras {theirs}: {:#?}", with_oras.registry.log().lines());
    Ok(())
}

fn order() -> Result<(), Failed> {
    let world = World::new(Scenario::new().versions(3).namespaces(&["images", "mirror"]), Script::new());
    let intended = world.intended();
    let done = oras(&world);
    assert_eq!(done.code, 0, "{}", done.stderr);
    // The temporary names of the indexes are nobody's destination.
    let mut violations = world.violations(&intended);
    violations.retain(|one| !one.contains("`tmp/app/tmp:"));
    assert_eq!(violations, [""; 0]);
    assert_eq!(world.state().problems(&world.built), [""; 0]);
    let result = world.job.result().expect("it was asked for");
    assert_eq!(result["targets"][0]["status"], "published");
    Ok(())
}

fn elsewhere() -> Result<(), Failed> {
    let world = World::new(Scenario::new(), Script::new());
    let intended = world.intended();
    let path = tool::find("oras").expect("the case is ignored without it");
    let command = world.job.bare().args(["ci", "publish", "--imagetools", "oras"]).args(world.job.files());
    let command = command.arg("--temp-registry", format!("{}/other", world.registry.host()));
    let done = tool::with(command, "oras", &path).run();
    assert_eq!(done.code, 0, "{}", done.stderr);
    let tags: Vec<String> = world.state().tags.into_values().map(|tagged| tagged.index).collect();
    assert_eq!(tags, intended.into_values().collect::<Vec<_>>());
    assert_eq!(world.registry.tags("other/app/tmp").len(), 1, "the index lies in the temporary repository");
    Ok(())
}

fn told() -> Result<(), Failed> {
    let refused = When::on(Operation::PutManifest).then(Action::status(403)).named("refused");
    let world = World::new(Scenario::new(), Script::new().rule(refused));
    let done = oras(&world);
    assert_ne!(done.code, 0, "{}", done.stderr);
    assert_eq!(world.each_failure_is_told_once(&done).len(), 1);
    assert!(done.stderr.contains("index-create") && done.stderr.contains("403"), "{}", done.stderr);
    assert!(world.state().tags.is_empty());
    Ok(())
}

fn dry_run() -> Result<(), Failed> {
    let world = World::new(Scenario::new(), Script::new());
    let command = world.job.command().args(["--imagetools", "oras", "--dry-run"]);
    let done = command.env("ORAS_PATH", "/nowhere/oras").run();
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(world.writes_since(0), [""; 0]);
    Ok(())
}
