//! When a read that takes too long is asked a second time, without giving up the first one. Asks nothing itself.

use std::{collections::VecDeque, time::Duration};

use super::{Operation, OperationKind};
use crate::port::registry::RegistryVerb;

/// The figures of hedging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HedgePolicy {
    /// Whether it is done at all.
    pub enabled: bool,
    /// The least time before the second request.
    pub least: Duration,
}

impl Default for HedgePolicy {
    fn default() -> Self {
        Self { enabled: true, least: Duration::from_secs(1) }
    }
}

impl HedgePolicy {
    /// Whether an operation may be asked twice at the same time: reads of manifests only.
    #[must_use]
    pub fn covers(&self, operation: &Operation) -> bool {
        self.enabled
            && operation.idempotent
            && operation.kind == OperationKind::RegistryRead
            && matches!(operation.verb, Some(RegistryVerb::Resolve | RegistryVerb::GetManifest))
    }

    /// How long the first request is waited for: longer than 19 of 20 took.
    #[must_use]
    pub fn after(&self, latencies: &Latencies) -> Duration {
        latencies.slowest_but_five_percent().map_or(self.least, |slow| slow.max(self.least))
    }
}

/// How long the last answers of one host took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latencies(VecDeque<Duration>);

impl Latencies {
    /// Answers that are remembered.
    const KEPT: usize = 64;
    /// Fewer answers say nothing about one in twenty.
    const ENOUGH: usize = 20;

    /// One more answer.
    pub fn add(&mut self, latency: Duration) {
        if self.0.len() == Self::KEPT {
            self.0.pop_front();
        }
        self.0.push_back(latency);
    }

    fn slowest_but_five_percent(&self) -> Option<Duration> {
        if self.0.len() < Self::ENOUGH {
            return None;
        }
        let mut sorted: Vec<_> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get((sorted.len() * 95).div_ceil(100).saturating_sub(1)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_waits_a_second_or_longer_than_nearly_all_answers_took() {
        let policy = HedgePolicy::default();
        let mut latencies = Latencies::default();
        for n in 1..=19 {
            latencies.add(n * SECOND);
        }
        assert_eq!(policy.after(&latencies), SECOND, "too few to judge by");
        latencies.add(20 * SECOND);
        assert_eq!(policy.after(&latencies), 19 * SECOND);
        for _ in 0..Latencies::KEPT {
            latencies.add(SECOND / 100);
        }
        assert_eq!(policy.after(&latencies), SECOND, "what was long ago is forgotten");
    }

    #[test]
    fn only_reads_of_manifests_are_hedged() {
        let registry = "ghcr.io".parse().unwrap();
        let covers = |policy: HedgePolicy, verb| {
            policy.covers(&Operation::registry(verb, &registry, "s", SECOND, SECOND))
        };
        for verb in [
            RegistryVerb::PutManifest,
            RegistryVerb::HasBlob,
            RegistryVerb::GetBlob,
            RegistryVerb::Mount,
            RegistryVerb::BeginUpload,
            RegistryVerb::PatchUpload,
            RegistryVerb::UploadStatus,
            RegistryVerb::FinishUpload,
            RegistryVerb::CancelUpload,
            RegistryVerb::Referrers,
        ] {
            assert!(!covers(HedgePolicy::default(), verb), "{verb:?}");
        }
        for verb in [RegistryVerb::Resolve, RegistryVerb::GetManifest] {
            assert!(covers(HedgePolicy::default(), verb), "{verb:?}");
            assert!(!covers(HedgePolicy { enabled: false, ..HedgePolicy::default() }, verb), "{verb:?}");
        }
    }
}
