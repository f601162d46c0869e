//! A blob that is read from its registry while it is sent to another place: a few pieces in memory, never a layer.
//! It reads under the permit of the attempt that sends it, so one attempt holds one permit.

use std::sync::Arc;

use bakery_core::{
    model::{Digest, Repository},
    port::{
        BoxFuture, Failure, FailureKind,
        registry::{
            BlobChunks, BlobCursor, BlobSink, BlobSource, Party, Registry, RegistryFault, RegistryVerb,
        },
    },
};
use bakery_gate::Permit;
use tokio::sync::mpsc;

/// Pieces between the reader and the sender.
const PIECES: usize = 2;

/// A blob in its registry.
#[derive(Clone)]
pub(crate) struct RemoteBlob {
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) permit: Arc<Permit>,
    pub(crate) from: Repository,
    pub(crate) digest: Digest,
    pub(crate) size: u64,
}

impl BlobSource for RemoteBlob {
    fn digest(&self) -> &Digest {
        &self.digest
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn open(&self, offset: u64) -> Box<dyn BlobChunks> {
        let (sender, receiver) = mpsc::channel(PIECES);
        let blob = self.clone();
        let reading = async move {
            let mut cursor = BlobCursor::rest(blob.digest.clone(), blob.size, offset);
            let mut pipe = Pipe { sender, digest: blob.digest.clone(), passed: false };
            blob.registry.read_blob(&*blob.permit, &blob.from, &mut cursor, &mut pipe).await
        };
        Box::new(Stream { reading: Some(Box::pin(reading)), receiver })
    }
}

/// Where the reader writes.
struct Pipe {
    sender: mpsc::Sender<Vec<u8>>,
    digest: Digest,
    passed: bool,
}

impl BlobSink for Pipe {
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.passed = true;
            self.sender.send(bytes.to_vec()).await.map_err(|_| {
                let message = format!("nobody takes the bytes of `{}` any more", self.digest);
                Failure::new(FailureKind::Unavailable, self.digest.as_str(), message)
            })
        })
    }

    fn restart(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        let outcome = if self.passed { Err(self.wrong()) } else { Ok(()) };
        Box::pin(std::future::ready(outcome))
    }
}

impl Pipe {
    /// What was passed on cannot be called back: the attempt that sends it has to end.
    fn wrong(&self) -> Failure {
        let message = format!("the bytes that came for `{}` are not its bytes", self.digest);
        let fault =
            RegistryFault { corrupt: true, ..RegistryFault::new(RegistryVerb::GetBlob, Party::Registry) };
        Failure::new(FailureKind::Internal, self.digest.as_str(), message).with_registry(fault)
    }
}

/// The other end of the pipe: reads on only while somebody waits for a piece.
struct Stream {
    reading: Option<BoxFuture<'static, Result<(), Failure>>>,
    receiver: mpsc::Receiver<Vec<u8>>,
}

impl BlobChunks for Stream {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Vec<u8>>, Failure>> {
        Box::pin(async move {
            if let Some(reading) = &mut self.reading {
                tokio::select! {
                    biased;
                    Some(piece) = self.receiver.recv() => return Ok(Some(piece)),
                    ended = reading => {
                        self.reading = None;
                        ended?;
                    }
                }
            }
            Ok(self.receiver.recv().await)
        })
    }
}

#[cfg(test)]
mod tests;
