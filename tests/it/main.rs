//! Tests across rooms, one module per room.

mod sandbox;
