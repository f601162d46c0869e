//! How many requests may be in flight at one host: halved when it has too many, one more after a while of successes.
//! Holds nobody back itself.

/// The number of requests that may be in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    most: usize,
    allowed: usize,
    successes: u32,
}

impl Throttle {
    /// Successes after which one more request may be in flight.
    pub const RECOVERY: u32 = 10;

    /// Everything that is allowed; 0 means 1.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { most, allowed: most, successes: 0 }
    }

    /// Requests that may be in flight now.
    #[must_use]
    pub fn allowed(&self) -> usize {
        self.allowed
    }

    /// Whether it is less than it could be.
    #[must_use]
    pub fn is_reduced(&self) -> bool {
        self.allowed < self.most
    }

    /// The host had too many requests.
    pub fn reduce(&mut self) {
        self.allowed = (self.allowed / 2).max(1);
        self.successes = 0;
    }

    /// A request succeeded.
    pub fn succeed(&mut self) {
        if !self.is_reduced() {
            return;
        }
        self.successes += 1;
        if self.successes >= Self::RECOVERY {
            self.successes = 0;
            self.allowed += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_halves_down_to_one_and_climbs_back_one_by_one() {
        let mut throttle = Throttle::new(16);
        let seen: Vec<_> = (0..6)
            .map(|_| {
                throttle.reduce();
                throttle.allowed()
            })
            .collect();
        assert_eq!(seen, [8, 4, 2, 1, 1, 1]);
        for expected in 2..=16 {
            for _ in 0..Throttle::RECOVERY - 1 {
                throttle.succeed();
            }
            assert_eq!(throttle.allowed(), expected - 1);
            throttle.succeed();
            assert_eq!(throttle.allowed(), expected);
        }
        assert!(!throttle.is_reduced());
        (0..100).for_each(|_| throttle.succeed());
        assert_eq!(throttle.allowed(), 16);
    }

    #[test]
    fn successes_before_a_halving_do_not_count_after_it() {
        let mut throttle = Throttle::new(4);
        throttle.reduce();
        (0..Throttle::RECOVERY - 1).for_each(|_| throttle.succeed());
        throttle.reduce();
        throttle.succeed();
        assert_eq!(throttle.allowed(), 1);
    }
}
