//! Proves on the wire what the registry and its faults do, with a client that hides nothing.
//! No client of the product takes part.

mod answers;
mod bodies;
mod connections;
mod credentials;
mod http2;
mod lag;
mod load;
mod pauses;
mod program;
mod protocol;
mod publisher;
mod quirks;
mod raw;
mod replay;
mod sweep;
mod uploads;
mod virtual_time;
