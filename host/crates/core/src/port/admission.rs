//! The proof that an effect passed the gate.

/// A permit of the gate. Every method of every backend takes one, and only `bakery-gate` has a type that is one:
/// its permits have no public constructor, so an effect that did not pass the gate does not compile.
///
/// A test reads the sources and fails when another crate implements this trait.
pub trait Admission: Send + Sync {
    /// Which attempt this is, counted from 1.
    fn attempt(&self) -> u32;
}
