//! The files below a folder as they are now: types, permission bits, digests, texts of links. Follows no link, decides
//! nothing about what belongs to a build.

mod cache;
mod walk;

pub use cache::StatCache;
pub use walk::{Choose, Found, Judged, Kind, Stamp, TreeError, walk};
