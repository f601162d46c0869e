//! How much the registry bears: latency, concurrency and rate.
//! It waits for nothing; `serve::admission` does.

use serde::{Deserialize, Serialize};

use super::RetryAfter;

/// Latency and limits of every request, on every socket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Load {
    /// Every request takes at least this long, in milliseconds.
    pub latency_ms: u64,
    /// Up to so many more milliseconds, drawn from the seed, so that answers overtake each other.
    pub jitter_ms: u64,
    /// At most so many requests at a time.
    pub concurrency: Option<usize>,
    /// What happens to the requests above that.
    pub over: Over,
    /// A token bucket for each client (user, or all anonymous ones together), on the registry's socket only.
    pub rate: Option<Rate>,
}

/// What happens to a request above the permitted concurrency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// It waits for its turn.
    #[default]
    Queue,
    /// It is answered 429 at once.
    Refuse,
}

/// A token bucket. Requests to the token server are free.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests that may come at once.
    pub burst: u32,
    /// Requests per second after that.
    pub per_second: f64,
    /// How the refusal tells the client when to come back.
    #[serde(default)]
    pub hint: RateHint,
}

/// How a refused client learns how long to wait.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateHint {
    /// `Retry-After` in whole seconds, rounded up.
    #[default]
    Seconds,
    /// `Retry-After` as an HTTP date, rounded up to the second.
    Date,
    /// GHCR's body, exact to the millisecond.
    Ghcr,
    /// Not at all.
    Silent,
    /// This header, whatever the truth.
    Fixed(RetryAfter),
}
