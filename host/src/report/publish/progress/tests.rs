//! What a log shows of a run, on a terminal and on GitHub.

use super::*;
use crate::report::{
    publish::sample,
    stderr::testing::{Text, talking},
};

fn progress(host: Host, threshold: Threshold, dry_run: bool) -> (Progress, Text) {
    let (talker, text) = talking(Style { color: false, host, terminal: false, threshold });
    (Progress::new(&Arc::new(talker), 4, dry_run), text)
}

fn of(target: &str, event: Event) -> Event {
    Event::Of { target: target.into(), event: Box::new(event) }
}

fn effect(verb: &'static str) -> Event {
    Event::Effect { verb, subject: "r.example/app@sha256:ab".to_owned(), detail: String::new() }
}

fn waiting(seconds: u64) -> Event {
    Event::Waiting {
        subject: "r.example/tmp@sha256:ab".to_owned(),
        message: "not there\n::error::yet".to_owned(),
        elapsed: Duration::from_secs(seconds),
        delay: Duration::from_secs(2),
        remaining: Duration::from_secs(600 - seconds),
    }
}

/// Two targets at the same time, of which one waits.
fn happen(progress: &Progress) {
    let (_, published) = sample::run();
    let [a, b] = [&published.targets[0], &published.targets[1]];
    progress.emit(of(&a.uid, Event::Step { step: "wait-sources" }));
    progress.emit(of(&b.uid, Event::Step { step: "wait-sources" }));
    for second in [0, 1, 2, 6] {
        progress.emit(of(&a.uid, waiting(second)));
    }
    progress.emit(of(&b.uid, effect("mount")));
    progress.emit(of(
        &a.uid,
        Event::Arrived { subject: "r.example/tmp".to_owned(), waited: Duration::from_secs(8) },
    ));
    progress.emit(of(&a.uid, effect("tag")));
    progress.ended(b);
    progress.ended(a);
    progress.finish();
}

#[test]
fn a_plain_log_has_a_line_for_what_takes_long_and_for_each_end() {
    let (progress, text) = progress(Host::Plain, Threshold::Info, false);
    happen(&progress);
    insta::assert_snapshot!(text.get(), @r#"
    [app-1-0-0-standard-ubuntu-24-04] waiting for r.example/tmp@sha256:ab: not there\n::error::yet (waited 0s, looks again in 2.0s, gives up in 10m00s)
    [app-1-0-0-standard-ubuntu-24-04] waiting for r.example/tmp@sha256:ab: not there\n::error::yet (waited 6.0s, looks again in 2.0s, gives up in 9m54s)
    [app-1-0-0-standard-ubuntu-24-04] r.example/tmp is there after waiting 8.0s
    [app-1-1-0-standard-ubuntu-24-04] unchanged, sha256:36cd7fc8da54ca3d17310a282e51d84823bbc80672ab1c89979af1e1843fbdbc: 2 tags right before; sent 3.1 kB, 37 requests in 0.5s
    [app-1-0-0-standard-ubuntu-24-04] published as sha256:25fb9f39127dac30ab5eb1efd2a119e6acc4dff111059caa996c0233f35d3693: 2 tags written; mounted 2 blobs, uploaded 1 blob, sent 3.1 kB, 37 requests in 0.5s, waited 4.2s, 1 retry
    "#);
}

#[test]
fn a_dry_run_has_a_line_for_each_write_that_would_happen() {
    let (progress, text) = progress(Host::Plain, Threshold::Info, true);
    happen(&progress);
    let would: Vec<String> =
        text.get().lines().filter(|line| line.contains("would ")).map(str::to_owned).collect();
    insta::assert_snapshot!(would.join("\n"), @r#"
    [app-1-1-0-standard-ubuntu-24-04] would mount r.example/app@sha256:ab
    [app-1-0-0-standard-ubuntu-24-04] would tag r.example/app@sha256:ab
    [app-1-0-0-standard-ubuntu-24-04] would be published as sha256:25fb9f39127dac30ab5eb1efd2a119e6acc4dff111059caa996c0233f35d3693: 2 tags to write; 2 blobs to mount, 1 blob to upload, sent 3.1 kB, 37 requests in 0.5s, waited 4.2s, 1 retry
    "#);
}

#[test]
fn github_gets_one_group_per_target_that_no_text_can_leave() {
    let (progress, text) = progress(Host::GitHub, Threshold::Info, false);
    happen(&progress);
    insta::assert_snapshot!(text.get(), @r#"
    [app-1-0-0-standard-ubuntu-24-04] waiting for r.example/tmp@sha256:ab: not there\n::error::yet (waited 0s, looks again in 2.0s, gives up in 10m00s)
    [app-1-0-0-standard-ubuntu-24-04] waiting for r.example/tmp@sha256:ab: not there\n::error::yet (waited 6.0s, looks again in 2.0s, gives up in 9m54s)
    [app-1-1-0-standard-ubuntu-24-04] unchanged, sha256:36cd7fc8da54ca3d17310a282e51d84823bbc80672ab1c89979af1e1843fbdbc: 2 tags right before; sent 3.1 kB, 37 requests in 0.5s
    ::group::[app-1-0-0-standard-ubuntu-24-04] published as sha256:25fb9f39127dac30ab5eb1efd2a119e6acc4dff111059caa996c0233f35d3693: 2 tags written; mounted 2 blobs, uploaded 1 blob, sent 3.1 kB, 37 requests in 0.5s, waited 4.2s, 1 retry
    r.example/tmp is there after waiting 8.0s
    tag r.example/app@sha256:ab
    ::endgroup::
    "#);
}

#[test]
fn whoever_wants_errors_alone_hears_nothing_of_what_goes_well() {
    for host in [Host::Plain, Host::GitHub] {
        let (progress, text) = progress(host, Threshold::Error, false);
        happen(&progress);
        assert_eq!(text.get(), "");
    }
}

#[test]
fn whoever_wants_everything_hears_every_look_and_every_write() {
    let (progress, text) = progress(Host::Plain, Threshold::Debug, false);
    happen(&progress);
    let text = text.get();
    assert_eq!(text.matches("waiting for").count(), 4, "{text}");
    assert!(text.contains("wait-sources") && text.contains("mount r.example"), "{text}");
}

#[test]
fn of_a_run_that_was_cut_off_it_is_known_who_had_ended() {
    let (progress, _) = progress(Host::Plain, Threshold::Info, false);
    let (plan, published) = sample::run();
    progress.ended(&published.targets[0]);
    progress.emit(of(&plan.targets[2].uid, Event::Step { step: "index-tag" }));
    let so_far = progress.so_far(&plan);
    assert_eq!(so_far.targets[0].status, Status::Published);
    assert_eq!(so_far.targets[1].status, Status::Cancelled { step: "wait-sources" });
    assert_eq!(so_far.targets[2].status, Status::Cancelled { step: "index-tag" });
    assert_eq!(so_far.targets[2].destinations[0].missing.len(), 2);
}
