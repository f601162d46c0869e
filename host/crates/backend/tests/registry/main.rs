//! The registry client against small servers on loopback, honest and hostile. Reaches no other machine.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

mod auth;
mod blobs;
mod credentials;
mod dry_run;
mod gate;
mod hostile;
mod manifests;
mod plan;
mod server;
mod table;
mod tls;
mod transport;
mod uploads;
mod world;
