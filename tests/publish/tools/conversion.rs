//! Targets with SOCI, published and converted alone.

use bakery_fault_registry::Script;
use bakery_tests::{Finished, publish::Scenario};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::{Case, tool, world::World};

pub(crate) const CASES: [Case; 4] = [
    ("a_converted_image_is_what_the_tags_lead_to", published),
    ("soci_convert_writes_the_temporary_repository_and_nothing_else", alone),
    ("a_second_run_converts_to_the_same_image", again),
    ("an_image_of_small_layers_cannot_be_converted_and_is_told_so", small_layers),
];

pub(crate) const WITH_BOTH: [Case; 1] =
    [("oras_publishes_a_converted_image_as_the_native_steps_do", with_oras)];

const SOCI: &str = "application/vnd.amazon.soci.index.v2+json";
const EVERY_LAYER: &str = "min_layer_size: 0, span_size: 65536";

fn scenario() -> Scenario {
    Scenario::new().layers(2).layer_bytes(40_000)
}

fn publish(world: &World, arguments: &[&str]) -> Finished {
    let soci = tool::find("soci").expect("the case is ignored without it");
    tool::with(world.job.command().args(arguments), "soci", &soci).run()
}

/// The children of an index: artifact type and platform.
fn children(index: &Value) -> Vec<(String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let child = |child: &Value| (word(&child["artifactType"]), word(&child["platform"]["architecture"]));
    index["manifests"].as_array().expect("an index").iter().map(child).collect()
}

fn published() -> Result<(), Failed> {
    let world = World::new(scenario(), Script::new());
    let intended = world.intended();
    tool::convert(&world, EVERY_LAYER);
    let done = publish(&world, &[]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let repository = &world.built.destinations()[0];
    let tags = world.registry.tags(repository);
    assert_eq!(tags.len(), intended.len());
    let staged = world.registry.tags("tmp/app/tmp");
    let (plain, converted) = staged.iter().partition::<Vec<_>, _>(|(tag, _)| !tag.ends_with("-soci"));
    let ([(name, before)], [(longer, after)]) = (plain.as_slice(), converted.as_slice()) else {
        return Err(format!("{staged:?}").into());
    };
    assert_eq!(**longer, format!("{name}-soci"));
    assert!(tags.values().all(|digest| digest == *after) && after != before, "{tags:?} {staged:?}");
    let wanted = [("", "amd64"), ("", "arm64"), (SOCI, "amd64"), (SOCI, "arm64")];
    let wanted = wanted.map(|(kind, name)| (kind.to_owned(), name.to_owned()));
    assert_eq!(children(&tool::index(&world, repository, after)), wanted);
    assert_eq!(world.registry.audit(), []);
    let result = world.job.result().expect("it was asked for");
    assert_eq!(result["targets"][0]["index"], json!(after));
    Ok(())
}

fn alone() -> Result<(), Failed> {
    let world = World::new(scenario().versions(2), Script::new());
    tool::convert(&world, EVERY_LAYER);
    let soci = tool::find("soci").expect("the case is ignored without it");
    let run = |name: &[&str], further: &[&str]| {
        let command = world.job.bare().args(name).args(world.job.files());
        let command = command.args(["--temp-registry", &format!("{}/tmp", world.registry.host())]);
        tool::with(command.args(further), "soci", &soci).run()
    };
    let dry = run(&["soci", "convert"], &["--dry-run"]);
    assert_eq!((dry.code, world.writes_since(0)), (0, Vec::new()), "{}", dry.stderr);
    assert!(dry.stderr.contains("a dry run converts nothing"), "{}", dry.stderr);
    let done = run(&["soci", "convert"], &[]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stderr.contains("converted to sha256:"), "{}", done.stderr);
    assert!(world.state().tags.is_empty(), "no destination is touched");
    let staged = world.registry.tags("tmp/app/tmp");
    assert_eq!(staged.keys().filter(|tag| tag.ends_with("-soci")).count(), 2, "{staged:?}");
    let other = run(&["imagetools", "soci-convert"], &[]);
    assert_eq!(other.code, 0, "{}", other.stderr);
    assert_eq!(world.registry.tags("tmp/app/tmp"), staged);
    Ok(())
}

fn again() -> Result<(), Failed> {
    let world = World::new(scenario(), Script::new());
    tool::convert(&world, EVERY_LAYER);
    assert_eq!(publish(&world, &[]).code, 0);
    let first = world.registry.tags(&world.built.destinations()[0]);
    let done = publish(&world, &[]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(world.registry.tags(&world.built.destinations()[0]), first);
    let result = world.job.result().expect("it was asked for");
    assert_eq!(result["targets"][0]["status"], "unchanged");
    Ok(())
}

fn small_layers() -> Result<(), Failed> {
    let world = World::new(scenario(), Script::new());
    tool::convert(&world, "span_size: 65536");
    let done = publish(&world, &[]);
    assert_ne!(done.code, 0);
    assert_eq!(world.each_failure_is_told_once(&done).len(), 1);
    assert!(
        done.stderr.contains("soci-convert") && done.stderr.contains("no ztocs created"),
        "{}",
        done.stderr
    );
    assert!(world.state().tags.is_empty());
    Ok(())
}

fn with_oras() -> Result<(), Failed> {
    let native = World::new(scenario(), Script::new());
    tool::convert(&native, EVERY_LAYER);
    assert_eq!(publish(&native, &[]).code, 0);
    let world = World::new(scenario(), Script::new());
    tool::convert(&world, EVERY_LAYER);
    let oras = tool::find("oras").expect("the case is ignored without it");
    let soci = tool::find("soci").expect("the case is ignored without it");
    let command = tool::with(world.job.command().arg("--imagetools", "oras"), "oras", &oras);
    let done = tool::with(command, "soci", &soci).run();
    assert_eq!(done.code, 0, "{}", done.stderr);
    let repository = &world.built.destinations()[0];
    assert_eq!(world.registry.tags(repository), native.registry.tags(repository));
    assert_eq!(world.registry.audit(), []);
    Ok(())
}
