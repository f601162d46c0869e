//! The five steps in their order against a registry: what they write, what they leave, what they prove.

use std::time::Duration;

use bakery_core::port::{Event, StepOutcome};
use bakery_fault_registry::{Auth, FaultRegistry, Lag, LagOf, Script, Until};

use super::{
    house::{House, Outcomes, PASSWORD, USER, outcome, words},
    plan::{Plan, destination, registry, repository},
};

const TAGS: [&str; 4] = ["2026.05.0", "2026.05", "2026", "latest"];

fn with_tokens() -> Script {
    Script::new().auth(Auth::bearer(USER, PASSWORD))
}

fn index(outcomes: &Outcomes) -> String {
    outcome(outcomes, "index-create").digest.as_ref().unwrap().to_string()
}

fn writes(registry: &FaultRegistry, mark: u64) -> Vec<String> {
    registry.log().since(mark).only(|entry| entry.operation.writes()).lines()
}

#[tokio::test]
async fn a_cold_publish_of_two_platforms_is_proved_and_costs_37_requests() {
    let (registry, image) = registry(with_tokens());
    let plan = Plan::of(&registry, &image, "team/app", &TAGS);
    let house = House::new(&[&registry]);
    let (outcomes, traffic) = house.publish(&plan).await.unwrap();
    assert_eq!(registry.counters().requests, 37, "{:#?}", registry.log().lines());
    assert_eq!(traffic.requests, 37);
    let to = repository(&registry, "team/app");
    let said = |step| words(outcome(&outcomes, step));
    let each = |key: &str| TAGS.map(|tag| format!("{key} {to}:{tag}"));
    assert_eq!(
        said("wait-sources"),
        [0, 1].map(|at: usize| format!("readable {}", plan.sources[at].reference))
    );
    assert_eq!(said("index-create"), [""; 0]);
    assert_eq!(said("index-place"), [format!("copied {to}")]);
    assert_eq!(said("index-tag"), each("written"));
    assert_eq!(said("verify"), each("verified"));
    let digests: Vec<Option<String>> = outcomes
        .iter()
        .map(|(_, StepOutcome { digest, .. })| digest.as_ref().map(ToString::to_string))
        .collect();
    let index = index(&outcomes);
    assert_eq!(digests, [None, Some(index.clone()), None, None, None]);
    let tags = registry.tags("team/app");
    assert_eq!(tags.len(), 4);
    assert!(tags.values().all(|digest| *digest == index), "{tags:?}");
    assert_eq!(registry.audit(), []);
}

#[tokio::test]
async fn the_index_is_what_the_registry_then_has() {
    let (registry, image) = registry(Script::new());
    let plan = Plan::of(&registry, &image, "team/app", &["1"]);
    let (outcomes, _) = House::new(&[&registry]).publish(&plan).await.unwrap();
    let stored = registry.manifest("team/app", &index(&outcomes)).unwrap();
    let child = |platform: &str, architecture: &str| {
        let manifest = &image.platform(platform).unwrap().manifest;
        format!(
            r#"{{"mediaType":"{}","digest":"{}","size":{},"platform":{{"architecture":"{architecture}","os":"linux"}}}}"#,
            manifest.media_type,
            manifest.digest,
            manifest.bytes.len()
        )
    };
    assert_eq!(
        String::from_utf8(stored.bytes.to_vec()).unwrap(),
        format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{},{}],"annotations":{{"org.opencontainers.image.version":"2026.05.0"}}}}"#,
            child("linux/amd64", "amd64"),
            child("linux/arm64", "arm64"),
        )
    );
}

#[tokio::test]
async fn a_second_run_writes_nothing_and_says_so() {
    let (registry, image) = registry(with_tokens());
    let mut plan = Plan::of(&registry, &image, "team/app", &TAGS);
    plan.root = true;
    let (first, _) = House::new(&[&registry]).publish(&plan).await.unwrap();
    let mark = registry.log().mark();
    plan.sources.reverse();
    let house = House::new(&[&registry]);
    let (second, _) = house.publish(&plan).await.unwrap();
    assert_eq!(writes(&registry, mark), [""; 0]);
    assert_eq!(house.events.effects(), [""; 0]);
    assert_eq!(index(&second), index(&first));
    let to = repository(&registry, "team/app");
    assert_eq!(words(outcome(&second, "index-place")), [format!("present {to}")]);
    assert_eq!(words(outcome(&second, "index-tag")), TAGS.map(|tag| format!("kept {to}:{tag}")));
}

#[tokio::test]
async fn a_tag_that_somebody_else_moved_is_moved_back_and_the_others_are_left() {
    let (registry, image) = registry(Script::new());
    let plan = Plan::of(&registry, &image, "team/app", &["1", "2"]);
    House::new(&[&registry]).publish(&plan).await.unwrap();
    registry.move_tag("team/app", "2", Some(plan.source(0).as_str()));
    let mark = registry.log().mark();
    let (outcomes, _) = House::new(&[&registry]).publish(&plan).await.unwrap();
    let to = repository(&registry, "team/app");
    assert_eq!(words(outcome(&outcomes, "index-tag")), [format!("kept {to}:1"), format!("written {to}:2")]);
    assert_eq!(writes(&registry, mark).len(), 1);
}

#[tokio::test]
async fn with_root_every_index_is_in_place_before_any_tag_moves() {
    let (registry, image) = registry(with_tokens());
    let mut plan = Plan::of(&registry, &image, "team/app", &["1"]);
    plan.root = true;
    plan.destinations.push(destination(&registry, "mirror/app", &["1", "latest"]));
    let house = House::new(&[&registry]);
    let target = house.open(plan.clone());
    let mut previous = Outcomes::new();
    for step in ["wait-sources", "index-create", "index-place"] {
        let outcome = target.step(step, &previous).await.unwrap();
        previous.push((step.to_owned(), outcome));
    }
    let index = index(&previous);
    for to in ["team/app", "mirror/app"] {
        assert!(registry.manifest(to, &index).is_some(), "{to}");
        assert!(registry.tags(to).is_empty(), "{to}");
    }
    target.step("index-tag", &previous).await.unwrap();
    assert_eq!(registry.tags("team/app").len() + registry.tags("mirror/app").len(), 3);
    assert_eq!(registry.audit(), []);
}

#[tokio::test]
async fn sources_that_show_late_are_waited_for() {
    let lag = Lag::new(LagOf::Manifests, Until::Reads(3)).repository("team/tmp");
    let (registry, image) = registry(Script::new().lag(lag));
    let plan = Plan::of(&registry, &image, "team/app", &["1"]);
    let house = House::new(&[&registry]);
    house.publish(&plan).await.unwrap();
    let waits = house.events.all().into_iter().filter(|event| matches!(event, Event::Waiting { .. }));
    assert!(waits.count() >= 2, "each source lags");
    assert_eq!(registry.audit(), []);
}

#[tokio::test]
async fn a_step_may_be_given_all_the_time_there_is() {
    let (registry, image) = registry(Script::new());
    let mut plan = Plan::of(&registry, &image, "team/app", &["1"]);
    (plan.window, plan.limit) = (Duration::MAX, Duration::MAX);
    House::new(&[&registry]).publish(&plan).await.unwrap();
}

#[tokio::test]
async fn a_step_that_ran_out_of_time_still_says_what_it_waited_for() {
    let lag = Lag::new(LagOf::Manifests, Until::Reads(1_000_000)).repository("team/tmp");
    let (registry, image) = registry(Script::new().lag(lag));
    let mut plan = Plan::of(&registry, &image, "team/app", &["1"]);
    (plan.window, plan.limit) = (Duration::from_secs(3600), Duration::from_millis(300));
    let (step, failure) = House::new(&[&registry]).publish(&plan).await.unwrap_err();
    assert_eq!(step, "wait-sources");
    assert!(failure.message.starts_with("2 of 2 sources cannot be read: waited 0."), "{failure}");
}
