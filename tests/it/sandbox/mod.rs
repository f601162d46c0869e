//! The sandbox against guests that misbehave: each rule has a guest that breaks it, each test asserts the words
//! and that the next call is answered.

mod answers;
mod bombs;
mod builtins;
mod cache;
mod calls;
mod files;
mod house;
mod imports;
mod isolation;
mod layout;
mod memory;
mod offline;
mod real_guests;
mod rust_guest;
mod time;
mod transfer;
mod traps;
mod waiting;
mod wasi;
