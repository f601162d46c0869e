//! What fails takes nothing else down, and is reported once, with what was done before.

use super::{
    act::{Act, effect},
    fake::Fake,
    *,
};
use crate::publish::Status;

fn names(tags: &[Tag]) -> Vec<&str> {
    tags.iter().map(Tag::as_str).collect()
}

fn messages(published: &Published) -> Vec<&str> {
    published.failures().map(|failure| failure.message.as_str()).collect()
}

#[track_caller]
fn failed_in(published: &Published, target: usize, wanted: &str) {
    match &published.targets[target].status {
        Status::Failed { step, .. } => assert_eq!(*step, wanted),
        status => panic!("target {target} ended otherwise: {status:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_ends_its_target_at_its_step_and_leaves_the_others_alone() {
    let broken = || Act::fails(FailureKind::Denied, "no");
    for step in ["wait-sources", "index-create", "index-place", "index-tag", "verify"] {
        let fake = Fake::new(
            move |call| {
                if call.task.uid == "b" && call.step == step { broken() } else { Act::well() }
            },
        );
        let published = run(&fake, &simple(&["a", "b", "c"]), 2).await;
        failed_in(&published, 1, step);
        assert_eq!(published.counts(), Counts { published: 2, failed: 1, ..Counts::default() });
        assert_eq!(messages(&published), ["no"]);
        let last = fake.began().into_iter().rfind(|call| call.starts_with("b ")).unwrap();
        assert!(last.starts_with(&format!("b {step}")), "{last} after a failure in {step}");
        let place = &published.targets[1].destinations[0];
        let done = step == "verify";
        assert_eq!(
            (names(&place.written), names(&place.missing)),
            if done { (vec!["b"], vec![]) } else { (vec![], vec!["b"]) }
        );
        assert!(place.verified.is_empty());
        assert_eq!(published.targets[1].index.is_some(), !matches!(step, "wait-sources" | "index-create"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_failed_in_one_repository_moves_no_further_tag_in_another() {
    let fake = Fake::scripted([
        ("a index-tag r.example/one/app:1.0", || Act::fails(FailureKind::Denied, "no").after(ms(10))),
        ("b index-tag r.example/two/app:2.0", || Act::well().after(ms(50))),
    ]);
    let plan = plan(vec![
        target("b", &[(TWO, &["2.0"], &[])]),
        target("a", &[(ONE, &["1.0"], &["latest"]), (TWO, &["1.0"], &["latest"])]),
        target("c", &[(ONE, &["3.0"], &["3"]), (TWO, &["3.0"], &["3"])]),
    ]);
    let published = run(&fake, &plan, 4).await;
    let of_a: Vec<String> = fake.began().into_iter().filter(|call| call.starts_with("a index-tag")).collect();
    assert_eq!(of_a, [format!("a index-tag {ONE}:1.0")], "its turn in the other repository is lost");
    failed_in(&published, 1, "index-tag");
    for place in &published.targets[1].destinations {
        assert_eq!((names(&place.written), names(&place.missing)), (vec![], vec!["1.0", "latest"]));
    }
    assert_eq!(published.counts(), Counts { published: 2, failed: 1, ..Counts::default() });
}

#[tokio::test(start_paused = true)]
async fn what_was_under_way_when_a_target_failed_is_reported_too() {
    let fake = Fake::scripted([
        ("a index-tag r.example/one/app:1.0", || Act::fails(FailureKind::Denied, "no")),
        ("a index-tag r.example/two/app:1.0", || Act::well().after(ms(50))),
    ]);
    let plan = plan(vec![target("a", &[(ONE, &["1.0"], &["latest"]), (TWO, &["1.0"], &["latest"])])]);
    let published = run(&fake, &plan, 4).await;
    let [one, two] = published.targets[0].destinations.as_slice() else { panic!("two repositories") };
    assert_eq!((names(&one.written), names(&one.missing)), (vec![], vec!["1.0", "latest"]));
    assert_eq!((names(&two.written), names(&two.missing)), (vec!["1.0"], vec!["latest"]));
    assert_eq!(published.targets[0].elapsed, ms(50));
}

#[tokio::test(start_paused = true)]
async fn two_failures_of_one_target_are_both_reported_each_once() {
    let fake = Fake::scripted([
        ("a index-tag r.example/one", || Act::fails(FailureKind::Denied, "first").after(ms(10))),
        ("a index-tag r.example/two", || Act::fails(FailureKind::Unavailable, "second").after(ms(20))),
    ]);
    let published = run(&fake, &plan(vec![target("a", &[(ONE, &["1"], &[]), (TWO, &["1"], &[])])]), 4).await;
    assert_eq!(messages(&published), ["first", "second"]);
    assert_eq!(published.failed().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn tags_that_a_failing_call_moved_before_are_written_and_not_missing() {
    let fake = Fake::scripted([("a index-tag", || {
        let seen = vec![
            effect("mount", "r.example/one/app:1.2"),
            effect("tag", "r.example/one/app:1.0"),
            effect("tag", "r.example/two/app:1.2"),
            effect("push", &format!("r.example/one/app:1.1@{}", digest(7))),
        ];
        Act::fails(FailureKind::Unavailable, "lost").says(seen)
    })]);
    let published = run(&fake, &plan(vec![target("a", &[(ONE, &["1.0", "1.1", "1.2"], &[])])]), 1).await;
    let place = &published.targets[0].destinations[0];
    assert_eq!((names(&place.written), names(&place.missing)), (vec!["1.0", "1.1"], vec!["1.2"]));
}

#[tokio::test(start_paused = true)]
async fn a_step_that_panics_is_a_failure_of_its_target() {
    let fake = Fake::scripted([("a index-create", Act::panics)]);
    let published = run(&fake, &simple(&["a", "b"]), 1).await;
    failed_in(&published, 0, "index-create");
    assert!(messages(&published)[0].contains("a bug in `a index-create`"), "{:?}", messages(&published));
    assert_eq!(published.failures().next().map(|failure| failure.kind), Some(FailureKind::Internal));
    assert!(published.targets[1].status.is_good(), "{}", fake.text());
}

#[tokio::test(start_paused = true)]
async fn a_component_that_ends_well_without_saying_what_it_did_is_not_believed() {
    let other = "r.example/one/app:other";
    for (step, attributes, wanted) in [
        ("index-create", vec![], "named no index"),
        ("index-tag", vec![], "did not say what became of `r.example/one/app:b`"),
        ("index-tag", vec![("written", other)], "did not say what became of `r.example/one/app:b`"),
        ("verify", vec![], "did not say that `r.example/one/app:b` was read back"),
        ("verify", vec![("verified", other)], "did not say that `r.example/one/app:b` was read back"),
    ] {
        let fake = Fake::new(move |call| {
            let silent = call.step == step && call.task.uid == "b";
            if silent { Act::answers(None, &attributes) } else { Act::well() }
        });
        let published = run(&fake, &simple(&["a", "b"]), 1).await;
        failed_in(&published, 1, step);
        assert!(messages(&published)[0].contains(wanted), "{:?}", messages(&published));
        assert_eq!(published.counts().published, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_goes_nowhere_and_a_run_without_targets_are_not_complete() {
    let fake = Fake::new(|_| Act::well());
    let published = run(&fake, &plan(vec![target("a", &[])]), 1).await;
    failed_in(&published, 0, "verify");
    let published = run(&fake, &plan(Vec::new()), 1).await;
    assert!(!published.is_complete());
    assert_eq!(published.counts(), Counts::default());
}
