//! Plans from `bakery.yaml` text to rows, targets and bake plans, through the public functions only.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

mod bake;
mod build;
mod changes;
mod dispatch;
mod expansion;
mod inclusion;
mod publish;
mod push_order;
mod support;
mod tags;
