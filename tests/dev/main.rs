//! Development images from outside: a project in a repository, the built program, and what it prints and leaves.

mod check;
mod git;
mod rewrite;
mod states;
mod tags;
mod world;
