//! A list that a guest named, of which some is wrong: the wrong ones fail alone and are asked of nobody.

use bakery_core::port::{Failure, FailureKind};

/// What was read of a list.
pub(super) struct Batch<T> {
    good: Vec<T>,
    /// One per entry of the list: why it is wrong.
    wrong: Vec<Option<Failure>>,
}

impl<T> Batch<T> {
    /// Reads every entry.
    pub(super) fn read(entries: &[String], read: impl Fn(&str) -> Result<T, Failure>) -> Self {
        let (mut good, mut wrong) = (Vec::new(), Vec::new());
        for entry in entries {
            match read(entry) {
                Ok(value) => {
                    good.push(value);
                    wrong.push(None);
                }
                Err(failure) => wrong.push(Some(failure)),
            }
        }
        Self { good, wrong }
    }

    /// The entries that were right, in order.
    pub(super) fn good(&self) -> &[T] {
        &self.good
    }

    /// One answer per entry of the list, in its order: `answers` are those of the right ones.
    pub(super) fn join<A>(self, answers: Vec<Result<A, Failure>>) -> Vec<Result<A, Failure>> {
        let mut answers = answers.into_iter();
        let missing =
            || Failure::new(FailureKind::Internal, "registry", "this entry of the list was not answered");
        let one = |wrong: Option<Failure>| match wrong {
            Some(failure) => Err(failure),
            None => answers.next().unwrap_or_else(|| Err(missing())),
        };
        self.wrong.into_iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_entries_fail_alone_and_answers_keep_their_places() {
        let entries = ["1", "x", "2", "y"].map(str::to_owned);
        let read =
            |text: &str| text.parse::<u32>().map_err(|_| Failure::new(FailureKind::InvalidInput, text, "no"));
        let batch = Batch::read(&entries, read);
        assert_eq!(batch.good(), [1, 2]);
        let answers: Vec<_> =
            batch.join(vec![Ok("one"), Ok("two")]).into_iter().map(|a| a.map_err(|f| f.subject)).collect();
        assert_eq!(answers, [Ok("one"), Err("x".to_owned()), Ok("two"), Err("y".to_owned())]);
    }

    #[test]
    fn an_entry_that_nobody_answered_is_a_failure() {
        let batch = Batch::read(&["1".to_owned()], |text| Ok(text.len()));
        assert_eq!(
            batch.join(Vec::<Result<(), _>>::new())[0].as_ref().unwrap_err().kind,
            FailureKind::Internal
        );
    }
}
