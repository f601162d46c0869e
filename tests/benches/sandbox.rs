//! What the sandbox costs: medians and ratios of one run, printed. Asserts nothing; `make bench` prints it.
//! Run it alone: `cargo bench -p bakery-tests --bench sandbox`.

use std::{
    io::Write,
    path::Path,
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
use bakery_tests::workshop::{EMPTY, binary, resolver};

const ROUNDS: u32 = 2_000;

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let bounds = [Duration::from_micros(1), Duration::from_micros(100)];
    let engines =
        (0..200).map(|_| figures::engine_start()).collect::<Result<_, _>>().map_err(std::io::Error::other)?;
    let smallest = resolver(EMPTY, "");
    let noop =
        runtime.block_on(figures::noop_calls(&binary(NOOP), ROUNDS * 10)).map_err(std::io::Error::other)?;
    let least = runtime.block_on(resolves(smallest.clone(), smallest_question()));
    let mut lines = vec![
        ("making an engine".to_owned(), engines, None),
        (load_of(&smallest), loads(&smallest)?, None),
        ("a call that does nothing, in a store that is there".to_owned(), noop, Some(bounds[0])),
        ("the smallest question, in a fresh store".to_owned(), least, Some(bounds[1])),
    ];
    if let Some((wasm, question)) = template() {
        let pinned = runtime.block_on(resolves(wasm.clone(), question));
        lines.push((load_of(&wasm), loads(&wasm)?, None));
        lines.push(("a pinned template version, in a fresh store".to_owned(), pinned, Some(bounds[1])));
    }
    let mut out = std::io::stdout().lock();
    for (what, taken, bound) in lines {
        let p50 = median(taken);
        let ratio = |bound: Duration| format!("{:.2} of {bound:?}", p50.as_secs_f64() / bound.as_secs_f64());
        writeln!(out, "{what:<60} p50 {p50:>10.2?}  {}", bound.map_or(String::new(), ratio))?;
    }
    Ok(())
}

const NOOP: &str = r#"(component
  (core module $m (func (export "noop")))
  (core instance $i (instantiate $m))
  (func (export "noop") (canon lift (core func $i "noop"))))"#;

fn load_of(wasm: &[u8]) -> String {
    format!("loading the embedded code of a component of {} bytes", wasm.len())
}

fn loads(wasm: &[u8]) -> std::io::Result<Vec<Duration>> {
    figures::native_loads(wasm, 200).map_err(std::io::Error::other)
}

fn smallest_question() -> SourceQuery {
    SourceQuery {
        component: ComponentRef::Builtin("source".to_owned()),
        product: "none".to_owned(),
        channel: "daily".to_owned(),
        pinned: None,
        branch: None,
        substitute: false,
        targets: Vec::new(),
        config: "{}".to_owned(),
        allow: Vec::new(),
    }
}

/// The template source, where it is built, and a pinned question for four operating systems.
fn template() -> Option<(Vec<u8>, SourceQuery)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components/source-template.wasm");
    let wasm = std::fs::read(path).ok()?;
    let entry = embedded().iter().find(|entry| entry.component.to_string() == "source-template")?;
    let target = |name| OsTarget { os: BuildOs::parse(name), platform: Platform::LinuxAmd64 };
    let question = SourceQuery {
        product: entry.key.product.clone(),
        channel: entry.key.channel.to_string(),
        pinned: Some("2026.05.0-dev+185-gabcdef".to_owned()),
        config: entry.config.to_string(),
        targets: ["Ubuntu 24.04", "Ubuntu 22.04", "Debian 12", "Rocky 9"].map(target).to_vec(),
        ..smallest_question()
    };
    Some((wasm, question))
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
