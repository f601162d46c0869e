//! The jobs that are measured, and the lines that tell what they took. The predecessor's figures come from one machine
//! of an earlier day; they are told beside ours, and a ratio is one of requests, which no machine changes.

use std::time::Duration;

use bakery_fault_registry::{Lag, LagOf, Profile, Until};
use bakery_tests::{
    publish::{Built, Scenario},
    tool,
};

use crate::{
    measure::{LATENCY, Measured, Stage, far, median},
    peers,
};

const RUNS: usize = 5;

/// Two platforms of ten layers and a configuration each: 22 blobs. One version, four tags, one repository.
fn large() -> Built {
    Scenario::new().layers(10).build()
}

/// One target, cold, from the temporary repository to another one of the same registry.
pub(crate) fn one_target() {
    println!("one target, 2 platforms, 22 blobs, 4 tags, cold, cross-repository");
    let built = large();
    let runs: Vec<Measured> = (0..RUNS).map(|_| Stage::far(&built).publish(&[])).collect();
    let ours = median(runs.iter().map(|run| run.elapsed).collect());
    let requests = median(runs.iter().map(Measured::requests).collect());
    line("bakery", requests, ours, "promised are 37 and 0.5 s");
    let wire = median(runs.iter().map(Measured::wire).collect());
    let trips = wire.as_secs_f64() / LATENCY.as_secs_f64();
    println!("{:<46} {trips:.1} round trips of {LATENCY:?} from the first request to the last answer", "");
    let multi = || far().profile(Profile { multi_tag: true, ..Profile::default() });
    let runs: Vec<Measured> = (0..RUNS).map(|_| Stage::new(&built, multi()).publish(&[])).collect();
    let elapsed = median(runs.iter().map(|run| run.elapsed).collect());
    line(
        "bakery, all tags in one request",
        median(runs.iter().map(Measured::requests).collect()),
        elapsed,
        "promised are 33",
    );
    let stage = Stage::far(&built);
    stage.publish(&[]);
    let again = stage.publish(&[]);
    let writes = again.log.only(|entry| entry.operation.writes()).len();
    line("bakery, once more", again.requests(), again.elapsed, &format!("{writes} writes"));
    with_oras(&built, requests, ours);
    peers::compare(&built, requests, ours);
}

/// The same job with the steps that run `oras`, where there is one.
fn with_oras(built: &Built, requests: usize, elapsed: Duration) {
    const NAME: &str = "bakery --imagetools oras";
    let Some(oras) = tool("oras") else {
        println!("{NAME:<46} absent here: there is no oras");
        return;
    };
    let run = Stage::far(built).publish_with(&["--imagetools", "oras"], &[("ORAS_PATH", oras.as_os_str())]);
    let told = format!(
        "{:.1} times the requests of the native steps, {:.1} times the time",
        times(run.requests(), requests),
        run.elapsed.as_secs_f64() / elapsed.as_secs_f64(),
    );
    line(NAME, run.requests(), run.elapsed, &told);
}

/// Fifty versions that share most layers, one tag each.
pub(crate) fn many_targets() {
    const TARGETS: usize = 50;
    // Nine of ten layers come from the base, as in a family of images.
    let scenario = || Scenario::new().base_layers(9).layers(1).one_tag();
    println!("\n{TARGETS} targets, 2 platforms, 9 of 10 layers shared, 1 tag each, cold");
    let alone = Stage::far(&scenario().build()).publish(&[]);
    line("one of them", alone.requests(), alone.elapsed, "");
    let built = scenario().versions(TARGETS).build();
    for jobs in ["4", "8", "50"] {
        let run = Stage::far(&built).publish(&["--jobs", jobs]);
        let told =
            format!("1/{:.1} of {TARGETS} cold ones", times(TARGETS * alone.requests(), run.requests()));
        line(&format!("all in one repository, --jobs {jobs}"), run.requests(), run.elapsed, &told);
        concurrency(&run);
        if jobs == "8" {
            let oras = peers::oras_of(TARGETS, 2 * 9);
            let ratio = times(oras, run.requests());
            println!(
                "{:<46} 1/{ratio:.1} of oras as the predecessor drives it (about {oras}, by arithmetic)",
                ""
            );
        }
    }
    let family = scenario().images(10).versions(TARGETS / 10).build();
    for jobs in ["8", "50"] {
        let run = Stage::far(&family).publish(&["--jobs", jobs]);
        line(&format!("all in ten repositories, --jobs {jobs}"), run.requests(), run.elapsed, "");
        concurrency(&run);
    }
    let peak = Stage::peak(&built) as f64 / f64::from(1 << 20);
    println!(
        "{:<46} {peak:.1} MiB at the peak, promised are 40; the Python tool took 84 MiB where it was measured",
        "memory"
    );
}

/// A digest that becomes readable after so many seconds.
pub(crate) fn lag() {
    println!("\none platform becomes readable late");
    let built = large();
    for late in [1.0_f64, 3.0, 8.0] {
        let digest = built.targets[0].source("linux/arm64");
        let until = Until::Ms((late * 1e3) as u64);
        let stage = Stage::new(&built, far().lag(Lag::new(LagOf::Manifests, until).name(digest)));
        stage.publish(&[]);
        // The clock of the lag began when the image was put there.
        let ended =
            stage.registry.log().entries.iter().filter_map(|entry| entry.ended).max().unwrap_or_default();
        let bound = late * 1.1 + 1.0;
        let ended = ended.as_secs_f64();
        println!("{:<46} {ended:>7.2} s; promised are {bound:.2} s", format!("after {late} s"));
    }
}

/// From the start of the process to the first request.
pub(crate) fn start_up() {
    println!("\nstart-up");
    let built = Scenario::new().build();
    let first: Vec<Duration> = (0..21)
        .map(|_| Stage::new(&built, bakery_fault_registry::Script::new()).publish(&[]).first)
        .collect();
    let (least, most) = (first.iter().min().copied(), first.iter().max().copied());
    println!(
        "{:<46} {:>7.1} ms to the first request, promised are 15 (median of {}; {:.1} to {:.1})",
        "bakery ci publish",
        median(first.clone()).as_secs_f64() * 1e3,
        first.len(),
        least.unwrap_or_default().as_secs_f64() * 1e3,
        most.unwrap_or_default().as_secs_f64() * 1e3,
    );
}

/// How near a run came to keeping the registry busy, and how long its tags took: in one repository they move one target
/// after the other, whatever is allowed at once.
fn concurrency(run: &Measured) {
    let ideal = LATENCY.mul_f64(run.requests() as f64 / run.at_once().max(1) as f64);
    println!(
        "{:<46} {:.2} times requests / {} at once x latency (promised are 1.5); {:.2} s of it move tags",
        "",
        run.wire().as_secs_f64() / ideal.as_secs_f64(),
        run.at_once(),
        run.tagging().as_secs_f64(),
    );
}

fn times(more: usize, less: usize) -> f64 {
    more as f64 / less.max(1) as f64
}

fn line(name: &str, requests: usize, elapsed: Duration, told: &str) {
    println!("{name:<46} {requests:>5} requests {:>7.2} s  {told}", elapsed.as_secs_f64());
}
