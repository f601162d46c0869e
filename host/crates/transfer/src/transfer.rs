//! A way to registries: what its doors share. The doors themselves stand in `read`, `wait`, `copy` and `push`: each
//! checks the caller's grants first, then goes through the gate.

use std::sync::Arc;

use bakery_core::{
    model::{Descriptor, Digest, Manifest, Repository},
    port::{
        Event, EventSink, Failure, FailureKind,
        registry::{Access, Registry, Traffic},
    },
};
use bakery_gate::Gate;

use crate::{memory::Memory, options::TransferOptions, shared::Shared, words::at};

/// A way to registries for one run; [`Transfer::for_target`] makes one for each target.
#[derive(Clone)]
pub struct Transfer {
    pub(crate) gate: Gate,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) options: TransferOptions,
    /// This target's.
    pub(crate) memory: Arc<Memory>,
    /// The run's.
    pub(crate) shared: Arc<Shared>,
}

impl Transfer {
    /// For one run.
    #[must_use]
    pub fn new(gate: Gate, registry: Arc<dyn Registry>, options: TransferOptions) -> Self {
        let shared = Arc::new(Shared::new(options.large));
        Self { gate, registry, options, memory: Arc::default(), shared }
    }

    /// The same connections, tokens and knowledge of what lies where, with an account, a memory of manifests and a
    /// listener of its own. `accesses` is all that will be done, so that one token covers it.
    #[must_use]
    pub fn for_target(&self, accesses: &[Access], events: Arc<dyn EventSink>) -> Self {
        self.registry.announce(accesses);
        Self {
            gate: self.gate.with_events(events),
            registry: self.registry.with_own_account(),
            options: self.options.clone(),
            memory: Arc::default(),
            shared: self.shared.clone(),
        }
    }

    /// What went over the wire on this account.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.registry.traffic()
    }

    /// Takes a manifest into this target's memory, under its digest. Writes nothing.
    ///
    /// # Errors
    /// It is no manifest, or the target holds too much already.
    pub fn hold(&self, media_type: &str, bytes: Vec<u8>) -> Result<Descriptor, Failure> {
        let wrong = |message: String| Failure::new(FailureKind::InvalidInput, "manifest", message);
        let manifest = Manifest::parse(bytes, Some(media_type)).map_err(|error| wrong(error.to_string()))?;
        let descriptor = manifest.descriptor();
        self.memory.keep(Arc::new(manifest), None).map_err(|limit| {
            wrong(format!("the manifests of one target have more than {limit} bytes: none more is held"))
        })?;
        Ok(descriptor)
    }

    /// Says that something was written.
    pub(crate) fn effect(&self, verb: &'static str, subject: String, detail: String) {
        self.gate.emit(Event::Effect { verb, subject, detail });
    }

    /// The same about content by its digest.
    pub(crate) fn effect_at(&self, verb: &'static str, place: &Repository, digest: &Digest, detail: String) {
        self.effect(verb, at(place, digest), detail);
    }
}
