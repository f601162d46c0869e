//! What an effect is, in the words that the gate and the retry table speak of. Does nothing.

use std::time::Duration;

use url::Url;

use super::canonical::origin;
use crate::{
    model::{Digest, Reference, RegistryHost, Repository},
    port::{HttpMethod, registry::RegistryVerb},
};

/// The verb of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// GET or HEAD for a guest.
    HttpRead,
    /// Reading from a registry.
    RegistryRead,
    /// Writing to a registry.
    RegistryWrite,
    /// Running a program.
    Command,
}

/// One effect, as the gate sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Verb.
    pub kind: OperationKind,
    /// The verb in a registry's words, where it is one's.
    pub verb: Option<RegistryVerb>,
    /// The URL, reference or program, for people.
    pub subject: String,
    /// `host:port`, or a registry's name: effects on one origin share its permits, its pauses and its budget of
    /// retries. `None` takes no permit.
    pub origin: Option<String>,
    /// Whether doing it twice is the same as doing it once. Others are never retried.
    pub idempotent: bool,
    /// For how long absence is expected, from the beginning of the operation on: the thing was just written and is
    /// still propagating.
    pub awaited: Option<Duration>,
    /// Time of one attempt.
    pub timeout: Duration,
    /// Time of the whole operation, waiting for permits included; the window in which it is awaited comes on top.
    pub limit: Duration,
}

impl Operation {
    /// An idempotent operation that expects its subject to be there.
    pub fn new(kind: OperationKind, subject: impl Into<String>, timeout: Duration, limit: Duration) -> Self {
        Self {
            kind,
            verb: None,
            subject: subject.into(),
            origin: None,
            idempotent: true,
            awaited: None,
            timeout,
            limit,
        }
    }

    /// Reading a URL.
    #[must_use]
    pub fn http_read(method: HttpMethod, url: &Url, timeout: Duration, limit: Duration) -> Self {
        let subject = match method {
            HttpMethod::Get => url.to_string(),
            HttpMethod::Head => format!("HEAD {url}"),
        };
        Self { origin: Some(origin(url)), ..Self::new(OperationKind::HttpRead, subject, timeout, limit) }
    }

    /// A verb of a registry. Whether it reads or writes, and whether it is idempotent, follows from the verb.
    ///
    /// `subject` is a reference or `repository@digest`, as failures and events name it. Sending a whole blob, from
    /// opening an upload to ending it, is [`RegistryVerb::BeginUpload`]: each attempt begins afresh.
    #[must_use]
    pub fn registry(
        verb: RegistryVerb,
        registry: &RegistryHost,
        subject: impl Into<String>,
        timeout: Duration,
        limit: Duration,
    ) -> Self {
        let kind = if verb.is_read() { OperationKind::RegistryRead } else { OperationKind::RegistryWrite };
        Self {
            verb: Some(verb),
            origin: Some(registry.as_str().to_owned()),
            idempotent: verb.is_idempotent(),
            ..Self::new(kind, subject, timeout, limit)
        }
    }

    /// A verb about a manifest.
    #[must_use]
    pub fn on_reference(
        verb: RegistryVerb,
        reference: &Reference,
        timeout: Duration,
        limit: Duration,
    ) -> Self {
        Self::registry(verb, reference.repository().registry(), reference.to_string(), timeout, limit)
    }

    /// A verb about a blob, or about a manifest by its digest.
    #[must_use]
    pub fn on_digest(
        verb: RegistryVerb,
        repository: &Repository,
        digest: &Digest,
        timeout: Duration,
        limit: Duration,
    ) -> Self {
        Self::registry(verb, repository.registry(), format!("{repository}@{digest}"), timeout, limit)
    }

    /// The same on an origin.
    #[must_use]
    pub fn at(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// The same, but doing it twice is not the same as doing it once.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.idempotent = false;
        self
    }

    /// The same, while its absence is expected: a read of something that was just written, by this run or by another
    /// machine. For that long "not found" is pending, and so is [`super::stale`].
    #[must_use]
    pub fn awaited(mut self, window: Duration) -> Self {
        self.awaited = Some(window);
        self
    }

    /// Whether it leaves the other side as it was.
    #[must_use]
    pub fn is_read(&self) -> bool {
        matches!(self.kind, OperationKind::HttpRead | OperationKind::RegistryRead)
    }

    /// The time after which it ends, whatever it does: its limit, and the window in which it is awaited.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.limit.saturating_add(self.awaited.unwrap_or_default())
    }
}
