//! The only room that touches the outside world: one attempt at a time, no retry, no policy, no words for people.

pub mod files;
pub mod git;
