//! Runs the client against Debian's `docker-registry`, where it is installed.
fn main() {}
