//! The words of the domain: versions, channels, operating systems, platforms, digests.
//! Nothing here knows the shape of `bakery.yaml` or reads the environment.

mod channel;
mod component;
mod digest;
mod os;
mod platform;
mod version;

pub use channel::{Channel, ParseChannelError};
pub use component::{ComponentRef, SourceKey};
pub use digest::{Digest, ParseDigestError};
pub use os::{BuildOs, OsFamily};
pub use platform::{ParsePlatformError, Platform};
pub use version::{ParseVersionError, ProductVersion};
