//! What the sandbox costs: medians and ratios of one run, printed. Asserts nothing; `make bench` prints it.
//! Run it alone: `cargo bench -p bakery-tests --bench sandbox`.

use std::{
    io::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use bakery_core::{
    config::products::embedded,
    model::{BuildOs, ComponentRef, Platform},
    port::{
        Admission, BoxFuture, Event, EventSink, Failure, FailureKind, Http, HttpRequest, HttpResponse,
        OsTarget, Resolvers, SourceCall, SourceQuery,
    },
};
use bakery_gate::{Gate, GateOptions};
use bakery_sandbox::{Builtin, Limits, Sandbox, SandboxOptions, figures};

#[path = "../it/sandbox/workshop.rs"]
mod workshop;

const ROUNDS: u32 = 2_000;

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut out = std::io::stdout().lock();
    let (guest, query) = guest();
    let mut line = |what: &str, time: Duration, bound: Option<Duration>| {
        let ratio = bound.map_or(String::new(), |bound| {
            format!("  {:.2} of the bound {bound:?}", time.as_secs_f64() / bound.as_secs_f64())
        });
        writeln!(out, "{what:<58} p50 {time:>10.2?}{ratio}")
    };
    let engine = median((0..50).filter_map(|_| figures::engine_start().ok()).collect());
    line("making an engine", engine, None)?;
    let load = median((0..50).filter_map(|_| figures::load_native(&guest).ok()).collect());
    line(&format!("loading embedded code of a component of {} bytes", guest.len()), load, None)?;
    let noop = wat::parse_str(NOOP).map_err(std::io::Error::other)?;
    let calls = runtime.block_on(figures::noop_calls(&noop, ROUNDS * 10)).map_err(std::io::Error::other)?;
    let call = median(calls);
    line("a call that does nothing, in a store that is there", call, Some(Duration::from_micros(1)))?;
    let resolve = median(runtime.block_on(resolves(guest, query.clone())));
    let what = if query.pinned.is_some() { "a pinned template question" } else { "the smallest question" };
    line(
        &format!("{what}: fresh store, instance, answer, checks"),
        resolve,
        Some(Duration::from_micros(100)),
    )?;
    writeln!(out, "a question is {:.0} calls that do nothing", resolve.as_secs_f64() / call.as_secs_f64())
}

const NOOP: &str = r#"(component
  (core module $m (func (export "noop")))
  (core instance $i (instantiate $m))
  (func (export "noop") (canon lift (core func $i "noop"))))"#;

/// The template source and a pinned question of its product for four operating systems, where it is built;
/// else the smallest version source there can be.
fn guest() -> (Vec<u8>, SourceQuery) {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components/source-template.wasm");
    let entry = embedded().iter().find(|entry| entry.component.to_string() == "source-template");
    let mut query = SourceQuery {
        component: ComponentRef::Builtin("source".to_owned()),
        product: "none".to_owned(),
        channel: "daily".to_owned(),
        pinned: None,
        branch: None,
        substitute: false,
        targets: Vec::new(),
        config: "{}".to_owned(),
        allow: Vec::new(),
    };
    match (std::fs::read(path), entry) {
        (Ok(wasm), Some(entry)) => {
            let target = |name| OsTarget { os: BuildOs::parse(name), platform: Platform::LinuxAmd64 };
            query.product.clone_from(&entry.key.product);
            query.channel = entry.key.channel.to_string();
            query.pinned = Some("2026.05.0-dev+185-gabcdef".to_owned());
            query.config = entry.config.to_string();
            query.targets = ["Ubuntu 24.04", "Ubuntu 22.04", "Debian 12", "Rocky 9"].map(target).to_vec();
            (wasm, query)
        }
        _ => (workshop::resolver(workshop::EMPTY, ""), query),
    }
}

async fn resolves(wasm: Vec<u8>, query: SourceQuery) -> Vec<Duration> {
    let builtin = Builtin { name: "source", wasm: Vec::leak(wasm), native: &[] };
    let sandbox = Sandbox::new(SandboxOptions {
        gate: Arc::new(Gate::new(GateOptions::new(Arc::new(Nowhere), Arc::new(Nobody)))),
        events: Arc::new(Nobody),
        limits: Limits::default(),
        builtins: Vec::leak(vec![builtin]),
        root: std::path::PathBuf::from("."),
        cache: None,
        compiler: None,
    });
    let mut taken = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        if sandbox.resolve(&query, SourceCall::default()).await.is_ok() {
            taken.push(begun.elapsed());
        }
    }
    taken
}

fn median(mut taken: Vec<Duration>) -> Duration {
    taken.sort_unstable();
    taken.get(taken.len() / 2).copied().unwrap_or_default()
}

struct Nobody;

impl EventSink for Nobody {
    fn emit(&self, _: Event) {}
}

struct Nowhere;

impl Http for Nowhere {
    fn send<'a>(
        &'a self,
        _: &'a dyn Admission,
        request: &'a HttpRequest,
    ) -> BoxFuture<'a, Result<HttpResponse, Failure>> {
        let failure = Failure::new(FailureKind::NotFound, request.url.as_str(), "there is no network");
        Box::pin(std::future::ready(Err(failure)))
    }
}
