//! Credentials at work: who is asking, may they, and the tokens handed out.

mod keeper;
mod scope;
mod token;

pub(crate) use keeper::{Keeper, Refusal};
pub(crate) use scope::Access;
pub(crate) use token::TokenRequest;
