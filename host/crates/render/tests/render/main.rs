//! Rendering from outside: folders in memory in, folders in memory out.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise and says so")]

mod bounds;
mod faults;
mod files;
mod language;
mod library;
mod support;
