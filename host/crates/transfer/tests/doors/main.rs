//! The doors of the room against a registry on loopback that fails on purpose, with the real client and the real gate.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test that cannot go on ends")]

mod copying;
mod counts;
mod dry;
mod grants;
mod healing;
mod house;
mod publish;
mod pushing;
mod sweep;
mod waiting;
