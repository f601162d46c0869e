//! Rendering from outside: folders in memory in, folders in memory out.

mod bounds;
mod faults;
mod files;
mod language;
mod library;
mod support;
