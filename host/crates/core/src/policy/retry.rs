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
mod tests {
    use super::*;
    use crate::{
        policy::{Cause, OperationKind},
        port::{
            FailureKind,
            registry::{Party, RegistryFault, RegistryVerb},
        },
    };

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn operation(subject: &str) -> Operation {
        Operation::new(OperationKind::HttpRead, subject, seconds(30), seconds(1000))
    }

    /// After so many failures that may pass by themselves.
    fn after(failures: u32) -> Tally {
        (0..failures).fold(Tally::default(), |tally, _| tally.with(Class::Transient(Cause::Unavailable)))
    }

    fn after_looks(looks: u32) -> Tally {
        (0..looks).fold(Tally::default(), |tally, _| tally.with(Class::Pending))
    }

    fn unavailable() -> Failure {
        Failure::new(FailureKind::Unavailable, "s", "m")
    }

    #[test]
    fn without_jitter_the_backoff_doubles_up_to_its_ceiling() {
        let policy = RetryPolicy { jitter: Jitter::None, attempts: 8, ..RetryPolicy::default() };
        let delays: Vec<_> = (1..=8)
            .map(|n| {
                policy
                    .next_delay(&operation("a"), after(n), Duration::ZERO, &unavailable())
                    .map(|d| d.as_secs())
            })
            .collect();
        assert_eq!(delays, [Some(2), Some(4), Some(8), Some(16), Some(32), Some(32), Some(32), None]);
    }

    #[test]
    fn the_predecessors_schedule_can_be_configured() {
        let policy = RetryPolicy {
            jitter: Jitter::None,
            initial: seconds(10),
            multiplier: 10.0,
            max: seconds(20),
            ..RetryPolicy::default()
        };
        let delays: Vec<_> = (1..=5)
            .map(|n| {
                policy
                    .next_delay(&operation("a"), after(n), Duration::ZERO, &unavailable())
                    .map(|d| d.as_secs())
            })
            .collect();
        assert_eq!(delays, [Some(10), Some(20), Some(20), Some(20), None]);
    }

    #[test]
    fn jitter_stays_within_bounds_differs_between_callers_and_repeats_for_a_seed() {
        let policy = RetryPolicy { seed: 7, ..RetryPolicy::default() };
        let draw = |policy: &RetryPolicy, subject: &str, n| {
            policy.next_delay(&operation(subject), after(n), Duration::ZERO, &unavailable()).unwrap()
        };
        let mut seen = Vec::new();
        for caller in 0..200 {
            for n in 1..=4 {
                let delay = draw(&policy, &format!("https://h.example/{caller}"), n);
                assert!(delay < seconds(1 << n), "{delay:?} after attempt {n}");
                seen.push(delay.as_secs_f64() / f64::from(1_u32 << n));
            }
        }
        // Full jitter is uniform: its mean is a half, and both ends are reached.
        let mean = seen.iter().sum::<f64>() / 800.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
        assert!(seen.iter().any(|share| *share < 0.02) && seen.iter().any(|share| *share > 0.98));
        assert_eq!(draw(&policy, "a", 1), draw(&policy, "a", 1));
        assert_ne!(draw(&policy, "a", 1), draw(&policy, "b", 1));
        assert_ne!(draw(&policy, "a", 1), draw(&RetryPolicy { seed: 8, ..policy.clone() }, "a", 1));
    }

    #[test]
    fn the_time_that_was_asked_for_is_a_floor() {
        for n in 1..=4 {
            let failure = unavailable().with_retry_after(seconds(60));
            let delay = RetryPolicy::default()
                .next_delay(&operation("a"), after(n), Duration::ZERO, &failure)
                .unwrap();
            assert!((seconds(60)..=seconds(61)).contains(&delay), "{delay:?}");
        }
    }

    #[test]
    fn a_delay_that_outlasts_the_limit_is_no_delay() {
        let policy = RetryPolicy { jitter: Jitter::None, ..RetryPolicy::default() };
        assert_eq!(
            policy.next_delay(&operation("a"), after(1), seconds(997), &unavailable()),
            Some(seconds(2))
        );
        assert_eq!(policy.next_delay(&operation("a"), after(1), seconds(998), &unavailable()), None);
        let failure = unavailable().with_retry_after(seconds(86_400));
        assert_eq!(policy.next_delay(&operation("a"), after(1), Duration::ZERO, &failure), None);
        assert_eq!(policy.next_delay(&operation("a"), after(1), Duration::MAX, &failure), None);
    }

    #[test]
    fn what_is_pending_costs_time_and_no_attempts() {
        let policy = RetryPolicy::default();
        let pending = Failure::new(FailureKind::NotFound, "s", "m");
        let awaited = operation("a").awaited(seconds(600));
        assert!(policy.next_delay(&awaited, after_looks(100), seconds(10), &pending).is_some());
        let last = policy.next_delay(&awaited, after_looks(100), seconds(599), &pending).unwrap();
        assert!(last <= seconds(1), "{last:?}");
        assert_eq!(policy.next_delay(&awaited, after_looks(1), seconds(600), &pending), None);
        assert_eq!(policy.next_delay(&operation("a"), after(1), Duration::ZERO, &pending), None);
    }

    fn delays(policy: &RetryPolicy, operation: &Operation, failures: &[Failure]) -> Vec<Option<Duration>> {
        let mut tally = Tally::default();
        failures
            .iter()
            .map(|failure| {
                tally = tally.with(classify(operation, failure));
                policy.next_delay(operation, tally, Duration::ZERO, failure)
            })
            .collect()
    }

    fn fault(kind: FailureKind, party: Party, corrupt: bool) -> Failure {
        let fault = RegistryFault { corrupt, ..RegistryFault::new(RegistryVerb::GetManifest, party) };
        Failure::new(kind, "s", "m").with_registry(fault)
    }

    #[test]
    fn broken_bytes_are_worth_one_more_try_and_no_more_whatever_lies_between() {
        let policy = RetryPolicy::default();
        let corrupt = fault(FailureKind::Internal, Party::Registry, true);
        let seen = delays(&policy, &operation("a"), &[corrupt.clone(), corrupt.clone()]);
        assert_eq!((seen[0].is_some(), seen[1]), (true, None));
        let seen = delays(&policy, &operation("a"), &[unavailable(), corrupt.clone(), unavailable(), corrupt]);
        assert_eq!(seen.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, true, false]);
    }

    #[test]
    fn a_token_server_is_asked_three_times_two_seconds_apart() {
        for kind in [FailureKind::Denied, FailureKind::Unauthorized] {
            let refused = fault(kind, Party::TokenServer, false);
            for subject in ["a", "b", "c", "d"] {
                let seen = delays(&RetryPolicy::default(), &operation(subject), &vec![refused.clone(); 3]);
                assert!(seen[0].unwrap() >= seconds(2) && seen[1].unwrap() >= seconds(2), "{seen:?}");
                assert_eq!(seen[2], None);
            }
            let eager = RetryPolicy { initial: Duration::ZERO, ..RetryPolicy::default() };
            assert_eq!(delays(&eager, &operation("a"), std::slice::from_ref(&refused)), [Some(seconds(2))]);
        }
    }

    #[test]
    fn one_attempt_means_one_whatever_the_cause() {
        let policy = RetryPolicy { attempts: 1, ..RetryPolicy::default() };
        for failure in [
            unavailable(),
            fault(FailureKind::Internal, Party::Registry, true),
            fault(FailureKind::Denied, Party::TokenServer, false),
            Failure::new(FailureKind::RateLimited, "s", "m"),
        ] {
            assert_eq!(delays(&policy, &operation("a"), &[failure]), [None]);
        }
    }

    #[test]
    fn a_hint_is_spread_by_a_tenth_and_at_most_a_second() {
        for (asked, most) in [(Duration::from_millis(10), 1), (seconds(5), 500), (seconds(100), 1000)] {
            let policy = RetryPolicy { initial: Duration::ZERO, ..RetryPolicy::default() };
            let failure = unavailable().with_retry_after(asked);
            for subject in 0..50 {
                let seen = delays(&policy, &operation(&subject.to_string()), std::slice::from_ref(&failure));
                let more = seen[0].unwrap() - asked;
                assert!(more <= Duration::from_millis(most), "{asked:?} {more:?}");
            }
        }
    }

    #[test]
    fn a_hint_on_something_awaited_is_heeded_but_not_beyond_the_window() {
        let policy = RetryPolicy::default();
        let awaited = operation("a").awaited(seconds(60));
        let absent = |asked| Failure::new(FailureKind::NotFound, "s", "m").with_retry_after(seconds(asked));
        let soon = policy.next_delay(&awaited, after_looks(1), seconds(10), &absent(20)).unwrap();
        assert!((seconds(20)..=seconds(21)).contains(&soon), "{soon:?}");
        assert_eq!(policy.next_delay(&awaited, after_looks(1), seconds(10), &absent(3600)), Some(seconds(50)));
    }

    #[test]
    fn the_window_comes_on_top_of_the_limit() {
        let policy = RetryPolicy { jitter: Jitter::None, ..RetryPolicy::default() };
        let awaited = Operation { limit: seconds(10), ..operation("a") }.awaited(seconds(60));
        assert_eq!(policy.next_delay(&awaited, after(1), seconds(67), &unavailable()), Some(seconds(2)));
        assert_eq!(policy.next_delay(&awaited, after(1), seconds(68), &unavailable()), None);
    }

    #[test]
    fn absurd_numbers_do_not_overflow() {
        for multiplier in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
            for n in [1, 2, 1000, u32::MAX] {
                let delay = grow(seconds(2), multiplier, seconds(32), n);
                assert!((seconds(2)..=seconds(32)).contains(&delay), "{multiplier} {n} {delay:?}");
            }
        }
        assert_eq!(grow(Duration::MAX, 2.0, Duration::MAX, 5), Duration::MAX);
    }

    #[test]
    fn looks_come_further_and_further_apart() {
        let poll = PollPolicy::default();
        for looks in 1..=30 {
            let delay = poll.delay("a", looks, 1);
            let ceiling = Duration::from_millis(250 * (1 << looks.min(10)) / 2).min(poll.max);
            assert!(delay >= ceiling / 2 && delay <= ceiling, "{looks} {delay:?}");
        }
    }
}
