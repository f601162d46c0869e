//! Sends a blob that could not be mounted, from the registry or the layout that has it. Never holds a whole layer in memory.

use bakery_core::{
    model::Descriptor,
    port::{
        Failure, FailureKind,
        registry::{RegistryVerb, UploadSession, Uploaded},
    },
};
use bakery_gate::{Probe, WaitEnd};
use tokio::sync::Mutex;

use crate::{
    Transfer,
    copied::Tally,
    copy::Way,
    upload::{Origin, Upload},
    words::at,
};

/// Up to this many bytes, asking whether the blob is there costs more than sending it.
const SMALL: u64 = 64 << 10;

/// From this many bytes on, a blob waits for its turn, so that small requests find a way past the large ones.
pub(crate) const LARGE: u64 = 1 << 20;

impl Transfer {
    /// Sends a blob, into the upload that a refused mount opened, if it did.
    pub(crate) async fn send(
        &self,
        way: &Way<'_>,
        from: &Origin,
        blob: &Descriptor,
        session: Option<UploadSession>,
    ) -> Result<Tally, Failure> {
        let subject = at(way.to, &blob.digest);
        if blob.size > SMALL && self.seems_there(way, blob, &subject).await? {
            if let Some(session) = &session {
                self.give_up(way, session).await;
            }
            return Ok(Tally::default());
        }
        let _turn = if blob.size > LARGE {
            Some(self.within(way.caller, &subject, self.shared.large(way.to.registry())).await?)
        } else {
            None
        };
        let upload = Upload::new(self.registry.clone(), from, way.to, blob, session);
        match self.upload(way, upload, &subject).await? {
            Uploaded::Present => Ok(Tally::default()),
            Uploaded::Sent(_) => {
                let detail = format!("{} bytes from {from}", blob.size);
                self.effect_at("upload", way.to, &blob.digest, detail);
                Ok(Tally::upload(blob.size))
            }
        }
    }

    /// Asks whether a blob is in place. A refusal of the question has no words and decides nothing: the upload will
    /// say what is wrong.
    async fn seems_there(&self, way: &Way<'_>, blob: &Descriptor, subject: &str) -> Result<bool, Failure> {
        match self.has(way, blob, subject).await {
            Err(failure) if matches!(failure.kind, FailureKind::Denied | FailureKind::InvalidInput) => {
                Ok(false)
            }
            answer => answer,
        }
    }

    /// Runs an upload. A blob that its source does not show yet is waited for within the caller's window.
    async fn upload(&self, way: &Way<'_>, upload: Upload, subject: &str) -> Result<Uploaded, Failure> {
        let window = way.caller.at_most(way.caller.window, self.gate.now());
        let upload = &Mutex::new(upload);
        let waited = self
            .gate
            .await_condition(subject, window, |_| async move {
                match self.upload_once(way, &mut *upload.lock().await, subject).await {
                    Ok(uploaded) => Probe::Ready(Ok(uploaded)),
                    Err(failure) if source_lags(&failure) => {
                        let sentence = failure.message.clone();
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
    }

    async fn upload_once(
        &self,
        way: &Way<'_>,
        upload: &mut Upload,
        subject: &str,
    ) -> Result<Uploaded, Failure> {
        let operation = self.sending(way.caller, way.to, subject)?;
        self.gate.run_with(&operation, upload, |permit, upload| Box::pin(upload.attempt(permit))).await
    }

    /// Nobody needs the upload. One that stays open is the registry's to remove.
    async fn give_up(&self, way: &Way<'_>, session: &UploadSession) {
        let (registry, subject) = (&self.registry, way.to.to_string());
        let Ok(operation) = self.operation(way.caller, RegistryVerb::CancelUpload, way.to, &subject) else {
            return;
        };
        let once = operation.once();
        let cancelling =
            self.gate.run(&once, |permit| async move { registry.cancel_upload(&permit, session).await });
        drop(cancelling.await);
    }
}

/// Whether it was the place to take the blob from that did not have it.
fn source_lags(failure: &Failure) -> bool {
    let read = |verb| verb == RegistryVerb::GetBlob;
    failure.kind == FailureKind::NotFound && failure.registry.as_ref().is_some_and(|fault| read(fault.verb))
}
