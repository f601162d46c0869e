//! The order in which targets are pushed.

use bakery_core::{
    model::Channel,
    plan::{Identity, Selection, Target, push_order},
};

use crate::support::{images, targets};

/// A real target with other names.
fn target(image: &str, version: &str, variant: Option<&str>, change: impl FnOnce(&mut Target)) -> Target {
    let mut target =
        targets(&images("  - {name: x, versions: [{name: 1.0.0}]}\n"), &Selection::default()).remove(0);
    target.identity = Identity {
        image: image.to_owned(),
        version: version.to_owned(),
        variant: variant.map(str::to_owned),
        os: None,
        channel: None::<Channel>,
    };
    change(&mut target);
    target
}

#[test]
fn older_versions_come_first_and_the_latest_last() {
    let ordered = [
        target("a", "R4.4.3", None, |t| t.matrix = true),
        target("a", "R4.5.1", None, |t| t.matrix = true),
        target("a", "no release", None, |_| {}),
        target("a", "2025.12.0-14", None, |_| {}),
        target("a", "2025.12.0", None, |_| {}),
        target("a", "2026.04.0-daily+92", None, |_| {}),
        target("a", "2026.04.0-dev+485-gdb8245deea", None, |_| {}),
        target("a", "2026.04.0", Some("Zero"), |t| t.primary_variant = false),
        target("a", "2026.04.0", Some("Main"), |_| {}),
        target("a", "2026.10.0", None, |_| {}),
        target("a", "2026.9.0", None, |t| t.latest = true),
        target("b", "1.0.0", None, |_| {}),
    ];
    for turn in 0..ordered.len() {
        let mut turned = ordered.to_vec();
        turned.rotate_left(turn);
        turned.reverse();
        push_order(&mut turned);
        let names = |targets: &[Target]| targets.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&turned), names(&ordered));
    }
}
