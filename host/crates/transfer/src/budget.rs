//! How much one copy may touch, so that a document in a registry cannot make it endless. Counts nothing but parts.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Manifests and blobs below the sources of one copy. Real images have some hundreds.
const MAX_PARTS: usize = 16_384;

/// Indexes inside indexes.
const MAX_DEPTH: usize = 4;

/// What one copy may still touch.
pub(crate) struct Budget {
    left: AtomicUsize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: AtomicUsize::new(MAX_PARTS) }
    }
}

impl Budget {
    /// Takes parts off, at this depth below the source.
    ///
    /// # Errors
    /// The rule that is broken, in words that follow the name of a manifest.
    pub(crate) fn take(&self, parts: usize, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("lies more than {MAX_DEPTH} indexes deep"));
        }
        let take = |left: usize| left.checked_sub(parts);
        match self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Ok(()),
            Err(_) => Err(format!("and what is copied with it have more than {MAX_PARTS} parts")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_depth_are_bounded() {
        let budget = Budget::default();
        assert_eq!(budget.take(MAX_PARTS, MAX_DEPTH), Ok(()));
        assert!(budget.take(1, 0).unwrap_err().contains("16384 parts"));
        assert!(Budget::default().take(1, MAX_DEPTH + 1).unwrap_err().contains("4 indexes deep"));
    }
}
