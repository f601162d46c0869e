//! Tests across rooms, one module per room.
#![expect(
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "what tests share fails loudly, as tests do"
)]

mod sandbox;
