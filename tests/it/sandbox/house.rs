//! A sandbox with a gate whose network is a table, and everything that can be asked of it.

use std::{
    collections::HashMap,
    ffi::OsString,
    fmt::Debug,
    sync::{Arc, Mutex},
    time::Duration,
};

use bakery_core::{
    config::{Constraint, DependencyName},
    model::{BuildOs, ComponentRef, Platform},
    port::{
        Admission, BoxFuture, Event, EventSink, Failure, FailureKind, Http, HttpRequest, HttpResponse,
        ListQuery, OsTarget, Resolution, Resolvers, SourceCall, SourceError, SourceQuery,
    },
};
use bakery_gate::{Gate, GateOptions};
use bakery_sandbox::{Builtin, CachePlace, Limits, Sandbox, SandboxOptions};

use bakery_tests::workshop::{EMPTY, resolver};

/// Everything that is granted in these tests lies below it.
pub(super) const ORIGIN: &str = "https://upstream.example/";

/// A sandbox to misbehave in.
pub(super) struct House {
    pub(super) sandbox: Sandbox,
    pub(super) events: Arc<Events>,
    pub(super) network: Arc<Network>,
    pub(super) dir: tempfile::TempDir,
}

/// Limits that make tests short.
pub(super) fn tight() -> Limits {
    Limits {
        guest_time: Duration::from_millis(100),
        call_time: Duration::from_secs(20),
        memory_bytes: 8 * 1024 * 1024,
        table_elements: 10_000,
        instances: 40,
        handles: 100,
        ..Limits::default()
    }
}

impl House {
    /// A house with these built-in components, and `good` beside them.
    pub(super) fn new(limits: Limits, guests: &[(&'static str, Vec<u8>)]) -> Self {
        Self::build(limits, guests, Some(vec![env!("CARGO_BIN_EXE_compile-child").into()]), |_| None)
    }

    /// The same, with another compiler and a cache below the house's directory.
    pub(super) fn build(
        limits: Limits,
        guests: &[(&'static str, Vec<u8>)],
        compiler: Option<Vec<OsString>>,
        cache: impl Fn(&std::path::Path) -> Option<CachePlace>,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (events, network) = (Arc::<Events>::default(), Arc::<Network>::default());
        let mut builtins = vec![builtin("good", resolver(EMPTY, ""))];
        builtins.extend(guests.iter().map(|(name, wasm)| builtin(name, wasm.clone())));
        let sandbox = Sandbox::new(SandboxOptions {
            gate: Arc::new(Gate::new(GateOptions::new(network.clone(), events.clone()))),
            events: events.clone(),
            limits,
            builtins: Vec::leak(builtins),
            root: dir.path().to_owned(),
            cache: cache(dir.path()),
            compiler,
        });
        Self { sandbox, events, network, dir }
    }

    /// Writes a third party's component.
    pub(super) fn write(&self, path: &str, bytes: &[u8]) {
        std::fs::write(self.dir.path().join(path), bytes).unwrap();
    }

    /// Asks a built-in version source a question without targets.
    pub(super) async fn ask(&self, name: &str) -> Result<Resolution, SourceError> {
        self.sandbox.resolve(&question(builtin_ref(name)), SourceCall::default()).await
    }

    /// Asks a third party's version source a question without targets.
    pub(super) async fn ask_file(&self, path: &str) -> Result<Resolution, SourceError> {
        self.sandbox.resolve(&question(file_ref(path)), SourceCall::default()).await
    }

    /// The built-in version source fails like this, and afterwards the house still answers.
    pub(super) async fn fails(&self, name: &str, kind: FailureKind, words: &str) {
        assert_failure(self.ask(name).await, kind, words);
        self.still_answers().await;
    }

    /// The third party's version source fails like this, and afterwards the house still answers.
    pub(super) async fn file_fails(&self, path: &str, kind: FailureKind, words: &str) {
        assert_failure(self.ask_file(path).await, kind, words);
        self.still_answers().await;
    }

    /// A good component is answered.
    pub(super) async fn still_answers(&self) {
        let answer = self.ask("good").await.expect("a good component is answered after a bad one");
        assert_eq!(answer.artifacts.len(), 0);
    }
}

/// The failure is of this class and has exactly these words.
pub(super) fn assert_failure<T: Debug>(answer: Result<T, SourceError>, kind: FailureKind, words: &str) {
    match answer {
        Err(SourceError::Failed(failure)) => {
            assert_eq!((failure.kind, failure.message.as_str()), (kind, words))
        }
        other => panic!("expected `{words}`, got {other:?}"),
    }
}

/// A question that nothing is granted to.
pub(super) fn question(component: ComponentRef) -> SourceQuery {
    SourceQuery {
        component,
        product: "connect".to_owned(),
        channel: "daily".to_owned(),
        pinned: None,
        branch: None,
        substitute: false,
        targets: Vec::new(),
        config: "{}".to_owned(),
        allow: Vec::new(),
    }
}

/// The same with the network and these targets.
pub(super) fn online(component: ComponentRef, systems: &[&str]) -> SourceQuery {
    let target = |name: &&str| OsTarget { os: BuildOs::parse(name), platform: Platform::LinuxAmd64 };
    SourceQuery {
        targets: systems.iter().map(target).collect(),
        allow: vec![ORIGIN.to_owned()],
        ..question(component)
    }
}

/// A question for a dependency list.
pub(super) fn list_question(name: &str) -> ListQuery {
    ListQuery {
        component: builtin_ref(name),
        dependency: DependencyName::R,
        prerelease: false,
        constraint: Constraint { latest: true, count: Some(1), min: None, max: None },
        config: "{}".to_owned(),
        allow: Vec::new(),
    }
}

pub(super) fn builtin_ref(name: &str) -> ComponentRef {
    ComponentRef::Builtin(name.to_owned())
}

pub(super) fn file_ref(path: &str) -> ComponentRef {
    ComponentRef::File { path: path.to_owned(), digest: None }
}

fn builtin(name: &'static str, wasm: Vec<u8>) -> Builtin {
    Builtin { name, wasm: Vec::leak(wasm), native: &[] }
}

/// What was emitted.
#[derive(Default)]
pub(super) struct Events(Mutex<Vec<Event>>);

impl EventSink for Events {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Events {
    pub(super) fn all(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }

    /// What guests said.
    pub(super) fn log(&self) -> Vec<String> {
        let line = |event| match event {
            Event::GuestLog { message, .. } => Some(message),
            _ => None,
        };
        self.all().into_iter().filter_map(line).collect()
    }
}

/// A network of which every answer is written down beforehand; the last answer of a path repeats.
#[derive(Default)]
pub(super) struct Network {
    answers: Mutex<HashMap<String, Vec<Reply>>>,
    requests: Mutex<Vec<String>>,
}

#[derive(Clone)]
pub(super) enum Reply {
    Body(Vec<u8>),
    /// An empty body, after this time.
    Slow(Duration),
    Never,
    Fails(FailureKind),
}

impl Network {
    pub(super) fn answers(&self, path: &str, replies: Vec<Reply>) {
        self.answers_at(&format!("{ORIGIN}{path}"), replies);
    }

    pub(super) fn answers_at(&self, url: &str, replies: Vec<Reply>) {
        self.answers.lock().unwrap().insert(url.to_owned(), replies);
    }

    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    fn next(&self, url: &str) -> Reply {
        self.requests.lock().unwrap().push(url.to_owned());
        match self.answers.lock().unwrap().get_mut(url) {
            Some(replies) if replies.len() > 1 => replies.remove(0),
            Some(replies) => replies[0].clone(),
            None => Reply::Fails(FailureKind::NotFound),
        }
    }
}

impl Http for Network {
    fn send<'a>(
        &'a self,
        _: &'a dyn Admission,
        request: &'a HttpRequest,
    ) -> BoxFuture<'a, Result<HttpResponse, Failure>> {
        Box::pin(async move {
            let page = |body| Ok(HttpResponse { status: 200, location: None, media_type: None, body });
            match self.next(request.url.as_str()) {
                Reply::Body(body) => page(body),
                Reply::Slow(time) => {
                    tokio::time::sleep(time).await;
                    page(Vec::new())
                }
                Reply::Never => std::future::pending().await,
                Reply::Fails(kind) => Err(Failure::new(kind, request.url.as_str(), "no such page")),
            }
        })
    }
}
