//! The retry table on the wire: the client behind the gate, against a registry that fails on purpose.
//! Backoffs are milliseconds here; what the other side asks for is waited for, and is read from the events.

mod broken;
mod busy;
mod house;
mod refused;
mod waiting;
mod writing;
