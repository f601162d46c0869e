//! A command as the gate sees it: how long one attempt may take, and whether there may be another. Waits for nothing.

use std::time::Duration;

use crate::{
    policy::{Operation, OperationKind},
    port::command::Invocation,
};

/// What the end of a program that ignores every request may take beyond its grace.
const CLEAN_UP: Duration = Duration::from_secs(20);

impl Operation {
    /// One command, whose attempts take at most `limit` together.
    ///
    /// The time of an attempt is more than the program's own: its own limit ends the program, and everything that it
    /// started is gone before another attempt can begin in the same scratch space.
    #[must_use]
    pub fn command(invocation: &Invocation, limit: Duration) -> Self {
        let limits = invocation.limits();
        let timeout = limits.time.saturating_add(limits.grace).saturating_add(CLEAN_UP);
        Self {
            idempotent: invocation.is_repeatable(),
            ..Self::new(OperationKind::Command, invocation.name(), timeout, limit)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        policy::{Class, CommandGrant, classify},
        port::{Failure, FailureKind},
    };

    #[test]
    fn a_program_is_ended_by_its_own_limit_before_the_gate_gives_it_up() {
        let invocation = CommandGrant::new("tool", "/t").unwrap().own(Vec::new(), None);
        let limits = invocation.limits();
        let operation = Operation::command(&invocation, Duration::MAX);
        assert!(operation.timeout > limits.time + limits.grace + Duration::from_secs(15));
    }

    #[test]
    fn a_program_is_ended_by_its_own_limit_before_its_caller_s_time_is_over() {
        let invocation = CommandGrant::new("tool", "/t").unwrap().own(Vec::new(), None);
        let time = |left: u64| {
            let left = Duration::from_secs(left);
            invocation.clone().ending_within(left).limits().time.as_millis()
        };
        // Ten seconds of grace and one to tell it.
        assert_eq!(time(100), 89_000);
        assert_eq!(time(10), 5_000, "half of little is better than nothing");
        assert_eq!(time(1_000_000), 1_800_000, "its own limit is the most");
    }

    #[test]
    fn only_what_is_repeatable_is_tried_again() {
        let invocation = CommandGrant::new("tool", "/t").unwrap().own(Vec::new(), None);
        let failure = Failure::new(FailureKind::TimedOut, "tool", "m");
        let class =
            |invocation: &Invocation| classify(&Operation::command(invocation, Duration::MAX), &failure);
        assert_eq!(class(&invocation), Class::Permanent);
        assert!(matches!(class(&invocation.repeatable()), Class::Transient(_)));
    }
}
