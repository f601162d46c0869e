//! The signal: nothing begins after it, whatever was under way, and what was and was not done is said.

use super::{
    act::{Act, effect},
    fake::{Fake, Line},
    *,
};
use crate::publish::Status;

fn two() -> PublishPlan {
    plan(vec![
        target("a", &[(ONE, &["1.0"], &["latest"]), (TWO, &["1.0"], &["latest"])]),
        target("b", &[(ONE, &["2.0"], &["2"])]),
    ])
}

fn stepped_after_the_signal(fake: &Fake) -> Vec<Line> {
    let lines = fake.lines();
    let signal = lines.iter().position(|line| *line == Line::Signal).unwrap();
    lines[signal..].iter().filter(|line| matches!(line, Line::Step(..))).cloned().collect()
}

fn cancelled_in(published: &Published) -> Vec<&'static str> {
    let step = |status: &Status| match status {
        Status::Cancelled { step } => *step,
        Status::Published | Status::Unchanged => "",
        Status::Failed { step, failure } => panic!("failed in {step}: {failure}"),
    };
    published.targets.iter().map(|target| step(&target.status)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_signal_in_any_step_ends_the_run_at_once_and_nothing_begins() {
    for (stuck, ended) in [
        ("a wait-sources", ["wait-sources", "index-tag"]),
        ("a index-create", ["index-create", "index-tag"]),
        ("a index-place", ["index-place", "index-tag"]),
        ("a index-tag r.example/one/app:1.0", ["index-tag", "index-tag"]),
        ("a index-tag r.example/one/app:latest", ["index-tag", "index-tag"]),
        ("a verify", ["verify", ""]),
    ] {
        let fake = Fake::new(move |call| {
            if fake::Words(call).to_string().starts_with(stuck) { Act::never() } else { Act::well() }
        });
        fake.cancel_after(ms(1000));
        let began = tokio::time::Instant::now();
        let published = run(&fake, &two(), 4).await;
        assert_eq!(began.elapsed(), ms(1000), "{stuck}: it ends with the signal");
        assert_eq!(cancelled_in(&published), ended, "{stuck}\n{}", fake.text());
        assert_eq!(stepped_after_the_signal(&fake), [], "{stuck}");
        assert!(published.is_interrupted() && !published.is_complete());
        assert_eq!(published.unfinished().count(), published.counts().cancelled);
        assert_eq!(published.failures().count(), 0, "a signal is no failure");
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_signal_it_is_known_which_tags_moved() {
    let fake = Fake::scripted([("a index-tag r.example/two/app:latest", Act::never)]);
    fake.cancel_after(ms(10));
    let published = run(&fake, &two(), 4).await;
    let words = |target: usize| -> Vec<String> {
        let place = |one: &crate::publish::DestinationReport| {
            let join = |tags: &[Tag]| tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(",");
            format!("{} written {} missing {}", one.repository, join(&one.written), join(&one.missing))
        };
        published.targets[target].destinations.iter().map(place).collect()
    };
    assert_eq!(
        words(0),
        [format!("{ONE} written 1.0,latest missing "), format!("{TWO} written 1.0 missing latest")]
    );
    assert_eq!(words(1), [format!("{ONE} written 2.0,2 missing ")]);
    assert_eq!(cancelled_in(&published), ["index-tag", ""], "the other target was done before");
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_moved_while_the_signal_came_is_written() {
    let fake = Fake::scripted([("a index-tag r.example/one/app:1.0", || {
        Act::never().says(vec![effect("tag", "r.example/one/app:1.0")])
    })]);
    fake.cancel_after(ms(10));
    let published = run(&fake, &two(), 4).await;
    assert_eq!(published.targets[0].destinations[0].written, tags(&["1.0"]));
    assert_eq!(published.targets[0].destinations[0].missing, tags(&["latest"]));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_slot_does_not_get_one_after_the_signal() {
    let fake = Fake::scripted([("a index-create", Act::never)]);
    fake.cancel_after(ms(10));
    let published = run(&fake, &simple(&["a", "b", "c"]), 1).await;
    assert_eq!(cancelled_in(&published), ["index-create"; 3]);
    assert_eq!(fake.began().len(), 4, "{}", fake.text());
}

#[tokio::test(start_paused = true)]
async fn a_signal_before_the_run_begins_nothing() {
    let fake = Fake::new(|_| Act::well());
    fake.cancel();
    let published = run(&fake, &two(), 4).await;
    assert_eq!(cancelled_in(&published), ["wait-sources"; 2]);
    assert_eq!(fake.began(), [""; 0]);
    assert_eq!(published.targets[0].destinations[1].missing, tags(&["1.0", "latest"]));
    assert_eq!(published.targets[0].elapsed, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_was_cancelled_tells_the_run_where_nobody_else_does() {
    let fake = Fake::scripted([
        ("a index-create", || Act::fails(FailureKind::Cancelled, "cancelled").after(ms(10))),
        ("b index-create", || Act::well().after(ms(20))),
    ]);
    let published = publish(&fake, &simple(&["a", "b"]), &options(2), Arc::new(fake.clone())).await;
    assert_eq!(cancelled_in(&published), ["index-create", "index-place"]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_during_the_signal_stays_a_failure() {
    let fake = Fake::scripted([
        ("a index-tag r.example/one/app:1.0", || Act::fails(FailureKind::Cancelled, "cancelled")),
        ("a index-tag r.example/two/app:1.0", || Act::fails(FailureKind::Denied, "no").after(ms(10))),
    ]);
    let published = run(&fake, &two(), 4).await;
    let a = &published.targets[0].status;
    assert!(matches!(a, Status::Failed { failure, .. } if failure.message == "no"), "{a:?}");
    assert_eq!(published.failures().count(), 1);
    assert!(published.is_interrupted(), "the other target did not get its turn");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_leaves_no_step_behind() {
    let fake = Fake::scripted([("a wait-sources", || Act::well().after(ms(20)))]);
    let plan = simple(&["a"]);
    let run = tokio::time::timeout(ms(10), run(&fake, &plan, 1)).await;
    assert!(run.is_err());
    tokio::time::sleep(ms(100)).await;
    assert_eq!(fake.text(), "0ms begin a wait-sources");
}
