//! Sentences about references and durations, as they stand in messages and events. Decides nothing.

use std::time::Duration;

use bakery_core::model::{Digest, Repository};

/// `repository@digest`.
pub(crate) fn at(repository: &Repository, digest: &Digest) -> String {
    format!("{repository}@{digest}")
}

/// `0.25 s`, `12 s`.
pub(crate) fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 10.0 {
        let text = format!("{seconds:.2}");
        format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
    } else {
        format!("{seconds:.0} s")
    }
}

/// `` `a`, `b` ``.
pub(crate) fn listed<T: std::fmt::Display>(things: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<String> = things.into_iter().map(|thing| format!("`{thing}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_lists_are_spoken() {
        assert_eq!(spoken(Duration::from_millis(250)), "0.25 s");
        assert_eq!(spoken(Duration::from_secs(2)), "2 s");
        assert_eq!(spoken(Duration::from_millis(600_400)), "600 s");
        assert_eq!(listed(["a", "b"]), "`a`, `b`");
    }
}
