//! One thing that changes, and who sees which change when: lag and stale replicas.
//! It does not know what the thing is.

use std::time::Duration;

/// How long a change stays invisible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hold {
    /// Time after the write.
    pub(crate) time: Duration,
    /// Reads that do not see it.
    pub(crate) reads: u32,
    /// Until revealed.
    pub(crate) manual: bool,
}

/// All values a thing has had, oldest first; `None` is its absence.
#[derive(Clone, Debug)]
pub(crate) struct Versioned<T> {
    versions: Vec<Version<T>>,
}

#[derive(Clone, Debug)]
struct Version<T> {
    value: Option<T>,
    written: Duration,
    hold: Hold,
}

impl<T> Default for Versioned<T> {
    fn default() -> Self {
        Self { versions: Vec::new() }
    }
}

impl<T> Versioned<T> {
    /// Changes the value at this time.
    pub(crate) fn write(&mut self, value: Option<T>, now: Duration, hold: Hold) {
        self.versions.push(Version { value, written: now, hold });
    }

    /// The value as the registry itself knows it.
    pub(crate) fn truth(&self) -> Option<&T> {
        self.versions.last().and_then(|version| version.value.as_ref())
    }

    /// The value as a reader sees it at this time on a replica that is so far behind. Counts as a read of every
    /// change that it did not see because of reads still to be made.
    pub(crate) fn read(&mut self, now: Duration, behind: Duration) -> Option<&T> {
        let mut seen = None;
        for at in (0..self.versions.len()).rev() {
            let version = &mut self.versions[at];
            if version.hold.manual || now < version.written + version.hold.time + behind {
                continue;
            }
            if version.hold.reads > 0 {
                version.hold.reads -= 1;
                continue;
            }
            seen = Some(at);
            break;
        }
        seen.and_then(|at| self.versions[at].value.as_ref())
    }

    /// Ends every lag.
    pub(crate) fn reveal(&mut self) {
        for version in &mut self.versions {
            version.hold = Hold::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn second(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_change_shows_after_its_time_and_until_then_the_old_value_does() {
        let mut thing = Versioned::default();
        thing.write(Some(1), second(0), Hold::default());
        thing.write(Some(2), second(10), Hold { time: second(5), ..Hold::default() });
        assert_eq!(thing.truth(), Some(&2));
        assert_eq!(thing.read(second(14), second(0)), Some(&1));
        assert_eq!(thing.read(second(15), second(0)), Some(&2));
    }

    #[test]
    fn a_change_shows_after_so_many_reads() {
        let mut thing = Versioned::default();
        thing.write(Some(1), second(0), Hold { reads: 2, ..Hold::default() });
        assert_eq!(thing.read(second(0), second(0)), None);
        assert_eq!(thing.read(second(0), second(0)), None);
        assert_eq!(thing.read(second(0), second(0)), Some(&1));
    }

    #[test]
    fn a_stale_replica_sees_what_was_there_before_also_after_a_deletion() {
        let mut thing = Versioned::default();
        thing.write(Some(1), second(0), Hold::default());
        thing.write(None, second(10), Hold::default());
        assert_eq!(thing.read(second(11), second(5)), Some(&1));
        assert_eq!(thing.read(second(11), second(0)), None);
    }

    #[test]
    fn a_manual_hold_ends_when_revealed() {
        let mut thing = Versioned::default();
        thing.write(Some(1), second(0), Hold { manual: true, ..Hold::default() });
        assert_eq!(thing.read(second(1000), second(0)), None);
        thing.reveal();
        assert_eq!(thing.read(second(1000), second(0)), Some(&1));
    }
}
