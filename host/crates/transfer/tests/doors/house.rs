//! What every test of the doors needs: a registry, a client, a gate with short backoffs, somebody who asks.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bakery_backend::registry::{Credentials, DryRun, RegistryClient, RegistryOptions, Secret};
use bakery_core::{
    model::{Digest, Reference, Repository, Tag},
    policy::{Jitter, Operation, OperationKind, PollPolicy, PropagationPolicy, RegistryGrants, RetryPolicy},
    port::{
        Admission, BoxFuture, Event, EventSink, Failure, Http, HttpRequest, HttpResponse,
        registry::{Access, Registry},
    },
};
use bakery_fault_registry::{FaultRegistry, Image, ImageBuilder, Script};
use bakery_gate::{CancellationToken, Gate, GateOptions, Permit};
use bakery_transfer::{Caller, Transfer, TransferOptions};

pub(crate) const USER: &str = "baker";
pub(crate) const PASSWORD: &str = "not-a-secret";

/// Remembers every event.
#[derive(Default)]
pub(crate) struct Listener {
    events: Mutex<Vec<Event>>,
}

impl EventSink for Listener {
    fn emit(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }
}

impl Listener {
    pub(crate) fn all(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    /// Subjects of the effects of this verb, sorted.
    pub(crate) fn effects(&self, wanted: &str) -> Vec<String> {
        let subject = |event| match event {
            Event::Effect { verb, subject, .. } if verb == wanted => Some(subject),
            _ => None,
        };
        let mut subjects: Vec<String> = self.all().into_iter().filter_map(subject).collect();
        subjects.sort();
        subjects
    }
}

struct NoHttp;

impl Http for NoHttp {
    fn send<'a>(
        &'a self,
        _admission: &'a dyn Admission,
        request: &'a HttpRequest,
    ) -> BoxFuture<'a, Result<HttpResponse, Failure>> {
        panic!("no test of doors asks for {}", request.url);
    }
}

/// One run: a client and a gate that have seen nothing yet.
pub(crate) struct Run {
    pub(crate) transfer: Transfer,
    pub(crate) client: Arc<dyn Registry>,
    pub(crate) cancel: CancellationToken,
    gate: Gate,
}

/// How a run differs from the usual one.
pub(crate) struct Setting {
    pub(crate) options: TransferOptions,
    pub(crate) per_host: usize,
    pub(crate) attempts: u32,
    pub(crate) dry: bool,
}

impl Default for Setting {
    fn default() -> Self {
        let options = TransferOptions {
            attempt: Duration::from_secs(20),
            blob_attempt: Duration::from_secs(20),
            operation: Duration::from_secs(60),
            ..TransferOptions::default()
        };
        Self { options, per_host: 16, attempts: 4, dry: false }
    }
}

impl Run {
    pub(crate) fn new(registries: &[&FaultRegistry]) -> Self {
        Self::with(registries, Setting::default())
    }

    pub(crate) fn with(registries: &[&FaultRegistry], setting: Setting) -> Self {
        let credentials = registries.iter().fold(Credentials::anonymous(), |credentials, registry| {
            let secret = Secret::new(PASSWORD.to_owned());
            credentials.with_password(registry.host().parse().unwrap(), USER, secret)
        });
        let mut options = RegistryOptions::new(credentials);
        options.idle_timeout = Duration::from_secs(10);
        let client = RegistryClient::new(options);
        let client: Arc<dyn Registry> =
            if setting.dry { Arc::new(DryRun::new(Arc::new(client))) } else { Arc::new(client) };
        let cancel = CancellationToken::new();
        let poll =
            PollPolicy { initial: Duration::from_millis(5), multiplier: 1.5, max: Duration::from_millis(50) };
        let propagation = PropagationPolicy {
            least: Duration::from_millis(5),
            most: Duration::from_millis(20),
            apart: Duration::from_millis(1),
            ..PropagationPolicy::default()
        };
        let retry = RetryPolicy {
            attempts: setting.attempts,
            initial: Duration::from_millis(1),
            multiplier: 2.0,
            max: Duration::from_millis(10),
            jitter: Jitter::Full,
            poll,
            propagation,
            ..RetryPolicy::default()
        };
        let gate = Gate::new(GateOptions {
            retry,
            per_host: setting.per_host,
            cancel: cancel.clone(),
            ..GateOptions::new(Arc::new(NoHttp), Arc::new(Listener::default()))
        });
        let transfer = Transfer::new(gate.clone(), client.clone(), setting.options);
        Self { transfer, client, cancel, gate }
    }

    /// For what a test asks of a backend itself.
    pub(crate) async fn permit(&self) -> Permit {
        let limit = Duration::from_secs(60);
        let operation = Operation::new(OperationKind::Command, "test", limit, limit);
        self.gate.run(&operation, |permit| async move { Ok(permit) }).await.unwrap()
    }

    /// A target that reads `from` and writes `to`, and who asks for it.
    pub(crate) fn target(&self, from: &Repository, to: &Repository, tags: &[&str]) -> Target {
        let accesses = [Access::pull(from.clone()), Access::push(to.clone())];
        let events = Arc::new(Listener::default());
        let transfer = self.transfer.for_target(&accesses, events.clone());
        let grants =
            RegistryGrants::default().pull(from.clone()).push(to.clone(), tags.iter().map(|tag| tag_of(tag)));
        Target { transfer, events, caller: caller(grants) }
    }
}

/// One target of a run.
pub(crate) struct Target {
    pub(crate) transfer: Transfer,
    pub(crate) events: Arc<Listener>,
    pub(crate) caller: Caller,
}

pub(crate) fn caller(grants: RegistryGrants) -> Caller {
    Caller { component: "step-test".to_owned(), grants, window: Duration::from_secs(5), deadline: None }
}

pub(crate) fn spawn(script: Script) -> FaultRegistry {
    FaultRegistry::spawn(script).unwrap()
}

/// Two platforms with ten layers and a configuration each, pushed by digest.
pub(crate) fn two_platforms() -> ImageBuilder {
    ImageBuilder::new("team/tmp").layers(10).sources_only()
}

pub(crate) fn seed(registry: &FaultRegistry, builder: &ImageBuilder) -> Image {
    let image = builder.build().unwrap();
    registry.seed(&image).unwrap();
    image
}

pub(crate) fn repository(registry: &FaultRegistry, name: &str) -> Repository {
    format!("{}/{name}", registry.host()).parse().unwrap()
}

pub(crate) fn tag_of(tag: &str) -> Tag {
    tag.parse().unwrap()
}

pub(crate) fn digest_of(text: &str) -> Digest {
    text.parse().unwrap()
}

/// The platforms' manifests of an image, by digest.
pub(crate) fn sources(registry: &FaultRegistry, image: &Image) -> Vec<Reference> {
    let from = repository(registry, &image.repository);
    let digests = image.children.iter().map(|child| digest_of(&child.manifest.digest));
    digests.map(|digest| Reference::by_digest(from.clone(), digest)).collect()
}

pub(crate) fn tagged(repository: &Repository, tag: &str) -> Reference {
    Reference::by_tag(repository.clone(), tag_of(tag))
}
