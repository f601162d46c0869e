//! Tests across rooms: the drawing of the house, the contract, the sandbox, the publishing steps.
#![expect(clippy::panic, clippy::unwrap_used, reason = "what tests share fails loudly, as tests do")]

mod arrows;
mod contract;
mod sandbox;
mod steps;
