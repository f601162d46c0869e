//! Words for one target of a query, in tables and in messages.
//! Must not know which targets a product serves.

use crate::resolver::{OsFamily, Target};

/// The word of a family in configurations: `debian`, `redhat`, `suse`, `other`.
#[must_use]
pub fn family(target: &Target) -> &'static str {
    match target.family {
        OsFamily::Debian => "debian",
        OsFamily::Redhat => "redhat",
        OsFamily::Suse => "suse",
        OsFamily::Other => "other",
    }
}

/// `ubuntu 24.04`; `scratch` where there is no version.
#[must_use]
pub fn system(target: &Target) -> String {
    join(&target.os, &target.version)
}

/// The keys under which a table may hold a target, the most specific first: `alma 9`, then `redhat 9`.
#[must_use]
pub fn keys(target: &Target) -> [String; 2] {
    [system(target), join(family(target), &target.version)]
}

fn join(name: &str, version: &str) -> String {
    if version.is_empty() { name.to_owned() } else { format!("{name} {version}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::target;

    #[test]
    fn a_rebuild_is_found_under_its_own_name_and_under_its_family() {
        assert_eq!(keys(&target("alma", "9", "amd64")), ["alma 9", "redhat 9"]);
        assert_eq!(keys(&target("scratch", "", "amd64")), ["scratch", "other"]);
    }
}
