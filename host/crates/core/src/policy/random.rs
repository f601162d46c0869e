//! Draws that repeat: the same seed, subject and count give the same number. Asks no clock and no system.

use std::time::Duration;

/// A number in `[0, 1)`: FNV-1a over the subject, mixed by the finaliser of SplitMix64 (Steele, Lea, Flood, 2014).
pub(super) fn random(seed: u64, subject: &str, attempt: u32, draw: u32) -> f64 {
    let hash = subject.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let count = (u64::from(attempt) << 32) | u64::from(draw);
    let mut z = (seed ^ hash).wrapping_add(count.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let bits = u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(u32::MAX);
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

/// A part of a time, or all of it where the factor is absurd.
pub(super) fn scale(duration: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor).unwrap_or(duration)
}
