//! The second half of the demonstration: an image of two platforms is published to a registry that lags and fails on
//! purpose. Says what the registry did, shows what the program says, and judges the result by the registry's own state.

use std::time::Duration;

use bakery_fault_registry::{
    Action, Answer, FaultRegistry, Lag, LagOf, Operation, Script, Until, When, script::RetryAfter,
};
use bakery_tests::{
    Finished,
    publish::{Built, Job, Scenario, state},
};

use crate::{rounded, say};

/// Runs it; gives what was not as promised.
pub(crate) fn show() -> Vec<&'static str> {
    let built = Scenario::new().versions(2).base_layers(2).layers(2).layer_bytes(4096).build();
    let registry = FaultRegistry::spawn(hostile(&built)).expect("loopback has free ports");
    built.seed(&registry);
    let job = Job::new(&built, registry.host());
    let mut wrong = Vec::new();

    say("5. Two versions for two platforms each were pushed by digest; publishing them, in a registry that");
    println!("   shows the last platform after 4 s, answers 429 and 503, and loses an acknowledgement");
    let done = run(&job, &registry, &["--summary"]);
    let left = state(&registry, &built.destinations()).unwrap_or_default();
    if done.code != 0 || !left.problems(&built).is_empty() {
        wrong.push("not every tag leads to its index");
    }
    if !done.stderr.contains("waiting for") || registry.now() < LATE {
        wrong.push("the run did not wait for the platform that was late");
    }
    for (name, count) in registry.fired() {
        println!("  the registry did `{name}` {count} times");
        if count == 0 {
            wrong.push("a fault did not happen, so nothing was shown");
        }
    }
    for (name, tagged) in &left.tags {
        let platforms: Vec<&str> = tagged.platforms.iter().map(|(platform, _)| platform.as_str()).collect();
        println!("  {}:{} -> {} ({})", name.repository, name.tag, tagged.index, platforms.join(", "));
    }

    say("6. The same command once more: nothing is left to do");
    let mark = registry.log().mark();
    let done = run(&job, &registry, &[]);
    let writes = registry.log().since(mark).only(|entry| entry.operation.writes()).len();
    println!("  {writes} requests that write");
    if done.code != 0 || writes > 0 {
        wrong.push("a second run wrote something");
    }
    wrong
}

/// When the last platform can be read.
const LATE: Duration = Duration::from_secs(4);

fn hostile(built: &Built) -> Script {
    let digest = built.targets[1].source("linux/arm64");
    let until = Until::Ms(u64::try_from(LATE.as_millis()).unwrap_or(u64::MAX));
    let too_many = Answer::too_many(RetryAfter::Seconds(1));
    Script::new()
        .latency_ms(15)
        .lag(Lag::new(LagOf::Manifests, until).repository(&built.staging()).name(digest))
        .rule(
            When::on(Operation::GetManifest)
                .nth(1)
                .then(Action::answer(too_many))
                .named("429, come back in 1 s"),
        )
        .rule(When::on(Operation::Mount).nth(3).then(Action::status(503)).named("503 for a mount"))
        .rule(
            When::on(Operation::PutManifest).nth(2).then(Action::reset_after()).named("lost acknowledgement"),
        )
}

fn run(job: &Job, registry: &FaultRegistry, more: &[&str]) -> Finished {
    println!(
        "$ bakery ci publish ./*-metadata.json --temp-registry {}/tmp {}",
        registry.host(),
        more.join(" ")
    );
    let before = registry.log().len();
    let done = job
        .command_of(&["*-metadata.json"])
        .args(more)
        .env("BAKERY_REGISTRY_RETRY_INITIAL_BACKOFF", "0.5")
        .env("BAKERY_REGISTRY_RETRY_MAX_BACKOFF", "2")
        .run();
    for line in done.stderr.lines() {
        println!("  {line}");
    }
    print!("{}", done.stdout);
    let requests = registry.log().len() - before;
    println!("  (exit {}, {requests} requests, {:.2?})", done.code, rounded(done.elapsed));
    done
}
