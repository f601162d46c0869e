//! What a publish costs.
fn main() {}
