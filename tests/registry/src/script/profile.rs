//! Lawful differences between registries: what the specification leaves open.
//! Faults are not here; they are rules.

use serde::{Deserialize, Serialize};

/// How this registry behaves where registries differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// What a cross-repository mount does.
    pub mounts: Mounts,
    /// Whether `PUT …/manifests/<digest>?tag=a&tag=b` sets the tags and says so with `OCI-Tag`.
    pub multi_tag: bool,
    /// What the `PUT` of a manifest does whose blobs or children are absent.
    pub missing_children: MissingChildren,
    /// Whether a manifest whose type is not in `Accept` is answered 404, as distribution does.
    pub accept_required: bool,
    /// Tags that cannot be moved.
    pub immutable_tags: Option<ImmutableTags>,
    /// Whether the referrers API exists.
    pub referrers: bool,
    /// What `Location` of an upload looks like.
    pub upload_location: UploadLocation,
    /// Whether `GET` of a blob redirects to a signed address on the other host.
    pub blob_redirect: bool,
    /// Whether a push creates its repository (ECR does not).
    pub create_on_push: bool,
    /// What reading a repository that does not exist says.
    pub absent_repository: AbsentRepository,
    /// Largest manifest that is taken, in bytes.
    pub max_manifest_bytes: usize,
    /// `OCI-Chunk-Min-Length` of uploads, in bytes; 0 for none.
    pub min_chunk_bytes: u64,
    /// Whether `POST ?digest=` with a body uploads at once (201) or only opens an upload (202).
    pub single_post: bool,
    /// Whether answers carry `Docker-Content-Digest`.
    pub digest_header: bool,
    /// Whether the answer to the `PUT` of a manifest carries `Location` (ECR's does not).
    pub manifest_location: bool,
    /// Whether `DELETE` works; 405 otherwise.
    pub deletes: bool,
    /// Whether deleting a tag deletes the manifest too (GHCR).
    pub delete_tag_deletes_manifest: bool,
    /// Most tags that one page of the list holds.
    pub tags_page: usize,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            mounts: Mounts::Accept,
            multi_tag: false,
            missing_children: MissingChildren::BadRequest,
            accept_required: true,
            immutable_tags: None,
            referrers: true,
            upload_location: UploadLocation::Relative,
            blob_redirect: false,
            create_on_push: true,
            absent_repository: AbsentRepository::NotFound,
            max_manifest_bytes: 4 << 20,
            min_chunk_bytes: 0,
            single_post: true,
            digest_header: true,
            manifest_location: true,
            deletes: true,
            delete_tag_deletes_manifest: false,
            tags_page: 1000,
        }
    }
}

impl Profile {
    /// The CNCF's distribution, version 3: no multi-tag push, no referrers, no upload in one request.
    #[must_use]
    pub fn distribution() -> Self {
        Self {
            referrers: false,
            single_post: false,
            upload_location: UploadLocation::Absolute,
            ..Self::default()
        }
    }

    /// GHCR: denied instead of absent, blobs from another host, no referrers, tags own their manifests.
    #[must_use]
    pub fn ghcr() -> Self {
        Self {
            referrers: false,
            single_post: false,
            accept_required: false,
            absent_repository: AbsentRepository::Denied,
            blob_redirect: true,
            delete_tag_deletes_manifest: true,
            ..Self::default()
        }
    }

    /// ECR: no repository by push, immutable tags, mounts only of blobs that a manifest refers to, no `Location`.
    #[must_use]
    pub fn ecr() -> Self {
        Self {
            create_on_push: false,
            immutable_tags: Some(ImmutableTags { tags: "**".to_owned(), status: 400 }),
            mounts: Mounts::Referenced,
            blob_redirect: true,
            manifest_location: false,
            single_post: false,
            ..Self::default()
        }
    }
}

/// What a mount does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mounts {
    /// 201 where the source has the blob, 202 and an open upload where not.
    Accept,
    /// Always 202 and an open upload.
    Refuse,
    /// 201 only for blobs that a manifest of the source refers to.
    Referenced,
}

/// What the `PUT` of an incomplete manifest does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingChildren {
    /// 400 `MANIFEST_BLOB_UNKNOWN`, naming each.
    BadRequest,
    /// 404 `MANIFEST_BLOB_UNKNOWN`, naming each.
    NotFound,
    /// 201: the registry does not look.
    Accept,
}

/// Tags that cannot be moved once set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImmutableTags {
    /// Pattern over the tags.
    pub tags: String,
    /// Status of the refusal: 409, 400 or 412.
    pub status: u16,
}

/// What `Location` of an upload looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadLocation {
    /// A path with a query.
    Relative,
    /// A whole URL on the registry's own host.
    Absolute,
    /// A whole URL on the other host, which takes the upload without credentials.
    Elsewhere,
}

/// What reading an absent repository says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsentRepository {
    /// 404 `NAME_UNKNOWN`.
    NotFound,
    /// 403 `DENIED`.
    Denied,
}
