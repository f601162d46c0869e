//! The only crate that touches the outside world.
//! One attempt per call: it does not retry, print, wait between attempts or decide what is allowed.

pub mod registry;
