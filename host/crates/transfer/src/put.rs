//! Puts one manifest, and mends what the registry then says it lacks. Never writes a manifest again from its parts.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bakery_core::{
    model::{Manifest, Tag},
    port::{
        BoxFuture, Failure, FailureKind,
        registry::{Pushed, RegistryVerb},
    },
};
use bakery_gate::{Probe, WaitEnd};

use crate::{Transfer, copy::Way, words::at};

/// How often what a registry lacks is brought again, although it had acknowledged it.
const MENDS: u32 = 3;

impl Transfer {
    /// Puts a manifest: under these tags, or by its digest. Where the registry lacks what it acknowledged, that is
    /// brought again; between two tries the gate waits.
    pub(crate) fn put<'a>(
        &'a self,
        way: &'a Way<'a>,
        manifest: &'a Manifest,
        tags: &'a [Tag],
    ) -> BoxFuture<'a, Result<Pushed, Failure>> {
        Box::pin(async move {
            let subject = match tags {
                [tag] => format!("{}:{tag}", way.to),
                _ => at(way.to, manifest.digest()),
            };
            let budget = way.caller.at_most(self.options.operation, self.gate.now());
            let subject = subject.as_str();
            let lacking = &Mutex::new(String::new());
            let waited = self
                .gate
                .await_condition(subject, budget, |look| async move {
                    let mended = if look > 1 { self.mend(way, manifest).await } else { Ok(()) };
                    let outcome = match mended {
                        Ok(()) => self.put_once(way, manifest, tags, subject).await,
                        Err(failure) => return Probe::Failed(Err(also(&lock(lacking), failure))),
                    };
                    match outcome {
                        Ok(pushed) => Probe::Ready(Ok(pushed)),
                        Err(failure) if look <= MENDS && lacks_parts(&failure) => {
                            let sentence = failure.message.clone();
                            lock(lacking).clone_from(&sentence);
                            Probe::Pending(Err(failure), sentence)
                        }
                        Err(failure) => Probe::Failed(Err(failure)),
                    }
                })
                .await;
            match waited.answer {
                Err(failure) if waited.end == WaitEnd::Cancelled => {
                    Err(Failure { kind: FailureKind::Cancelled, ..failure })
                }
                answer => answer,
            }
        })
    }

    async fn put_once(
        &self,
        way: &Way<'_>,
        manifest: &Manifest,
        tags: &[Tag],
        subject: &str,
    ) -> Result<Pushed, Failure> {
        let (registry, to) = (&self.registry, way.to);
        let operation = self.operation(way.caller, RegistryVerb::PutManifest, to, subject)?;
        self.gate
            .run(
                &operation,
                |permit| async move { registry.push_manifest(&permit, to, manifest, tags).await },
            )
            .await
    }
}

/// Mending failed: what had to be mended is told as well.
fn also(lacking: &str, failure: Failure) -> Failure {
    let message = format!("{lacking}; bringing it again failed: {}", failure.message);
    Failure { message, ..failure }
}

fn lock(text: &Mutex<String>) -> MutexGuard<'_, String> {
    text.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a registry misses parts of a manifest.
fn lacks_parts(failure: &Failure) -> bool {
    failure.registry.as_ref().is_some_and(|fault| {
        fault.verb == RegistryVerb::PutManifest
            && (fault.is("MANIFEST_BLOB_UNKNOWN") || fault.is("BLOB_UNKNOWN"))
    })
}
