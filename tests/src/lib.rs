//! What tests, benchmarks and demonstrations across rooms share. Tests themselves are in `it/`.

pub mod workshop;
