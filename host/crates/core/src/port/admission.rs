//! The proof that an effect passed the gate.

/// A permit of the gate. Every method of every backend takes one, and only `bakery-gate` has a type that is one:
/// its permits have no public constructor, so an effect that did not pass the gate does not compile.
///
/// A test reads the sources and fails when another crate implements this trait.
pub trait Admission: Send + Sync {
    /// Which attempt this is, counted from 1.
    fn attempt(&self) -> u32;

    /// Takes note of what the attempt cost. A backend calls it once per request and once per body.
    fn spent(&self, _cost: Cost) {}
}

/// What an attempt cost on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Requests sent, those for tokens and after redirects included.
    pub requests: u32,
    /// Bytes of bodies sent.
    pub sent: u64,
    /// Bytes of bodies received.
    pub received: u64,
}
