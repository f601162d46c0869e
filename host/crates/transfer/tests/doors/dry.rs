//! A dry run goes through every door and writes nothing.

use bakery_core::port::{FailureKind, registry::Access};
use bakery_fault_registry::{
    Auth, FaultRegistry, Profile, Script,
    script::{AbsentRepository, User},
};

use crate::{
    house::{PASSWORD, Run, Setting, USER, repository, seed, sources, spawn, tagged, two_platforms},
    publish::publish,
};

const TAGS: [&str; 4] = ["1.0.0", "1.0", "1", "latest"];

fn dry() -> Setting {
    Setting { dry: true, ..Setting::default() }
}

/// Nothing but questions went over the wire.
fn check_only_read(registry: &FaultRegistry) {
    let others = registry.log().only(|entry| !matches!(entry.method.as_str(), "GET" | "HEAD"));
    assert_eq!(others.lines(), [""; 0]);
    assert!(!registry.log().entries.iter().any(|entry| entry.applied));
    assert!(registry.history().is_empty());
}

#[tokio::test]
async fn a_dry_run_reads_and_tells_the_same_effects_as_a_real_one() {
    let registry = spawn(Script::new());
    let image = seed(&registry, &two_platforms());
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let references = sources(&registry, &image);
    let pretended = Run::with(&[&registry], dry()).target(&from, &to, &TAGS);
    let would = publish(&pretended, &references, &to, &TAGS).await.unwrap();
    check_only_read(&registry);
    assert_eq!(registry.counters().requests, 2 + 1, "the children and the look for the index");
    let real = Run::new(&[&registry]).target(&from, &to, &TAGS);
    let did = publish(&real, &references, &to, &TAGS).await.unwrap();
    assert_eq!((would.index, would.copied, would.written), (did.index, did.copied, did.written));
    for verb in ["mount", "push", "tag", "upload"] {
        assert_eq!(pretended.events.effects(verb), real.events.effects(verb), "{verb}");
    }
    // After that there is nothing to do, and the dry run says so.
    let again = Run::with(&[&registry], dry()).target(&from, &to, &TAGS);
    let nothing = publish(&again, &references, &to, &TAGS).await.unwrap();
    assert_eq!((nothing.copied, nothing.written), (Vec::new(), Vec::new()));
    assert!(again.events.effects("tag").is_empty());
}

#[tokio::test]
async fn between_registries_the_bytes_are_not_even_read() {
    let (here, there) = (spawn(Script::new()), spawn(Script::new()));
    let image = seed(&here, &two_platforms().layers(2).layer_bytes(2 << 20));
    let (from, to) = (repository(&here, "team/tmp"), repository(&there, "team/app"));
    let target = Run::with(&[&here, &there], dry()).target(&from, &to, &TAGS);
    let outcome = publish(&target, &sources(&here, &image), &to, &TAGS).await.unwrap();
    assert_eq!(outcome.copied.iter().map(|copied| copied.blobs_uploaded).sum::<u32>(), 6);
    check_only_read(&here);
    check_only_read(&there);
    assert!(here.counters().bytes_out < 100_000, "{}", here.counters().bytes_out);
}

#[tokio::test]
async fn who_may_not_write_or_not_even_read_the_destination_can_look_all_the_same() {
    let reader = User::new(USER, PASSWORD).grant("team/tmp", &["pull"]);
    let closed = Auth { users: vec![reader], ..Auth::bearer("other", PASSWORD) };
    let hidden = Profile { absent_repository: AbsentRepository::Denied, ..Profile::default() };
    for script in [Script::new().auth(closed), Script::new().profile(hidden)] {
        let registry = spawn(script);
        let image = seed(&registry, &two_platforms().layers(1));
        let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
        let target = Run::with(&[&registry], dry()).target(&from, &to, &TAGS);
        let outcome = publish(&target, &sources(&registry, &image), &to, &TAGS).await.unwrap();
        assert_eq!(outcome.written.len(), 4);
        check_only_read(&registry);
        let scopes = registry.log().only(|entry| entry.query.contains("push"));
        assert!(scopes.is_empty(), "no right to write is asked for: {:#?}", scopes.lines());
    }
}

#[tokio::test]
async fn a_source_that_may_not_be_read_is_a_failure_in_a_dry_run_too() {
    let hidden = Profile { absent_repository: AbsentRepository::Denied, ..Profile::default() };
    let registry = spawn(Script::new().profile(hidden));
    let (from, to) = (repository(&registry, "team/absent"), repository(&registry, "team/app"));
    let target = Run::with(&[&registry], dry()).target(&from, &to, &TAGS);
    let found = target.transfer.resolve(&target.caller, &[tagged(&from, "1")]).await;
    assert_eq!(found[0].clone().unwrap_err().kind, FailureKind::Denied);
    let found = target.transfer.resolve(&target.caller, &[tagged(&to, "1")]).await;
    assert_eq!(found[0].clone().unwrap_err().kind, FailureKind::NotFound);
}

#[tokio::test]
async fn targets_of_a_dry_run_see_what_the_others_pretended() {
    let registry = spawn(Script::new());
    let image = seed(&registry, &two_platforms().layers(3));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let run = Run::with(&[&registry], dry());
    run.client.announce(&[Access::push(to.clone())]);
    let first = run.target(&from, &to, &["1"]);
    publish(&first, &sources(&registry, &image), &to, &["1"]).await.unwrap();
    let second = run.target(&from, &to, &["1", "2"]);
    let outcome = publish(&second, &sources(&registry, &image), &to, &["1", "2"]).await.unwrap();
    assert_eq!(outcome.copied, [], "the index is there");
    assert_eq!(outcome.written.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2"]);
    check_only_read(&registry);
}
