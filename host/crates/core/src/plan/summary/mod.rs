//! Build and publish summaries: the JSON slices that jobs write, and the table that `ci summary` makes of them.
//! Measures nothing.

mod markdown;
mod merge;
mod slice;

pub use markdown::{markdown, size_text};
pub use merge::merge;
pub use slice::{SliceError, SliceKind, Summary, SummaryTarget};
