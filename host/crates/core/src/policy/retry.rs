//! When to try again, as a pure function of the operation, the count, the time and the failure. Sleeps never.

use std::time::Duration;

use super::{
    class::{Class, classify},
    operation::Operation,
    propagation::PropagationPolicy,
    random::{random, scale},
    tally::Tally,
};
use crate::port::Failure;

/// How a backoff is spread, so that callers do not come back in step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// Exactly the backoff.
    None,
    /// Anything from nothing to the backoff.
    Full,
}

/// How often and how far apart an operation is tried.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Attempts in all, the first included; 0 means 1.
    pub attempts: u32,
    /// Backoff after the first attempt.
    pub initial: Duration,
    /// Growth of the backoff per attempt.
    pub multiplier: f64,
    /// The longest backoff.
    pub max: Duration,
    /// How it is spread.
    pub jitter: Jitter,
    /// How often an upstream that is behind is asked again.
    pub poll: PollPolicy,
    /// How often a thing that was just written is looked for.
    pub propagation: PropagationPolicy,
    /// The same seed gives the same delays.
    pub seed: u64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            initial: Duration::from_secs(2),
            multiplier: 2.0,
            max: Duration::from_secs(32),
            jitter: Jitter::Full,
            poll: PollPolicy::default(),
            propagation: PropagationPolicy::default(),
            seed: 0,
        }
    }
}

impl RetryPolicy {
    /// How long to wait before the next attempt; `None` where there is none.
    ///
    /// `tally` counts the failures so far, this one included; `elapsed` is the time since the operation began. The
    /// time that the other side asked for is a floor. A delay that would outlast the operation's time is no delay:
    /// the operation ends now instead of later.
    #[must_use]
    pub fn next_delay(
        &self,
        operation: &Operation,
        tally: Tally,
        elapsed: Duration,
        failure: &Failure,
    ) -> Option<Duration> {
        let subject = &operation.subject;
        let delay = match classify(operation, failure) {
            Class::Permanent => return None,
            Class::Transient(cause) if !tally.allows(cause, self.attempts) => return None,
            Class::Transient(cause) => {
                let count = tally.transient();
                let delay = self.backoff(subject, count).max(cause.floor());
                self.at_least(failure.retry_after, delay, subject, count)
            }
            Class::Pending => {
                let window = operation.awaited?.checked_sub(elapsed).filter(|left| !left.is_zero())?;
                let looks = tally.pending();
                let delay = self.propagation.delay(subject, looks, elapsed, self.seed);
                // The last look is at the end of the window, whatever is asked for.
                self.at_least(failure.retry_after, delay, subject, looks).min(window)
            }
        };
        (elapsed.saturating_add(delay) < operation.total()).then_some(delay)
    }

    /// The delay, or what the other side asked for and a little more.
    fn at_least(&self, asked: Option<Duration>, delay: Duration, subject: &str, count: u32) -> Duration {
        asked.map_or(delay, |floor| {
            delay.max(floor.saturating_add(spread(floor, random(self.seed, subject, count, 1))))
        })
    }

    fn backoff(&self, subject: &str, count: u32) -> Duration {
        let ceiling = grow(self.initial, self.multiplier, self.max, count);
        match self.jitter {
            Jitter::None => ceiling,
            Jitter::Full => scale(ceiling, random(self.seed, subject, count, 0)),
        }
    }
}

/// How often a condition is looked at again.
#[derive(Clone, Debug, PartialEq)]
pub struct PollPolicy {
    /// Time to the second look.
    pub initial: Duration,
    /// Growth per look.
    pub multiplier: f64,
    /// The longest time between two looks.
    pub max: Duration,
}

impl Default for PollPolicy {
    fn default() -> Self {
        Self { initial: Duration::from_millis(250), multiplier: 2.0, max: Duration::from_secs(10) }
    }
}

impl PollPolicy {
    /// Time until the next look, after `looks` of them: between half and the whole of the backoff.
    #[must_use]
    pub fn delay(&self, subject: &str, looks: u32, seed: u64) -> Duration {
        let ceiling = grow(self.initial, self.multiplier, self.max, looks);
        scale(ceiling, random(seed, subject, looks, 2).mul_add(0.5, 0.5))
    }
}

/// `min(max, initial * multiplier^(n-1))`.
fn grow(initial: Duration, multiplier: f64, max: Duration, n: u32) -> Duration {
    let exponent = i32::try_from(n.saturating_sub(1)).unwrap_or(i32::MAX);
    let seconds = initial.as_secs_f64() * multiplier.max(1.0).powi(exponent);
    Duration::try_from_secs_f64(seconds).unwrap_or(max).min(max)
}

/// A tenth of what the other side asked for, at most one second, so that its callers do not return together.
fn spread(floor: Duration, random: f64) -> Duration {
    scale((floor / 10).min(Duration::from_secs(1)), random)
}

#[cfg(test)]
mod tests;
