//! How many requests a publish costs, to the request.

use std::time::Instant;

use bakery_fault_registry::{Auth, FaultRegistry, Operation, Profile, Script};
use bakery_transfer::TransferOptions;

use crate::{
    house::{PASSWORD, Run, Setting, USER, repository, seed, sources, spawn, two_platforms},
    publish::publish,
};

const TAGS: [&str; 4] = ["1.0.0", "1.0", "1", "latest"];

fn with_tokens() -> Script {
    Script::new().auth(Auth::bearer(USER, PASSWORD))
}

fn many_tags() -> Profile {
    Profile { multi_tag: true, ..Profile::default() }
}

fn count(registry: &FaultRegistry, operation: Operation) -> usize {
    registry.log().of(operation).len()
}

#[tokio::test]
async fn a_cold_publish_of_twenty_two_blobs_and_four_tags_costs_37_requests() {
    let registry = spawn(with_tokens());
    let image = seed(&registry, &two_platforms());
    assert_eq!(image.blob_count(), 22);
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let run = Run::new(&[&registry]);
    let target = run.target(&from, &to, &TAGS);
    let outcome = publish(&target, &sources(&registry, &image), &to, &TAGS).await.unwrap();
    assert_eq!(registry.counters().requests, 37, "{:#?}", registry.log().lines());
    assert_eq!(target.transfer.traffic().requests, 37, "the target's account agrees");
    assert_eq!(outcome.copied.iter().map(|copied| copied.blobs_mounted).sum::<u32>(), 22);
    assert_eq!(outcome.copied.iter().map(|copied| copied.manifests_pushed).sum::<u32>(), 2);
    assert_eq!(registry.audit(), []);
    assert_eq!(target.events.effects("mount").len(), 22);
    assert_eq!(target.events.effects("push").len(), 2);
    assert_eq!(target.events.effects("tag").len(), 4);
}

#[tokio::test]
async fn a_registry_that_takes_all_tags_at_once_saves_three_of_them() {
    let registry = spawn(with_tokens().profile(many_tags()));
    let image = seed(&registry, &two_platforms());
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let options = TransferOptions { single_tags: 0, ..Setting::default().options };
    let run = Run::with(&[&registry], Setting { options, ..Setting::default() });
    let target = run.target(&from, &to, &TAGS);
    publish(&target, &sources(&registry, &image), &to, &TAGS).await.unwrap();
    assert_eq!(registry.counters().requests, 34, "{:#?}", registry.log().lines());
    assert_eq!(target.events.effects("tag").len(), 4);
    assert_eq!(registry.audit(), []);
}

#[tokio::test]
async fn a_second_target_pays_for_what_it_does_not_share() {
    let registry = spawn(with_tokens());
    let base = two_platforms().layers(0).base(7, 10);
    let (one, two) = (seed(&registry, &base.clone().seed(1)), seed(&registry, &base.seed(2)));
    assert_eq!((one.blob_count(), two.blob_count()), (22, 22));
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let run = Run::new(&[&registry]);
    let first = run.target(&from, &to, &TAGS);
    publish(&first, &sources(&registry, &one), &to, &TAGS).await.unwrap();
    let mark = registry.log().mark();
    let second = run.target(&from, &to, &["2.0.0"]);
    publish(&second, &sources(&registry, &two), &to, &["2.0.0"]).await.unwrap();
    assert_eq!(registry.log().since(mark).len(), 9, "{:#?}", registry.log().since(mark).lines());
    assert_eq!(second.transfer.traffic().requests, 9);
    assert_eq!(registry.audit(), []);
}

#[tokio::test]
async fn a_second_run_writes_nothing() {
    let registry = spawn(with_tokens());
    let image = seed(&registry, &two_platforms());
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    for round in 0..2 {
        let run = Run::new(&[&registry]);
        let target = run.target(&from, &to, &TAGS);
        let mark = registry.log().mark();
        publish(&target, &sources(&registry, &image), &to, &TAGS).await.unwrap();
        let writes = registry.log().since(mark).only(|entry| entry.operation.writes());
        assert_eq!(writes.is_empty(), round == 1, "{:#?}", writes.lines());
    }
}

#[tokio::test]
async fn targets_at_the_same_time_bring_what_they_share_once() {
    let registry = spawn(with_tokens().latency_ms(5));
    let base = two_platforms().layers(1).base(7, 9);
    let images: Vec<_> = (1..=8).map(|number| seed(&registry, &base.clone().seed(number))).collect();
    let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
    let run = Run::new(&[&registry]);
    let publishing = images.iter().enumerate().map(|(number, image)| {
        let (run, registry, from, to) = (&run, &registry, &from, &to);
        async move {
            let tag = format!("{number}.0");
            let target = run.target(from, to, &[&tag]);
            publish(&target, &sources(registry, image), to, &[&tag]).await.unwrap();
        }
    });
    futures_util::future::join_all(publishing).await;
    // For both platforms: nine shared layers once, and of each target a configuration and a layer.
    assert_eq!(count(&registry, Operation::Mount), 2 * (9 + 8 * 2));
    assert_eq!(count(&registry, Operation::PutManifest), 8 * 3);
    assert_eq!(registry.audit(), []);
}

#[tokio::test]
async fn with_fifty_milliseconds_per_request_the_time_is_printed() {
    for (name, profile, single_tags) in
        [("one tag per request", Profile::default(), 8), ("all tags at once", many_tags(), 0)]
    {
        let registry = spawn(with_tokens().latency_ms(50).profile(profile));
        let image = seed(&registry, &two_platforms());
        let (from, to) = (repository(&registry, "team/tmp"), repository(&registry, "team/app"));
        let options = TransferOptions { single_tags, ..Setting::default().options };
        let run = Run::with(&[&registry], Setting { options, per_host: 24, ..Setting::default() });
        let target = run.target(&from, &to, &TAGS);
        let began = Instant::now();
        publish(&target, &sources(&registry, &image), &to, &TAGS).await.unwrap();
        println!("{name}: {} requests in {:?}", registry.counters().requests, began.elapsed());
    }
}
