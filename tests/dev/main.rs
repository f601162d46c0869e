//! Development images from outside: a project in a repository, the built program, and what it prints and leaves.

#![expect(clippy::panic, clippy::unwrap_used, reason = "what helps a test may fail as a test does")]

mod cache;
mod check;
mod cluster;
mod git;
mod matrix;
mod names;
mod rewrite;
mod seed;
mod states;
mod tags;
mod walk;
mod world;
