//! Sends a blob that could not be mounted, from the registry that has it. Never holds a whole layer in memory.

use std::sync::Arc;

use bakery_core::{
    model::{Descriptor, Repository},
    port::{
        Failure,
        registry::{UploadSession, Uploaded},
    },
};
use tokio::sync::Mutex;

use crate::{Transfer, copied::Tally, copy::Way, upload::Upload, words::at};

/// Up to this many bytes, asking whether the blob is there costs more than sending it.
const SMALL: u64 = 64 << 10;

/// From this many bytes on, a blob waits for its turn, so that small requests find a way past the large ones.
const LARGE: u64 = 1 << 20;

impl Transfer {
    /// Sends a blob, into the upload that a refused mount opened, if it did.
    pub(crate) async fn send(
        &self,
        way: &Way<'_>,
        from: &Repository,
        blob: &Descriptor,
        session: Option<UploadSession>,
    ) -> Result<Tally, Failure> {
        let subject = at(way.to, &blob.digest);
        if blob.size > SMALL && self.has(way, blob, &subject).await? {
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
        let operation = self.sending(way.caller, way.to, &subject)?;
        let upload = Arc::new(Mutex::new(Upload::new(self.registry.clone(), from, way.to, blob, session)));
        let sent = self
            .gate
            .run(&operation, |permit| {
                let upload = upload.clone();
                async move { upload.lock().await.attempt(permit).await }
            })
            .await?;
        match sent {
            Uploaded::Present => Ok(Tally::default()),
            Uploaded::Sent(_) => {
                let detail = format!("{} bytes from `{from}`", blob.size);
                self.effect_at("upload", way.to, &blob.digest, detail);
                Ok(Tally::upload(blob.size))
            }
        }
    }

    /// Nobody needs the upload. One that stays open is the registry's to remove.
    async fn give_up(&self, way: &Way<'_>, session: &UploadSession) {
        let Ok(operation) = self.writing(way.caller, way.to, &way.to.to_string()) else { return };
        let (registry, once) = (&self.registry, operation.once());
        let cancelling =
            self.gate.run(&once, |permit| async move { registry.cancel_upload(&permit, session).await });
        drop(cancelling.await);
    }
}
