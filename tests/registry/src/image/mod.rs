//! Real images made of nothing: deterministic bytes, valid tars, valid manifests.

mod builder;
mod layer;
mod made;

pub use builder::ImageBuilder;
pub use made::{Child, Content, Image};
