//! Draws from the seed: equal inputs, equal draws, in every run and on every machine.
//! There is no state, so the order in which requests arrive cannot change a draw.

use sha2::{Digest as _, Sha256};

/// 64 random bits for these parts.
pub(crate) fn bits(seed: u64, parts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    u64::from_le_bytes(std::array::from_fn(|at| digest[at]))
}

/// A number from 0 up to but not including 1.
pub(crate) fn fraction(seed: u64, parts: &[&str]) -> f64 {
    // The upper 53 bits are what a double holds exactly.
    (bits(seed, parts) >> 11) as f64 / (1_u64 << 53) as f64
}

/// So many bytes that no compressor makes smaller.
pub(crate) fn bytes(seed: u64, parts: &[&str], length: usize) -> Vec<u8> {
    // xorshift64*, whose state must not be zero.
    let mut state = bits(seed, parts) | 1;
    let mut out = Vec::with_capacity(length + 8);
    while out.len() < length {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        out.extend_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    out.truncate(length);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_inputs_draw_equally_and_others_do_not() {
        assert_eq!(bits(1, &["a", "b"]), bits(1, &["a", "b"]));
        assert_ne!(bits(1, &["a", "b"]), bits(2, &["a", "b"]));
        assert_ne!(bits(1, &["ab"]), bits(1, &["a", "b"]));
        assert_eq!(bytes(3, &["x"], 100), bytes(3, &["x"], 101)[..100]);
    }

    #[test]
    fn fractions_fill_the_unit_interval_evenly() {
        let below = (0..1000).filter(|n| fraction(7, &[&n.to_string()]) < 0.3).count();
        assert!((250..350).contains(&below), "{below} of 1000 draws are below 0.3");
    }
}
