//! What a registry said when it refused, so that policy can tell cases of one class apart. Decides nothing.

use crate::model::Digest;

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegistryVerb {
    /// HEAD of a manifest.
    Resolve,
    /// GET of a manifest.
    GetManifest,
    /// PUT of a manifest, by digest or by tag.
    PutManifest,
    /// HEAD of a blob.
    HasBlob,
    /// GET of a blob, or the rest of one.
    GetBlob,
    /// Mounting a blob of another repository.
    Mount,
    /// Opening an upload.
    BeginUpload,
    /// Sending a piece of an upload: the one verb that is not idempotent.
    PatchUpload,
    /// Asking how far an upload got.
    UploadStatus,
    /// Sending the rest of an upload, and ending it.
    FinishUpload,
    /// Giving an upload up.
    CancelUpload,
    /// Listing what refers to a manifest.
    Referrers,
}

impl RegistryVerb {
    /// Whether doing it twice is the same as doing it once.
    #[must_use]
    pub fn is_idempotent(self) -> bool {
        self != Self::PatchUpload
    }

    /// Whether it leaves the registry as it was.
    #[must_use]
    pub fn is_read(self) -> bool {
        matches!(
            self,
            Self::Resolve
                | Self::GetManifest
                | Self::HasBlob
                | Self::GetBlob
                | Self::UploadStatus
                | Self::Referrers
        )
    }

    /// The words in messages, after `failed to`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve the manifest",
            Self::GetManifest => "get the manifest",
            Self::PutManifest => "put the manifest",
            Self::HasBlob => "look for the blob",
            Self::GetBlob => "get the blob",
            Self::Mount => "mount the blob",
            Self::BeginUpload => "begin the upload",
            Self::PatchUpload => "send a piece of the upload",
            Self::UploadStatus => "ask how far the upload got",
            Self::FinishUpload => "finish the upload",
            Self::CancelUpload => "cancel the upload",
            Self::Referrers => "list the referrers",
        }
    }
}

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// The registry.
    Registry,
    /// The server that gives tokens for it.
    TokenServer,
    /// Where the registry sent us: a store of blobs.
    Storage,
    /// Nobody: bakery refused, before anything was sent.
    Bakery,
}

/// What is known about a refusal, beyond its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryFault {
    /// What was being done.
    pub verb: RegistryVerb,
    /// Who refused.
    pub party: Party,
    /// Status of the answer; none where there was no answer.
    pub status: Option<u16>,
    /// First error code of the answer: `MANIFEST_UNKNOWN`. Text of the other side, letters, digits and `_` only.
    pub code: Option<String>,
    /// Digests that the answer names, for example the blobs that a manifest lacks.
    pub digests: Vec<Digest>,
    /// The bytes that came are not the bytes that were asked for: worth one more look, not more.
    pub corrupt: bool,
}

impl RegistryFault {
    /// A refusal about which nothing more is known.
    #[must_use]
    pub fn new(verb: RegistryVerb, party: Party) -> Self {
        Self { verb, party, status: None, code: None, digests: Vec::new(), corrupt: false }
    }

    /// Whether the first error code is this one.
    #[must_use]
    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}
