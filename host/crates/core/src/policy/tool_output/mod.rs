//! What the failure of an external program means: its exit code and its own error line become a class.
//! Reads nothing else the program printed, and decides no retry.

mod error_line;
mod judge;
mod kind;
mod scrub;

pub use error_line::error_line;
pub use judge::judge;
pub use kind::kind_of;

#[cfg(test)]
mod tests;
