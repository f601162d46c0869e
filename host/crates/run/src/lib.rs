//! What happens in which order: payload, questions, answers. Knows no wasm, no network and no words for people.

pub mod build;
mod dispatch;
pub mod publish;
mod resolve;

pub use dispatch::{Dispatched, check, pin};
pub use resolve::answer;
