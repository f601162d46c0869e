//! Fakes for the tests of this crate: a backend that follows a script, a listener that remembers.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bakery_core::{
    policy::{Author, HttpGrants, Mirrors, Operation, OperationKind},
    port::{
        Admission, BoxFuture, Event, EventSink, Failure, FailureKind, Http, HttpMethod, HttpRequest,
        HttpResponse, Reach,
    },
};
use tokio::time::Instant;

use crate::{Caller, FetchRequest, Gate, GateOptions};

/// What the fake backend answers, and after how long.
pub(crate) type Reply = (Duration, Result<HttpResponse, Failure>);

/// A request that reached the backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) url: String,
    pub(crate) reach: Reach,
    /// Since the start of the test.
    pub(crate) at: Duration,
}

type Script = dyn Fn(&HttpRequest, usize) -> Reply + Send + Sync;

pub(crate) struct FakeHttp {
    /// Given the request, and how many came before for the same URL.
    script: Box<Script>,
    started: Instant,
    seen: Mutex<Vec<Seen>>,
    in_flight: AtomicUsize,
    peak: AtomicUsize,
}

impl FakeHttp {
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.url).collect()
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }
}

struct Landing<'a>(&'a AtomicUsize);

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Http for FakeHttp {
    fn send<'a>(
        &'a self,
        _admission: &'a dyn Admission,
        request: &'a HttpRequest,
    ) -> BoxFuture<'a, Result<HttpResponse, Failure>> {
        Box::pin(async move {
            let url = request.url.to_string();
            let before = {
                let mut seen = self.seen.lock().unwrap();
                let before = seen.iter().filter(|known| known.url == url).count();
                seen.push(Seen { url, reach: request.reach, at: self.started.elapsed() });
                before
            };
            let flying = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
            self.peak.fetch_max(flying, Ordering::SeqCst);
            let _landing = Landing(&self.in_flight);
            let (delay, reply) = (self.script)(request, before);
            tokio::time::sleep(delay).await;
            reply
        })
    }
}

/// Remembers every event.
#[derive(Default)]
pub(crate) struct Recorder(Mutex<Vec<Event>>);

impl EventSink for Recorder {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

/// A gate over fakes.
pub(crate) struct Bench {
    pub(crate) gate: Gate,
    pub(crate) http: Arc<FakeHttp>,
    pub(crate) events: Arc<Recorder>,
    pub(crate) started: Instant,
}

impl Bench {
    pub(crate) fn new(script: impl Fn(&HttpRequest, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::with(script, |_| {})
    }

    pub(crate) fn with(
        script: impl Fn(&HttpRequest, usize) -> Reply + Send + Sync + 'static,
        change: impl FnOnce(&mut GateOptions),
    ) -> Self {
        let started = Instant::now();
        let http = Arc::new(FakeHttp {
            script: Box::new(script),
            started,
            seen: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
        });
        let events = Arc::new(Recorder::default());
        let mut options = GateOptions::new(http.clone(), events.clone());
        change(&mut options);
        Self { gate: Gate::new(options), http, events, started }
    }

    /// A gate for operations that are no requests.
    pub(crate) fn idle() -> Self {
        Self::new(|_, _| ok("unused"))
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.0.lock().unwrap().clone()
    }

    /// The delays that were announced before further attempts.
    pub(crate) fn retries(&self) -> Vec<Duration> {
        let delay = |event| if let Event::Retrying { delay, .. } = event { Some(delay) } else { None };
        self.events().into_iter().filter_map(delay).collect()
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

pub(crate) fn mirrors(texts: &[&str]) -> Mirrors {
    Mirrors::parse(texts).unwrap()
}

pub(crate) fn caller(allow: &[&str]) -> Caller {
    Caller {
        component: "source-manifest".into(),
        grants: HttpGrants::parse(allow, Author::Operator).unwrap(),
        fresh_since: None,
        deadline: None,
    }
}

pub(crate) fn get(url: &str) -> FetchRequest {
    FetchRequest { method: HttpMethod::Get, url: url.into(), accept: None, max_bytes: None }
}

/// An operation on `registry.example:443` with a minute per attempt and ten in all.
pub(crate) fn operation(subject: &str) -> Operation {
    let minute = Duration::from_secs(60);
    Operation::new(OperationKind::RegistryRead, subject, minute, 10 * minute).at("registry.example:443")
}

pub(crate) fn failure(kind: FailureKind) -> Failure {
    Failure::new(kind, "s", "the server said no")
}

pub(crate) fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub(crate) fn ok(body: &str) -> Reply {
    let media_type = Some("text/plain".into());
    (Duration::ZERO, Ok(HttpResponse { status: 200, location: None, media_type, body: body.into() }))
}

pub(crate) fn redirect(location: &str) -> Reply {
    let location = Some(location.into());
    (Duration::ZERO, Ok(HttpResponse { status: 302, location, media_type: None, body: Vec::new() }))
}

pub(crate) fn fails(kind: FailureKind) -> Reply {
    (Duration::ZERO, Err(failure(kind)))
}
