//! A fault registry with an image in it, a client, and a gate that tells what it does. Judges nothing.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bakery_backend::registry::{Credentials, RegistryClient, Secret};
use bakery_core::{
    model::{Descriptor, Digest, Manifest, Reference, Repository},
    policy::{Jitter, Operation, stale},
    port::{
        Event, EventSink, Failure,
        registry::{BlobSource, Pushed, Registry as _, RegistryVerb, Uploaded},
    },
};
use bakery_fault_registry::{FaultRegistry, Image, ImageBuilder, Operation as Asked, Script};
use bakery_gate::{Gate, GateOptions};

use super::super::gate::{NoHttp, client_with};

pub(super) const USER: &str = "baker";
pub(super) const PASSWORD: &str = "hunter2-canary";

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Recorder(Mutex<Vec<Event>>);

impl EventSink for Recorder {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

pub(super) struct House {
    pub(super) registry: FaultRegistry,
    pub(super) image: Image,
    pub(super) client: RegistryClient,
    pub(super) gate: Gate,
    events: Arc<Recorder>,
}

impl House {
    /// A registry that follows the script and holds `app:1.0`.
    pub(super) fn new(script: Script) -> Self {
        Self::with(script, |_| {})
    }

    pub(super) fn with(script: Script, change: impl FnOnce(&mut GateOptions)) -> Self {
        let registry = FaultRegistry::spawn(script).unwrap();
        let image = ImageBuilder::new("app").tag("1.0").layers(1).build().unwrap();
        registry.seed(&image).unwrap();
        let secret = Secret::new(PASSWORD.to_owned());
        let credentials =
            Credentials::anonymous().with_password(registry.host().parse().unwrap(), USER, secret);
        let events = Arc::new(Recorder::default());
        let mut options = GateOptions::new(Arc::new(NoHttp), events.clone());
        options.retry.jitter = Jitter::None;
        options.retry.initial = Duration::from_millis(1);
        options.retry.max = Duration::from_millis(5);
        change(&mut options);
        let client = client_with(credentials, |_| {});
        Self { registry, image, client, gate: Gate::new(options), events }
    }

    pub(super) fn repository(&self) -> Repository {
        format!("{}/app", self.registry.host()).parse().unwrap()
    }

    pub(super) fn tag(&self) -> Reference {
        format!("{}/app:1.0", self.registry.host()).parse().unwrap()
    }

    /// The first platform's manifest, by digest.
    pub(super) fn child(&self) -> Reference {
        let digest = &self.image.children[0].manifest.digest;
        format!("{}/app@{digest}", self.registry.host()).parse().unwrap()
    }

    pub(super) fn index(&self) -> Manifest {
        let index = self.image.index.as_ref().unwrap();
        Manifest::parse(index.bytes.to_vec(), Some(&index.media_type)).unwrap()
    }

    pub(super) fn operation(&self, verb: RegistryVerb) -> Operation {
        Operation::on_reference(verb, &self.child(), MINUTE, MINUTE)
    }

    /// Reads the child, of which nothing is known.
    pub(super) async fn get(&self) -> Result<Manifest, Failure> {
        self.get_as(&self.operation(RegistryVerb::GetManifest)).await
    }

    /// Reads the child, which was just pushed.
    pub(super) async fn get_fresh(&self, window: Duration) -> Result<Manifest, Failure> {
        self.get_as(&self.operation(RegistryVerb::GetManifest).awaited(window)).await
    }

    pub(super) async fn get_as(&self, operation: &Operation) -> Result<Manifest, Failure> {
        let (client, child) = (&self.client, &self.child());
        self.gate.run(operation, |permit| async move { client.manifest(&permit, child).await }).await
    }

    /// Reads back where the tag points, until it points there.
    pub(super) async fn read_back(&self, wanted: &Digest, window: Duration) -> Result<Descriptor, Failure> {
        let (client, tag) = (&self.client, &self.tag());
        let operation = Operation::on_reference(RegistryVerb::Resolve, tag, MINUTE, MINUTE).awaited(window);
        let attempt = |permit| async move {
            let found = client.resolve(&permit, tag).await?;
            if found.digest == *wanted { Ok(found) } else { Err(stale(tag, wanted, &found.digest)) }
        };
        self.gate.run_hedged(&operation, attempt).await
    }

    pub(super) async fn put(&self) -> Result<Pushed, Failure> {
        let (client, repository, index) = (&self.client, &self.repository(), &self.index());
        let tags = &["2.0".parse().unwrap()];
        let operation = self.operation(RegistryVerb::PutManifest);
        let attempt = |permit| async move { client.push_manifest(&permit, repository, index, tags).await };
        self.gate.run(&operation, attempt).await
    }

    pub(super) async fn upload(&self, blob: &Arc<dyn BlobSource>) -> Result<Uploaded, Failure> {
        let (client, repository) = (&self.client, &self.repository());
        let operation = self.operation(RegistryVerb::BeginUpload);
        let attempt = |permit| async move { client.push_blob(&permit, repository, Arc::clone(blob)).await };
        self.gate.run(&operation, attempt).await
    }

    pub(super) fn asked(&self, operation: Asked) -> usize {
        self.registry.log().only(|entry| entry.operation == operation).entries.len()
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.events.0.lock().unwrap().clone()
    }

    /// The delays that were announced before further attempts.
    pub(super) fn retries(&self) -> Vec<Duration> {
        let delay = |event| if let Event::Retrying { delay, .. } = event { Some(delay) } else { None };
        self.events().into_iter().filter_map(delay).collect()
    }

    /// How often it was looked again for what was awaited.
    pub(super) fn waits(&self) -> usize {
        self.events().iter().filter(|event| matches!(event, Event::Waiting { .. })).count()
    }

    pub(super) fn fired(&self, rule: &str) -> u64 {
        self.registry.fired()[rule]
    }
}
