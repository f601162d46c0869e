//! The words of the domain: versions, channels, operating systems, platforms, digests.
//! Nothing here knows the shape of `bakery.yaml` or reads the environment.

mod channel;
mod component;
mod descriptor;
mod digest;
mod duration;
mod hasher;
mod manifest;
mod os;
mod platform;
mod reference;
mod repository;
mod version;

pub use channel::{Channel, ParseChannelError};
pub use component::{ComponentRef, SourceKey};
pub use descriptor::{Descriptor, ImagePlatform, media_type};
pub use digest::{Digest, ParseDigestError};
pub use duration::parse_duration;
pub use hasher::DigestHasher;
pub use manifest::{MAX_MANIFEST_BYTES, Manifest, ManifestContent, ManifestError};
pub use os::{BuildOs, OsFamily};
pub use platform::{ParsePlatformError, Platform};
pub use reference::{ParseReferenceError, Reference, Selector, Tag};
pub use repository::{RegistryHost, Repository};
pub use version::{ParseVersionError, ProductVersion};
