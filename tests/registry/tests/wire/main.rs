//! Proves on the wire what the registry and its faults do, with a client that hides nothing.
//! No client of the product takes part.

// The attribute on each module changes nothing in what is built; it tells the linter that helpers here are tests too.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod bodies;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod http2;
#[cfg(test)]
mod lag;
#[cfg(test)]
mod load;
#[cfg(test)]
mod pauses;
#[cfg(test)]
mod program;
#[cfg(test)]
mod protocol;
#[cfg(test)]
mod publisher;
#[cfg(test)]
mod quirks;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod sweep;
#[cfg(test)]
mod uploads;
#[cfg(test)]
mod virtual_time;
