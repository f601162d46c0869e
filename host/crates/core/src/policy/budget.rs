//! How many retries one host is worth before it is left alone: a bucket of tokens. Knows no clock.

use super::Cause;

/// The figures of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetPolicy {
    /// Tokens at the beginning, and at most.
    pub capacity: u32,
    /// What a retry costs after a status of the host's own trouble, a lost connection or broken bytes.
    pub trouble: u32,
    /// What a retry costs after too many requests: the host is well, and said when to come back.
    pub throttled: u32,
    /// What a success gives back.
    pub success: u32,
}

impl Default for BudgetPolicy {
    fn default() -> Self {
        Self { capacity: 100, trouble: 10, throttled: 2, success: 1 }
    }
}

/// What is left of one host's budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    policy: BudgetPolicy,
    tokens: u32,
}

impl Budget {
    /// A full one.
    #[must_use]
    pub fn new(policy: BudgetPolicy) -> Self {
        Self { policy, tokens: policy.capacity }
    }

    /// Pays for one retry; `false` where there is not enough left, and then nothing is paid.
    #[must_use]
    pub fn pay(&mut self, cause: Cause) -> bool {
        let price = match cause {
            Cause::Throttled => self.policy.throttled,
            Cause::Unavailable | Cause::Corrupt | Cause::TokenRefused => self.policy.trouble,
        };
        match self.tokens.checked_sub(price) {
            Some(left) => {
                self.tokens = left;
                true
            }
            None => false,
        }
    }

    /// Something succeeded.
    pub fn refund(&mut self) {
        self.tokens = self.tokens.saturating_add(self.policy.success).min(self.policy.capacity);
    }

    /// Whether no more than half is left: no time for luxuries.
    #[must_use]
    pub fn is_low(&self) -> bool {
        self.tokens <= self.policy.capacity / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_dear_throttling_is_cheap_and_success_refills() {
        let mut budget = Budget::new(BudgetPolicy::default());
        let paid = (0..20).filter(|_| budget.pay(Cause::Unavailable)).count();
        assert_eq!(paid, 10);
        assert!(!budget.pay(Cause::Throttled));
        for _ in 0..9 {
            budget.refund();
        }
        assert!(!budget.pay(Cause::Corrupt), "nine of ten");
        budget.refund();
        assert!(budget.pay(Cause::TokenRefused));
        let mut budget = Budget::new(BudgetPolicy::default());
        assert_eq!((0..99).filter(|_| budget.pay(Cause::Throttled)).count(), 50);
    }

    #[test]
    fn it_never_holds_more_than_its_capacity_and_half_is_low() {
        let mut budget = Budget::new(BudgetPolicy::default());
        budget.refund();
        assert_eq!(budget.tokens, 100);
        assert!(!budget.is_low());
        for left in [90, 80, 70, 60] {
            assert!(budget.pay(Cause::Unavailable));
            assert!(!budget.is_low(), "{left}");
        }
        assert!(budget.pay(Cause::Unavailable));
        assert!(budget.is_low());
    }
}
