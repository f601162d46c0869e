//! Tests across rooms: the drawing of the house, the contract, the sandbox.

mod arrows;
mod contract;
mod sandbox;
