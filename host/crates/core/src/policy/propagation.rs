//! How often a thing that was just written is looked for, alone and in a crowd. Sleeps never.

use std::time::Duration;

use super::random::{random, scale};

/// When to look again for what is still propagating.
///
/// What becomes readable after a time T is noticed within `1.1 T + 1 s`: the looks come a tenth of the time waited so
/// far apart, which is the first part, and the least distances below leave the second part. That holds for up to
/// [`PropagationPolicy::crowd`] things that are waited for at one host at the same time; more share the looks that
/// these would have, so that a hundred of them ask no more often than twenty.
#[derive(Clone, Debug, PartialEq)]
pub struct PropagationPolicy {
    /// The least time between two looks at one thing.
    pub least: Duration,
    /// The part of the time waited so far that passes between two looks.
    pub share: f64,
    /// The longest time between two looks, also for the last of a crowd of the allowed size.
    pub most: Duration,
    /// How many things at one host are looked at without regard to each other; 0 means 1.
    pub crowd: u32,
    /// The least time between two looks at one host.
    pub apart: Duration,
}

impl Default for PropagationPolicy {
    fn default() -> Self {
        Self {
            least: Duration::from_millis(250),
            share: 0.1,
            most: Duration::from_secs(5),
            crowd: 20,
            apart: Duration::from_millis(40),
        }
    }
}

impl PropagationPolicy {
    /// Time until the next look at a thing that was waited for since `elapsed`, after `looks` of them: between three
    /// quarters and the whole of what the elapsed time allows.
    #[must_use]
    pub fn delay(&self, subject: &str, looks: u32, elapsed: Duration, seed: u64) -> Duration {
        scale(self.ceiling(elapsed), random(seed, subject, looks, 3).mul_add(0.25, 0.75))
    }

    /// Time that passes between two looks at one host, for whoever has waited for `elapsed`.
    #[must_use]
    pub fn spacing(&self, elapsed: Duration) -> Duration {
        (self.ceiling(elapsed) / self.crowd.max(1)).max(self.apart)
    }

    fn ceiling(&self, elapsed: Duration) -> Duration {
        scale(elapsed, self.share.clamp(0.0, 1.0)).max(self.least).min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn looks_come_a_tenth_of_the_time_apart_and_never_later() {
        let policy = PropagationPolicy::default();
        for (elapsed, ceiling) in [(0, 250), (1, 250), (3, 300), (10, 1000), (50, 5000), (599, 5000)] {
            let ceiling = Duration::from_millis(ceiling);
            for looks in 1..50 {
                let delay = policy.delay("a", looks, seconds(elapsed), 7);
                assert!(delay <= ceiling && delay >= ceiling * 3 / 4, "{elapsed} s: {delay:?}");
            }
        }
    }

    #[test]
    fn a_crowd_shares_the_looks_of_twenty() {
        let policy = PropagationPolicy::default();
        for (elapsed, apart) in [(0, 40), (2, 40), (10, 50), (30, 150), (50, 250), (600, 250)] {
            assert_eq!(policy.spacing(seconds(elapsed)), Duration::from_millis(apart), "{elapsed} s");
        }
        // Ten minutes of any number of laggards: fewer looks than one host allows in one minute and a half.
        let (mut at, mut looks) = (Duration::ZERO, 0);
        while at < seconds(600) {
            at += policy.spacing(at);
            looks += 1;
        }
        assert!(looks < 3000, "{looks}");
    }

    #[test]
    fn absurd_figures_do_not_panic() {
        for share in [f64::NAN, f64::INFINITY, -1.0] {
            let policy = PropagationPolicy { share, crowd: 0, ..PropagationPolicy::default() };
            assert!(policy.delay("a", u32::MAX, Duration::MAX, 0) <= policy.most);
            assert!(policy.spacing(Duration::MAX) <= policy.most);
        }
    }
}
