//! Ctrl-C and SIGTERM, while the program waits for a digest, between two attempts, and in the middle of an upload: it
//! ends at once, leaves no child behind, says what is and what is not published, and the same command then completes.
#![expect(clippy::print_stderr, reason = "the figures are for whoever reads the output")]

use std::time::{Duration, Instant};

use bakery_fault_registry::{
    Action, Answer, Lag, LagOf, Operation, Profile, Script, Until, When,
    script::{Mounts, Point, RetryAfter},
};
use bakery_tests::publish::Scenario;

use crate::world::World;

/// Nothing takes so long on loopback.
const SOON: Duration = Duration::from_secs(30);
/// A tenth of this is promised; the rest is for machines that do something else as well.
const AT_MOST: Duration = Duration::from_secs(5);

const SIGNALS: [(&str, i32); 2] = [("INT", 130), ("TERM", 143)];

/// Starts the job, waits until the registry or the program shows that it is where it shall be stopped, stops it, and
/// sees to it that the same command completes what was begun.
fn stopped(
    place: &str,
    world: &World,
    arguments: &[&str],
    arrived: impl Fn(&World) -> bool,
    mend: impl Fn(&World),
) {
    for (signal, code) in SIGNALS {
        let mut running = world.job.command().args(arguments).start();
        let begun = Instant::now();
        while !arrived(world) {
            assert!(begun.elapsed() < SOON && !running.has_ended(), "{place}: {}", running.stderr());
            std::thread::sleep(Duration::from_millis(5));
        }
        // The request is with the registry; let the program come to rest behind it.
        std::thread::sleep(Duration::from_millis(200));
        let sent = Instant::now();
        running.signal(signal);
        let done = running.finish();
        let took = sent.elapsed();
        eprintln!("{signal} in {place}: ended after {took:.3?}");
        assert_eq!(done.code, code, "{place}: {}", done.stderr);
        assert!(took < AT_MOST, "{place}: {took:?}");
        for tag in ["1.0.0", "latest"] {
            assert!(done.stderr.contains(tag), "what is not published is told: {}", done.stderr);
        }
        assert!(done.stderr.contains("not written"), "{}", done.stderr);
        assert!(done.stderr.contains("ci publish"), "the command to continue with is told: {}", done.stderr);
        let result = world.job.result().unwrap_or_else(|| panic!("{place}: no result: {}", done.stderr));
        assert_eq!(result["exit_code"], code, "{result:#}");
        assert!(world.state().tags.is_empty(), "{place}");
        mark(world);
    }
    mend(world);
    world.published();
}

/// Every signal meets a fresh fault: rules that were armed for the first run are armed again.
fn mark(world: &World) {
    world.registry.discard();
}

#[test]
fn a_wait_for_a_digest_ends_with_a_signal() {
    let built = Scenario::new().build();
    let lag = Lag::new(LagOf::Manifests, Until::Revealed).repository(&built.staging());
    let world = World::of(&built, Script::new().lag(lag));
    let marks = std::sync::Mutex::new(0);
    let arrived = |world: &World| {
        let mut mark = marks.lock().unwrap();
        let polls = world.registry.log().since(*mark).of(Operation::GetManifest).len();
        let enough = polls >= 3;
        if enough {
            *mark = world.registry.log().mark();
        }
        enough
    };
    stopped("a wait of ten minutes", &world, &["--wait-timeout", "10m"], arrived, |world| {
        world.registry.reveal()
    });
}

#[test]
fn a_pause_between_two_attempts_ends_with_a_signal() {
    let answer = Answer::status(503).retry_after(RetryAfter::Seconds(60));
    let rule = When::on(Operation::GetManifest).then(Action::answer(answer)).named("fault");
    let world = World::new(Scenario::new(), Script::new().rule(rule));
    let marks = std::sync::Mutex::new(0);
    let arrived = |world: &World| {
        let mut mark = marks.lock().unwrap();
        let answered = world.registry.log().since(*mark).only(|entry| entry.status == Some(503)).len();
        if answered > 0 {
            *mark = world.registry.log().mark();
        }
        answered > 0
    };
    stopped("a pause of a minute", &world, &[], arrived, |world| world.registry.clear_rules());
}

#[test]
fn an_upload_ends_with_a_signal() {
    let profile = Profile { mounts: Mounts::Refuse, ..Profile::default() };
    let hold = Action::Pause { name: "upload".to_owned(), point: Point::Before };
    let uploads = [Operation::FinishUpload, Operation::PatchUpload];
    let rule = When::on_each(&uploads).then(hold).named("fault");
    let world = World::new(Scenario::new().layer_bytes(200_000), Script::new().profile(profile).rule(rule));
    let arrived = |world: &World| !world.registry.paused().is_empty();
    stopped("an upload", &world, &[], arrived, |world| world.registry.clear_rules());
}

#[test]
fn what_was_published_before_the_signal_is_told_and_not_done_again() {
    let hold = Action::pause("second");
    let rule = When::on(Operation::PutManifest).path("/v2/*/app/manifests/latest").then(hold).named("fault");
    let world = World::new(Scenario::new(), Script::new().rule(rule));
    let running = world.job.command().start();
    assert!(world.registry.wait_paused(SOON).is_some(), "{}", running.stderr());
    // The other floating tag moves at the same time; the immutable ones have moved before.
    std::thread::sleep(Duration::from_millis(200));
    running.signal("INT");
    let done = running.finish();
    assert_eq!(done.code, 130, "{}", done.stderr);
    let line = done
        .stderr
        .lines()
        .find(|line| line.contains("in place"))
        .unwrap_or_else(|| panic!("{}", done.stderr));
    assert!(line.contains("1.0.0") && line.contains("not written latest"), "{line}");
    world.registry.clear_rules();
    world.registry.discard();
    let mark = world.registry.log().mark();
    world.published();
    assert_eq!(world.writes_since(mark), ["PUT /v2/images/app/manifests/latest 201"]);
}

#[test]
fn no_child_is_left_behind() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new(
        Scenario::new(),
        Script::new().auth(bakery_fault_registry::Auth::bearer("somebody", "not-a-secret")),
    );
    // A credential helper that never answers, and a child of its own that would outlive it.
    let pids = world.job.path().join("pids");
    let helper = world.job.write(
        "bin/docker-credential-stuck",
        format!("#!/bin/sh\nsleep 600 &\necho $$ $! > {0}.new && mv {0}.new {0}\nwait\n", pids.display()),
    );
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    world.job.write("docker/config.json", r#"{"credsStore": "stuck"}"#);
    let path =
        format!("{}:{}", helper.parent().unwrap().display(), std::env::var("PATH").unwrap_or_default());
    let mut running = world.job.command().env("PATH", path).start();
    let begun = Instant::now();
    while !pids.exists() {
        assert!(begun.elapsed() < SOON && !running.has_ended(), "{}", running.stderr());
        std::thread::sleep(Duration::from_millis(5));
    }
    running.signal("TERM");
    let done = running.finish();
    assert_eq!(done.code, 143, "{}", done.stderr);
    let pids = std::fs::read_to_string(&pids).unwrap();
    for pid in pids.split_whitespace() {
        let begun = Instant::now();
        while alive(pid) {
            assert!(begun.elapsed() < AT_MOST, "process {pid} is left behind");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Whether a process is there and is more than an entry that nobody has collected.
fn alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}
