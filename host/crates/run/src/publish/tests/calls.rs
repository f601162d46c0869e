//! What each step is asked, and that it may do nothing beyond.

use bakery_core::{
    model::ComponentRef,
    policy::RegistryGrants,
    port::{StepCall, registry::Access},
};

use super::{act::Act, fake::Fake, *};

/// The calls of a run in which everything goes well.
async fn calls(targets: Vec<PublishTarget>) -> Vec<StepCall> {
    let fake = Fake::new(|_| Act::well());
    assert!(run(&fake, &plan(targets), 4).await.is_complete(), "{}", fake.text());
    fake.calls()
}

fn of<'a>(calls: &'a [StepCall], step: &str) -> &'a StepCall {
    calls.iter().find(|call| call.step == step).unwrap()
}

fn everywhere() -> PublishTarget {
    target("a", &[(ONE, &["1.0"], &["latest"]), (TWO, &["1.0"], &[])])
}

fn reading() -> RegistryGrants {
    RegistryGrants::default().pull(repository(BUILT))
}

#[tokio::test(start_paused = true)]
async fn a_step_may_do_exactly_what_its_task_says() {
    let calls = calls(vec![everywhere()]).await;
    let none = || tags(&[]);
    assert_eq!(of(&calls, "wait-sources").grants, reading());
    assert_eq!(of(&calls, "index-create").grants, reading());
    let place = reading().push(repository(ONE), none()).push(repository(TWO), none());
    assert_eq!(of(&calls, "index-place").grants, place);
    let tagging: Vec<&RegistryGrants> =
        calls.iter().filter(|call| call.step == "index-tag").map(|call| &call.grants).collect();
    let wanted = [
        reading().push(repository(ONE), tags(&["1.0"])),
        reading().push(repository(TWO), tags(&["1.0"])),
        reading().push(repository(ONE), tags(&["latest"])),
    ];
    assert_eq!(tagging, wanted.iter().collect::<Vec<_>>());
    let verify = reading().pull(repository(ONE)).pull(repository(TWO));
    assert_eq!(of(&calls, "verify").grants, verify);
}

#[tokio::test(start_paused = true)]
async fn a_staged_index_is_written_by_one_step_and_read_by_the_next() {
    let staged = PublishTarget { staged: true, ..everywhere() };
    let temp = staged.temp_index.clone();
    let calls = calls(vec![staged]).await;
    let tag = temp.tag().cloned();
    assert_eq!(of(&calls, "index-create").grants, reading().push(temp.repository().clone(), tag));
    let place = reading().pull(temp.repository().clone());
    let place = place.push(repository(ONE), tags(&[])).push(repository(TWO), tags(&[]));
    assert_eq!(of(&calls, "index-place").grants, place);
    for call in &calls {
        let staging = matches!(call.step, "index-create" | "index-place").then(|| temp.clone());
        assert_eq!(call.task.staging, staging, "{}", call.step);
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_not_staged_never_names_its_temporary_index() {
    for call in calls(vec![everywhere()]).await {
        assert_eq!(call.task.staging, None);
        assert!(call.grants.check_pull(&repository("r.example/app/tmp")).is_err(), "{}", call.step);
    }
}

#[tokio::test(start_paused = true)]
async fn destinations_are_those_of_the_step() {
    let calls = calls(vec![everywhere()]).await;
    let words = |call: &StepCall| -> Vec<String> {
        let tags = |tags: &[Tag]| tags.iter().map(Tag::to_string).collect::<Vec<_>>().join(",");
        call.task.destinations.iter().map(|one| format!("{}:{}", one.repository, tags(&one.tags))).collect()
    };
    assert_eq!(words(of(&calls, "wait-sources")), [""; 0]);
    assert_eq!(words(of(&calls, "index-create")), [""; 0]);
    assert_eq!(words(of(&calls, "index-place")), [format!("{ONE}:"), format!("{TWO}:")]);
    assert_eq!(words(of(&calls, "index-tag")), [format!("{ONE}:1.0")]);
    assert_eq!(words(of(&calls, "verify")), [format!("{ONE}:1.0,latest"), format!("{TWO}:1.0")]);
    for call in &calls {
        let target = everywhere();
        let same = (&call.task.sources, &call.task.annotations) == (&target.sources, &target.annotations);
        assert!(same, "{}", call.step);
    }
}

#[tokio::test(start_paused = true)]
async fn an_index_is_placed_by_digest_unless_its_first_tag_does_that() {
    let one = |uid| target(uid, &[(ONE, &[uid], &[])]);
    for (targets, root) in [
        (vec![one("a")], "{}"),
        (vec![one("a"), one("b")], r#"{"root":true}"#),
        (vec![everywhere()], r#"{"root":true}"#),
        (vec![target("a", &[(ONE, &[], &[])])], r#"{"root":true}"#),
    ] {
        let calls = calls(targets).await;
        for call in &calls {
            let wanted = if call.step == "index-place" { root } else { "{}" };
            assert_eq!(call.task.options, wanted, "{}", call.step);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_step_knows_what_earlier_ones_answered() {
    let calls = calls(vec![everywhere()]).await;
    let before = ["wait-sources", "index-create", "index-place", "index-tag"];
    for (step, count) in
        [("wait-sources", 0), ("index-create", 1), ("index-place", 2), ("index-tag", 3), ("verify", 4)]
    {
        for call in calls.iter().filter(|call| call.step == step) {
            let names: Vec<&str> = call.previous.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, before[..count], "{step}");
        }
    }
    let previous = &of(&calls, "verify").previous;
    assert_eq!(previous[1].1.digest, Some(Digest::of(b"a")));
    let written: Vec<&str> = previous[3].1.values("written").collect();
    assert_eq!(written, [format!("{ONE}:1.0"), format!("{ONE}:latest"), format!("{TWO}:1.0")]);
}

#[tokio::test(start_paused = true)]
async fn every_call_has_the_window_and_time_beyond_it() {
    let fake = Fake::new(|_| Act::well());
    let options = PublishOptions { window: ms(7), limit: ms(30), ..options(1) };
    publish(&fake, &simple(&["a"]), &options, Arc::new(fake.clone())).await;
    for call in fake.calls() {
        assert_eq!((call.window, call.limit), (ms(7), ms(37)), "{}", call.step);
    }
}

#[tokio::test(start_paused = true)]
async fn the_components_are_those_of_the_options() {
    let builtin = |name: &str| ComponentRef::Builtin(name.to_owned());
    for call in calls(vec![everywhere()]).await {
        let wanted = match call.step {
            "wait-sources" => "step-wait-sources",
            "index-create" => "step-index-create",
            "index-place" | "index-tag" => "step-index-copy",
            _ => "step-verify",
        };
        assert_eq!(call.component, builtin(wanted));
    }
    let fake = Fake::new(|_| Act::well());
    let mut options = options(1);
    options.components.verify = ComponentRef::File { path: "mine.wasm".to_owned(), digest: None };
    publish(&fake, &simple(&["a"]), &options, Arc::new(fake.clone())).await;
    assert_eq!(of(&fake.calls(), "verify").component.to_string(), "mine.wasm");
}

#[tokio::test(start_paused = true)]
async fn a_target_is_opened_once_with_all_that_it_will_do() {
    let fake = Fake::new(|_| Act::well());
    run(&fake, &plan(vec![everywhere()]), 1).await;
    let accesses =
        vec![Access::pull(repository(BUILT)), Access::push(repository(ONE)), Access::push(repository(TWO))];
    assert_eq!(fake.opened(), [("a".to_owned(), accesses)]);
}
