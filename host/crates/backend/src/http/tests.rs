//! The client against servers on loopback that behave, and that do not.

mod abuse;
mod answers;
mod network;
mod safety;
