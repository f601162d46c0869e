//! The program as its users call it: commands in a project folder, upstreams on loopback, nothing faked inside.

mod basics;
mod changes;
mod dispatch;
mod documents;
mod publish_input;
mod sources;
mod templates;
