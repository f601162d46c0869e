//! Scratch spaces: a folder of its own for each call that needs one, bounded, and gone afterwards however this process
//! ends. Runs no program and knows no image.

mod layouts;
mod own;
mod remove;
mod space;
mod spaces;
mod sweep;
mod usage;

pub use spaces::ScratchFolders;
