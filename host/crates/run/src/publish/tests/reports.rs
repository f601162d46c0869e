//! What the report of a target says: waits, retries, effects, traffic, and how it ended.

use std::sync::Mutex;

use bakery_core::port::{Event, StepCall, registry::Traffic};

use super::{
    act::{Act, effect},
    fake::Fake,
    *,
};
use crate::publish::{Effect, Status, TargetReport, Wait};

fn waiting(subject: &str, elapsed: u64, delay: u64, remaining: u64) -> Event {
    Event::Waiting {
        subject: subject.to_owned(),
        message: "not there yet".to_owned(),
        elapsed: ms(elapsed),
        delay: ms(delay),
        remaining: ms(remaining),
    }
}

fn arrived(subject: &str, waited: u64) -> Event {
    Event::Arrived { subject: subject.to_owned(), waited: ms(waited) }
}

fn wait(subject: &str, waited: u64, arrived: bool) -> Wait {
    Wait { subject: subject.to_owned(), waited: ms(waited), arrived }
}

/// The first tag call answers so; all else goes well.
fn tagging(kept: fn(&str) -> bool) -> Fake {
    Fake::new(move |call: &StepCall| match (call.step, call.task.destinations.as_slice()) {
        ("index-tag", [one]) => {
            let names = one.tags.iter().map(|tag| format!("{}:{tag}", one.repository));
            let said = names.map(|name| (if kept(&name) { "kept" } else { "written" }, name));
            let said: Vec<(&str, String)> = said.collect();
            let said: Vec<(&str, &str)> = said.iter().map(|(key, name)| (*key, name.as_str())).collect();
            Act::answers(None, &said)
        }
        ("index-place", _) => {
            let names: Vec<String> =
                call.task.destinations.iter().map(|one| one.repository.to_string()).collect();
            let present: Vec<(&str, &str)> = names.iter().map(|name| ("present", name.as_str())).collect();
            Act::answers(None, &present)
        }
        _ => Act::well(),
    })
}

#[tokio::test(start_paused = true)]
async fn a_rerun_asks_the_steps_again_and_finds_everything_unchanged() {
    let fake = tagging(|_| true);
    let plan = plan(vec![target("a", &[(ONE, &["1.0"], &["latest"]), (TWO, &["1.0"], &[])])]);
    let published = run(&fake, &plan, 1).await;
    assert_eq!(published.targets[0].status, Status::Unchanged);
    assert_eq!(published.counts(), Counts { unchanged: 1, ..Counts::default() });
    assert_eq!(fake.calls().iter().filter(|call| call.step == "index-tag").count(), 3);
    let [one, two] = published.targets[0].destinations.as_slice() else { panic!("two repositories") };
    assert_eq!((&one.kept, &one.written, &one.missing), (&tags(&["1.0", "latest"]), &vec![], &vec![]));
    assert_eq!(one.verified, tags(&["1.0", "latest"]));
    assert_eq!(two.kept, tags(&["1.0"]));
}

#[tokio::test(start_paused = true)]
async fn one_tag_that_moved_makes_it_published() {
    let fake = tagging(|name| !name.ends_with("two/app:latest"));
    let plan = plan(vec![target("a", &[(ONE, &["1.0"], &["latest"]), (TWO, &["1.0"], &["latest"])])]);
    let published = run(&fake, &plan, 1).await;
    assert_eq!(published.targets[0].status, Status::Published);
    let two = &published.targets[0].destinations[1];
    assert_eq!((&two.kept, &two.written), (&tags(&["1.0"]), &tags(&["latest"])));
}

#[tokio::test(start_paused = true)]
async fn without_tags_it_is_unchanged_where_the_index_was_there() {
    let plan = plan(vec![target("a", &[(ONE, &[], &[])])]);
    let published = run(&tagging(|_| true), &plan, 1).await;
    assert_eq!(published.targets[0].status, Status::Unchanged);
    let published = run(&Fake::new(|_| Act::well()), &plan, 1).await;
    assert_eq!(published.targets[0].status, Status::Published);
}

#[tokio::test(start_paused = true)]
async fn what_the_host_saw_written_was_not_kept() {
    let fake = Fake::scripted([("a index-tag", || {
        let said = [("kept", "r.example/one/app:a")];
        Act::answers(None, &said).says(vec![effect("tag", "r.example/one/app:a")])
    })]);
    let published = run(&fake, &simple(&["a"]), 1).await;
    assert_eq!(published.targets[0].status, Status::Published);
    assert_eq!(published.targets[0].destinations[0].written, tags(&["a"]));
}

#[tokio::test(start_paused = true)]
async fn waits_are_kept_those_that_never_came_included() {
    let fake = Fake::scripted([("a wait-sources", || {
        let seen = vec![
            waiting("s@1", 0, 100, 1000),
            waiting("s@2", 0, 100, 1000),
            waiting("s@1", 100, 100, 900),
            arrived("s@1", 150),
            waiting("s@2", 900, 200, 100),
        ];
        Act::fails(FailureKind::NotFound, "never came").after(ms(1000)).says(seen)
    })]);
    let published = run(&fake, &simple(&["a", "b"]), 1).await;
    let [a, b] = published.targets.as_slice() else { panic!("two targets") };
    assert_eq!(a.waits, [wait("s@1", 150, true), wait("s@2", 1000, false)]);
    assert_eq!(b.waits, []);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_a_signal_cuts_off_lasted_until_then() {
    let fake =
        Fake::scripted([("a wait-sources", || Act::never().says(vec![waiting("s@1", 40, 5000, 9000)]))]);
    fake.cancel_after(ms(300));
    let published = run(&fake, &simple(&["a"]), 1).await;
    assert_eq!(published.targets[0].waits, [wait("s@1", 340, false)]);
}

#[tokio::test(start_paused = true)]
async fn a_second_wait_for_the_same_thing_is_a_wait_of_its_own() {
    let fake = Fake::scripted([
        ("a index-place", || Act::well().says(vec![waiting("s@1", 0, 10, 90), arrived("s@1", 10)])),
        ("a index-tag", || Act::well().says(vec![waiting("s@1", 0, 20, 90), arrived("s@1", 20)])),
    ]);
    let published = run(&fake, &simple(&["a"]), 1).await;
    assert_eq!(published.targets[0].waits, [wait("s@1", 10, true), wait("s@1", 20, true)]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_begins_again_leaves_the_one_that_gave_up() {
    let fake = Fake::scripted([("a index-tag", || {
        let seen = vec![waiting("s@1", 80, 10, 10), waiting("s@1", 0, 30, 90), arrived("s@1", 30)];
        Act::well().after(ms(500)).says(seen)
    })]);
    let published = run(&fake, &simple(&["a"]), 1).await;
    assert_eq!(published.targets[0].waits, [wait("s@1", 90, false), wait("s@1", 30, true)]);
}

#[tokio::test(start_paused = true)]
async fn retries_effects_and_traffic_are_those_of_the_target() {
    let fake = Fake::scripted([("a index-place", || {
        let retrying = Event::Retrying {
            subject: "s".to_owned(),
            attempt: 1,
            kind: FailureKind::Unavailable,
            message: "busy".to_owned(),
            delay: ms(1),
        };
        let seen = vec![retrying.clone(), effect("mount", "one"), retrying, effect("push", "two")];
        Act::well().after(ms(25)).says(seen)
    })]);
    let published = run(&fake, &simple(&["a", "b"]), 2).await;
    let [a, b] = published.targets.as_slice() else { panic!("two targets") };
    assert_eq!((a.retries, b.retries), (2, 0));
    let verbs = |effects: &[Effect]| -> Vec<String> {
        effects.iter().map(|effect| format!("{} {}", effect.verb, effect.subject)).collect()
    };
    assert_eq!(verbs(&a.effects), ["mount one", "push two", "tag r.example/one/app:a"]);
    assert_eq!(verbs(&b.effects), ["tag r.example/one/app:b"]);
    assert_eq!((a.traffic.requests, a.elapsed), (5, ms(25)));
    assert_eq!(a.index, Some(Digest::of(b"a")));
    assert_eq!(published.traffic(), Traffic { requests: 10, sent: 20, received: 200 });
}

#[tokio::test(start_paused = true)]
async fn every_event_carries_its_target_and_each_step_is_announced_when_it_begins() {
    let fake = Fake::scripted([("a index-create", || Act::well().says(vec![effect("push", "x")]))]);
    run(&fake, &plan(vec![target("a", &[(ONE, &["1.0"], &["latest"])])]), 1).await;
    let events: Vec<Event> = fake
        .events()
        .into_iter()
        .map(|event| match event {
            Event::Of { target, event } if &*target == "a" => *event,
            event => panic!("no target in {event:?}"),
        })
        .collect();
    let step = |step| Event::Step { step };
    assert_eq!(
        events,
        [
            step("wait-sources"),
            step("index-create"),
            effect("push", "x"),
            step("index-place"),
            step("index-tag"),
            effect("tag", "r.example/one/app:1.0"),
            step("index-tag"),
            effect("tag", "r.example/one/app:latest"),
            step("verify"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_step_is_announced_only_once_it_has_its_slot() {
    let fake = Fake::scripted([("a index-create", || Act::well().after(ms(50)))]);
    run(&fake, &simple(&["a", "b"]), 1).await;
    let lines = fake.lines();
    let at = |wanted: &dyn Fn(&fake::Line) -> bool| lines.iter().position(wanted).unwrap();
    let announced = at(&|line| *line == fake::Line::Step("b".to_owned(), "index-create"));
    let calls = fake.calls();
    let ended = |call: usize| calls[call].task.uid == "a" && calls[call].step == "index-place";
    let placed = at(&|line| matches!(line, fake::Line::End(_, call) if ended(*call)));
    assert!(placed < announced, "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn each_target_is_told_once_as_soon_as_it_has_ended() {
    let fake = Fake::new(|call: &StepCall| match (call.task.uid.as_str(), call.step) {
        ("a", "wait-sources") => Act::fails(FailureKind::NotFound, "gone"),
        ("b", "verify") => Act::well().after(ms(5)),
        ("c", "verify") => Act::well().after(ms(9)),
        _ => Act::well(),
    });
    let told: Arc<Mutex<Vec<(String, Status, Duration)>>> = Arc::default();
    let (heard, began) = (Arc::clone(&told), tokio::time::Instant::now());
    let ended = move |report: &TargetReport| {
        heard.lock().unwrap().push((report.uid.clone(), report.status.clone(), began.elapsed()));
    };
    let options = PublishOptions { ended: Arc::new(ended), ..options(4) };
    let published = publish(&fake, &simple(&["c", "b", "a"]), &options, Arc::new(fake.clone())).await;
    let told = told.lock().unwrap();
    let order: Vec<(&str, Duration)> = told.iter().map(|(uid, _, when)| (uid.as_str(), *when)).collect();
    assert_eq!(order, [("a", ms(0)), ("b", ms(5)), ("c", ms(9))]);
    for report in &published.targets {
        assert!(told.iter().any(|(uid, status, _)| *uid == report.uid && *status == report.status));
    }
}
