//! What an operation has been through, as the retry policy needs to know it. Decides nothing.

use super::{Cause, Class};

/// Failures of one operation so far, by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    transient: u32,
    corrupt: u32,
    token_refused: u32,
    pending: u32,
}

impl Tally {
    /// The same with one more failure.
    #[must_use]
    pub fn with(mut self, class: Class) -> Self {
        let add = |counter: &mut u32| *counter = counter.saturating_add(1);
        match class {
            Class::Pending => add(&mut self.pending),
            Class::Permanent => {}
            Class::Transient(cause) => {
                add(&mut self.transient);
                match cause {
                    Cause::Corrupt => add(&mut self.corrupt),
                    Cause::TokenRefused => add(&mut self.token_refused),
                    Cause::Unavailable | Cause::Throttled => {}
                }
            }
        }
        self
    }

    /// Transient failures, whatever their cause: attempts spent.
    #[must_use]
    pub fn transient(&self) -> u32 {
        self.transient
    }

    /// Looks that found nothing yet.
    #[must_use]
    pub fn pending(&self) -> u32 {
        self.pending
    }

    /// Whether there is an attempt left after a failure of this cause, of `attempts` in all.
    #[must_use]
    pub fn allows(&self, cause: Cause, attempts: u32) -> bool {
        let of_this_cause = match cause {
            Cause::Corrupt => self.corrupt,
            Cause::TokenRefused => self.token_refused,
            Cause::Unavailable | Cause::Throttled => self.transient,
        };
        self.transient < attempts && of_this_cause < cause.most()
    }
}
