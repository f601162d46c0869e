//! How each of the five steps fails, and that a second run finishes what a first one began.

use std::time::Duration;

use bakery_core::port::{Event, FailureKind};
use bakery_fault_registry::{
    Action, Answer, Auth, ImageBuilder, Lag, LagOf, Operation, Profile, Script, Until, When,
};

use super::house::{House, Outcomes, PASSWORD, Plan, USER, destination, registry, repository};

fn never() -> Lag {
    Lag::new(LagOf::Manifests, Until::Reads(1_000_000)).repository("team/tmp")
}

/// Runs the steps before this one.
async fn until(target: &super::house::Target, step: &str) -> Outcomes {
    let mut previous = Outcomes::new();
    for name in ["wait-sources", "index-create", "index-place", "index-tag"] {
        if name == step {
            break;
        }
        previous.push((name.to_owned(), target.step(name, &previous).await.unwrap()));
    }
    previous
}

#[tokio::test]
async fn a_source_that_never_shows_is_named_with_what_helps() {
    let (registry, image) = registry(Script::new());
    let mut plan = Plan::of(&registry, &image, "team/app", &["1"]);
    plan.window = Duration::from_millis(200);
    registry.evict("team/tmp", plan.source(1).as_str());
    let (step, failure) = House::new(&[&registry]).publish(&plan).await.unwrap_err();
    let late = plan.sources[1].reference.to_string();
    assert_eq!((step, failure.kind, &failure.subject), ("wait-sources", FailureKind::NotFound, &late));
    assert!(failure.message.starts_with(&format!("`{late}` was not readable within ")), "{failure}");
    assert!(failure.hint.as_ref().unwrap().contains("--wait-timeout"), "{failure:?}");
    assert!(failure.registry.is_some(), "what the registry said is kept as well");
    assert!(registry.tags("team/app").is_empty());
}

#[tokio::test]
async fn all_sources_that_never_show_are_named_in_one_failure() {
    let (registry, image) = registry(Script::new().lag(never()));
    let mut plan = Plan::of(&registry, &image, "team/app", &["1"]);
    plan.window = Duration::from_millis(200);
    let (_, failure) = House::new(&[&registry]).publish(&plan).await.unwrap_err();
    assert!(failure.message.starts_with("2 of 2 sources cannot be read: "), "{failure}");
    for source in &plan.sources {
        assert!(failure.message.contains(&source.reference.to_string()), "{failure}");
    }
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert!(failure.hint.unwrap().contains("--wait-timeout"));
}

#[tokio::test]
async fn credentials_that_are_refused_are_not_waited_for() {
    let (registry, image) = registry(Script::new().auth(Auth::bearer(USER, "another")));
    let plan = Plan::of(&registry, &image, "team/app", &["1"]);
    let house = House::new(&[&registry]);
    let (step, failure) = house.publish(&plan).await.unwrap_err();
    assert_eq!((step, failure.kind), ("wait-sources", FailureKind::Unauthorized), "{failure}");
    assert!(!house.events.all().iter().any(|event| matches!(event, Event::Waiting { .. })));
}

#[tokio::test]
async fn the_index_is_made_without_a_request_and_sources_that_cannot_be_one_are_refused() {
    let (registry, image) = registry(Script::new());
    let house = House::new(&[&registry]);
    let mut plan = Plan::of(&registry, &image, "team/app", &["1"]);
    let target = house.open(plan.clone());
    let previous = until(&target, "index-create").await;
    let asked = registry.counters().requests;
    target.step("index-create", &previous).await.unwrap();
    assert_eq!(registry.counters().requests, asked);

    plan.sources[1].platform = plan.sources[0].platform;
    let (step, failure) = house.publish(&plan).await.unwrap_err();
    assert_eq!((step, failure.kind), ("index-create", FailureKind::InvalidInput));
    assert!(failure.message.starts_with("two sources are for `linux/arm64`: "), "{failure}");

    let nested = ImageBuilder::new("team/tmp").tag("whole").layers(1).build().unwrap();
    registry.seed(&nested).unwrap();
    let mut plan = Plan::of(&registry, &nested, "team/app", &["1"]);
    let index = nested.index.unwrap().digest.parse().unwrap();
    plan.sources[1].reference =
        bakery_core::model::Reference::by_digest(repository(&registry, "team/tmp"), index);
    let (step, failure) = house.publish(&plan).await.unwrap_err();
    assert_eq!((step, failure.kind), ("index-create", FailureKind::InvalidInput));
    assert!(failure.message.contains("is itself an index"), "{failure}");
    assert!(registry.tags("team/app").is_empty());
}

#[tokio::test]
async fn a_repository_that_takes_nothing_does_not_keep_the_other_and_a_second_run_finishes() {
    let refuse = When::on_each(&[Operation::PutManifest, Operation::Mount])
        .path("/v2/team/app/**")
        .then(Action::answer(Answer::code(403, "DENIED", "not for you")));
    let (registry, image) = registry(Script::new().auth(Auth::bearer(USER, PASSWORD)).rule(refuse));
    let mut plan = Plan::of(&registry, &image, "team/app", &["1"]);
    plan.root = true;
    plan.destinations.push(destination(&registry, "mirror/app", &["1"]));
    let house = House::new(&[&registry]);
    let target = house.open(plan.clone());
    let previous = until(&target, "index-place").await;
    let failure = target.step("index-place", &previous).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied, "{failure}");
    assert!(failure.message.contains("team/app"), "{failure}");
    let index = previous[1].1.digest.as_ref().unwrap();
    assert!(registry.manifest("mirror/app", index.as_str()).is_some(), "the other repository is complete");
    assert!(registry.tags("team/app").is_empty() && registry.tags("mirror/app").is_empty());

    registry.clear_rules();
    House::new(&[&registry]).publish(&plan).await.unwrap();
    assert_eq!(registry.tags("team/app"), registry.tags("mirror/app"));
    assert_eq!(registry.audit(), []);
}

#[tokio::test]
async fn a_registry_that_denies_what_is_absent_gets_the_image_all_the_same() {
    let (registry, image) =
        registry(Script::new().auth(Auth::bearer(USER, PASSWORD)).profile(Profile::ghcr()));
    let plan = Plan::of(&registry, &image, "team/app", &["1"]);
    House::new(&[&registry]).publish(&plan).await.unwrap();
    assert_eq!(registry.audit(), []);
}

#[tokio::test]
async fn a_tag_that_cannot_be_written_is_tried_as_often_as_the_gate_says() {
    let fail = When::on(Operation::PutManifest).path("**/manifests/latest").then(Action::status(500));
    let (registry, image) = registry(Script::new().rule(fail.named("fail")));
    let plan = Plan::of(&registry, &image, "team/app", &["1", "latest"]);
    let house = House::new(&[&registry]);
    let (step, failure) = house.publish(&plan).await.unwrap_err();
    assert_eq!((step, failure.kind, failure.attempts), ("index-tag", FailureKind::Unavailable, 3));
    assert!(failure.message.contains("but not `latest`"), "{failure}");
    assert_eq!(registry.fired()["fail"], 3);
    assert_eq!(registry.tags("team/app").len(), 1);

    registry.clear_rules();
    let mark = registry.log().mark();
    House::new(&[&registry]).publish(&plan).await.unwrap();
    let writes = registry.log().since(mark).only(|entry| entry.operation.writes());
    assert_eq!(writes.len(), 1, "only the tag that was missing: {:#?}", writes.lines());
}

#[tokio::test]
async fn a_tag_that_somebody_moved_in_between_is_a_conflict_that_names_both() {
    let (registry, image) = registry(Script::new());
    let mut plan = Plan::of(&registry, &image, "team/app", &["1", "latest"]);
    plan.window = Duration::from_millis(200);
    let house = House::new(&[&registry]);
    let target = house.open(plan.clone());
    let previous = until(&target, "verify").await;
    let other = plan.source(0).as_str();
    registry.move_tag("team/app", "latest", Some(other));
    let failure = target.step("verify", &previous).await.unwrap_err();
    let tag = format!("{}:latest", repository(&registry, "team/app"));
    assert_eq!((failure.kind, &failure.subject), (FailureKind::Conflict, &tag));
    let index = previous[1].1.digest.as_ref().unwrap();
    assert!(
        failure.message.starts_with(&format!("`{tag}` points at `{other}` instead of `{index}`, ")),
        "{failure}"
    );
    assert!(failure.hint.is_some(), "the host's hint is kept");
}

#[tokio::test]
async fn an_index_of_other_sources_is_a_conflict_that_says_wanted_and_got() {
    let (registry, image) = registry(Script::new());
    let plan = Plan::of(&registry, &image, "team/app", &["1"]);
    let house = House::new(&[&registry]);
    let (outcomes, _) = house.publish(&plan).await.unwrap();
    let mut swapped = plan.clone();
    (swapped.sources[0].platform, swapped.sources[1].platform) =
        (plan.sources[1].platform, plan.sources[0].platform);
    let failure = house.open(swapped).step("verify", &outcomes[..4]).await.unwrap_err();
    let (arm, amd) = (plan.source(0), plan.source(1));
    let index = outcomes[1].1.digest.as_ref().unwrap();
    assert_eq!((failure.kind, failure.subject.as_str()), (FailureKind::Conflict, index.as_str()));
    assert_eq!(
        failure.message,
        format!(
            "the index `{index}` differs from its sources: for `linux/amd64` wanted `{arm}`, got `{amd}`; \
             for `linux/arm64` wanted `{amd}`, got `{arm}`"
        )
    );
}

#[tokio::test]
async fn a_run_that_is_cancelled_while_it_waits_says_so() {
    let (registry, image) = registry(Script::new().lag(never()));
    let mut plan = Plan::of(&registry, &image, "team/app", &["1"]);
    plan.window = Duration::from_secs(600);
    plan.limit = Duration::from_secs(600);
    let house = House::new(&[&registry]);
    let cancel = async {
        while !house.events.all().iter().any(|event| matches!(event, Event::Waiting { .. })) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        house.cancel.cancel();
    };
    let (answer, ()) = futures_util::future::join(house.publish(&plan), cancel).await;
    let (step, failure) = answer.unwrap_err();
    assert_eq!((step, failure.kind), ("wait-sources", FailureKind::Cancelled), "{failure}");
    for source in &plan.sources {
        assert!(failure.message.contains(&source.reference.to_string()), "{failure}");
    }
}
