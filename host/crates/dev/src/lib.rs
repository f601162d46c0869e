//! Development images: which tag says what is in an image, and which manifest names it. Pure: it reads no file, asks no
//! git and starts nothing.

pub mod base;
pub mod check;
pub mod cluster;
pub mod context;
pub mod ignore;
pub mod import;
pub mod key;
pub mod lock;
pub mod manifest;
pub mod node;
pub mod prune;
pub mod rewrite;
pub mod store;
pub mod tag;
