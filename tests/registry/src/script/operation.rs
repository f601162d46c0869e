//! What a request asks for, in the words of the distribution specification.
//! It parses nothing: the classification of a request is in `serve::target`.

use serde::{Deserialize, Serialize};

/// The operation a request stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `GET /v2/`.
    Ping,
    /// The token server, `GET` or `POST`.
    Token,
    /// `GET` of a manifest by tag or digest.
    GetManifest,
    /// `HEAD` of a manifest by tag or digest.
    HeadManifest,
    /// `PUT` of a manifest by tag or digest.
    PutManifest,
    /// `DELETE` of a manifest or of a tag.
    DeleteManifest,
    /// `GET` of a blob, on the registry's own host.
    GetBlob,
    /// `HEAD` of a blob.
    HeadBlob,
    /// `DELETE` of a blob.
    DeleteBlob,
    /// `POST` that opens an upload, or uploads at once with `?digest=`.
    StartUpload,
    /// `POST` with `?mount=`.
    Mount,
    /// `PATCH` of an upload.
    PatchUpload,
    /// `PUT` that ends an upload.
    FinishUpload,
    /// `GET` of an upload: how much has arrived.
    UploadStatus,
    /// `DELETE` of an upload.
    CancelUpload,
    /// `GET` of the list of tags.
    ListTags,
    /// `GET` of the referrers of a digest.
    Referrers,
    /// `GET` of a blob on the other host, after a redirect.
    CdnBlob,
    /// Anything else.
    Other,
}

impl Operation {
    /// Whether the operation asks for a change of manifests, blobs, tags or uploads.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(
            self,
            Self::PutManifest
                | Self::DeleteManifest
                | Self::DeleteBlob
                | Self::StartUpload
                | Self::Mount
                | Self::PatchUpload
                | Self::FinishUpload
                | Self::CancelUpload
        )
    }
}

/// Which of the registry's sockets a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listener {
    /// The registry itself, and its token server unless the script puts that elsewhere.
    Registry,
    /// Another origin: target of redirects, of foreign upload locations and of a foreign token realm.
    Elsewhere,
}
