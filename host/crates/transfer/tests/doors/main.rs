//! The doors of the room against a registry on loopback that fails on purpose, with the real client and the real gate.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

mod copies;
mod copying;
mod counts;
mod crowds;
mod dry;
mod grants;
mod healing;
mod house;
mod layouts;
mod layouts_broken;
mod publish;
mod pushing;
mod sending;
mod sweep;
mod waiting;
