//! The doors of the room against a registry on loopback that fails on purpose, with the real client and the real gate.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test that cannot go on ends")]

mod counts;
mod house;
mod publish;
