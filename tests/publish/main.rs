//! The program publishes: end to end, against the fault registry and a real one.
fn main() {}
