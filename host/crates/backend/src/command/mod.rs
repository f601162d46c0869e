//! Runs programs: one attempt of one granted command, in bounds, with nothing left behind. Decides no grant.
//!
//! Each command has a supervisor of its own: this program, started again, between bakery and the command. It leads a
//! session of its own, adopts whatever the command's children leave, and ends all of it when bakery asks, and also
//! when bakery is gone: its end of the socket between the two then closes, however bakery ended.

mod attempt;
mod capture;
mod lines;
mod lookup;
mod processes;
mod refusal;
mod scratch;
mod supervise;
mod wire;

pub use lookup::{LookupError, find_program, fingerprint};
pub use processes::{ProcessOptions, Processes};
pub use supervise::supervise_main;
