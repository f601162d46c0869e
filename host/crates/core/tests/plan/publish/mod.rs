//! From metadata files to a publish plan, through the public functions only.

mod destinations;
mod identification;
mod merging;
mod order;
mod reading;
mod roundtrip;
mod rows;
mod soci;
mod summaries;
mod support;
