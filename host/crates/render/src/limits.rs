//! How much rendering may use. Templates come with the project; a mistake in one must not take the machine.

/// Instructions of the template engine for one file; the largest real one needs a few thousand.
pub(crate) const FUEL: u64 = 2_000_000;
/// Bytes of one template or macro file.
pub(crate) const SOURCE: usize = 256 << 10;
/// Bytes between the brackets of one expression or statement: nesting in there costs stack.
pub(crate) const TAG: usize = 16 << 10;
/// Bytes of one rendered file.
pub(crate) const OUTPUT: usize = 8 << 20;
/// Bytes of all files of a version.
pub(crate) const VERSION: usize = 512 << 20;
/// Files of a version.
pub(crate) const FILES: usize = 10_000;
/// Macros, includes and blocks inside each other.
pub(crate) const DEPTH: usize = 200;
/// Bytes of stack for the engine, of which only what is used becomes memory.
pub(crate) const STACK: usize = 256 << 20;
/// Steps back that one regular expression may take.
pub(crate) const BACKTRACKS: usize = 200_000;
/// Errors that are told; the others are counted.
pub(crate) const FAULTS: usize = 20;
