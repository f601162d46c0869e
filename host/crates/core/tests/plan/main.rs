//! Plans from `bakery.yaml` text to rows, targets and bake plans, through the public functions only.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "helpers of tests fail like tests, and say what they skip"
)]

mod bake;
mod changes;
mod dispatch;
mod expansion;
mod inclusion;
mod push_order;
mod support;
mod tags;
