//! Which faults strike a request, and the requests that are held.

mod armed;
mod orders;
mod pause;

pub(crate) use armed::{Armed, Facts};
pub(crate) use orders::{Alteration, Orders, Pace, Verdict};
pub use pause::Paused;
pub(crate) use pause::{Fate, Pauses};
