//! Several summaries as one list of targets. A target that was built in parts and published as a whole is one target:
//! nothing of it is counted twice.

use std::collections::BTreeMap;

use super::{SliceKind, Summary, SummaryTarget};

/// One row for each target, sorted by image, version, operating system and variant.
///
/// Builds of one target are added up: platforms, sizes. A publish is of the whole index: its platforms, tags and size
/// take the place of those of the builds, as far as they are known.
#[must_use]
pub fn merge(summaries: &[Summary]) -> Vec<SummaryTarget> {
    let mut built: BTreeMap<&str, SummaryTarget> = BTreeMap::new();
    let mut published: BTreeMap<&str, SummaryTarget> = BTreeMap::new();
    for summary in summaries {
        for target in &summary.targets {
            let (known, join): (_, fn(&mut SummaryTarget, &SummaryTarget)) = match summary.kind {
                SliceKind::Build => (&mut built, add_build),
                SliceKind::Publish => (&mut published, replace_publish),
            };
            match known.get_mut(target.uid.as_str()) {
                Some(earlier) => join(earlier, target),
                None => drop(known.insert(&target.uid, target.clone())),
            }
        }
    }
    for (uid, whole) in published {
        match built.get_mut(uid) {
            Some(parts) => publish_over(parts, &whole),
            None => drop(built.insert(uid, whole)),
        }
    }
    let mut rows: Vec<SummaryTarget> = built.into_values().collect();
    rows.sort_by(|a, b| key(a).cmp(&key(b)));
    rows
}

fn key(target: &SummaryTarget) -> (&str, &str, &str, &str, &str) {
    (&target.image_name, &target.version, &target.os, &target.variant, &target.uid)
}

fn add_build(sum: &mut SummaryTarget, part: &SummaryTarget) {
    let add = |a: Option<u64>, b: Option<u64>| super::slice::known_sum([a, b].into_iter());
    sum.platforms = sum.platforms.saturating_add(part.platforms);
    sum.registry_size = add(sum.registry_size, part.registry_size);
    sum.local_size = add(sum.local_size, part.local_size);
    sum.layers = sum.layers.or(part.layers);
    sum.cache_size = sum.cache_size.or(part.cache_size);
    sum.cache_ref = sum.cache_ref.take().or_else(|| part.cache_ref.clone());
}

/// Publishing again publishes the same index: the last one that was measured holds.
fn replace_publish(earlier: &mut SummaryTarget, later: &SummaryTarget) {
    let before = std::mem::replace(earlier, later.clone());
    earlier.layers = earlier.layers.or(before.layers);
    earlier.registry_size = earlier.registry_size.or(before.registry_size);
}

fn publish_over(parts: &mut SummaryTarget, whole: &SummaryTarget) {
    parts.platforms = whole.platforms;
    parts.tags = whole.tags;
    parts.registry_size = whole.registry_size.or(parts.registry_size);
    parts.layers = parts.layers.or(whole.layers);
    parts.local_size = parts.local_size.or(whole.local_size);
    parts.cache_size = parts.cache_size.or(whole.cache_size);
    parts.cache_ref = parts.cache_ref.take().or_else(|| whole.cache_ref.clone());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(kind: SliceKind, targets: &[SummaryTarget]) -> Summary {
        Summary { kind, targets: targets.to_vec() }
    }

    fn target(uid: &str, platforms: u64, registry_size: Option<u64>) -> SummaryTarget {
        SummaryTarget {
            uid: uid.to_owned(),
            image_name: "connect".to_owned(),
            platforms,
            registry_size,
            tags: 8,
            ..SummaryTarget::default()
        }
    }

    #[test]
    fn two_platforms_that_were_built_and_published_are_two() {
        let amd64 = SummaryTarget { layers: Some(11), local_size: Some(5), ..target("a", 1, Some(100)) };
        let arm64 = SummaryTarget {
            local_size: Some(7),
            cache_ref: Some("c".to_owned()),
            cache_size: Some(3),
            ..target("a", 1, Some(150))
        };
        let whole = SummaryTarget { tags: 4, layers: Some(12), ..target("a", 2, Some(240)) };
        let build = [summary(SliceKind::Build, &[amd64]), summary(SliceKind::Build, &[arm64])];
        let rows = merge(&build);
        assert_eq!((rows[0].platforms, rows[0].registry_size, rows[0].tags), (2, Some(250), 8));
        let publish = summary(SliceKind::Publish, &[whole]);
        for order in [[&build[0], &publish, &build[1]], [&publish, &build[1], &build[0]]] {
            let rows = merge(&order.map(Clone::clone));
            assert_eq!(rows.len(), 1);
            assert_eq!((rows[0].platforms, rows[0].registry_size, rows[0].tags), (2, Some(240), 4));
            assert_eq!((rows[0].layers, rows[0].local_size), (Some(11), Some(12)));
            assert_eq!((rows[0].cache_ref.as_deref(), rows[0].cache_size), (Some("c"), Some(3)));
        }
    }

    #[test]
    fn a_publish_that_measured_nothing_leaves_the_sizes_of_the_builds() {
        let build = summary(SliceKind::Build, &[target("a", 1, Some(100)), target("b", 1, None)]);
        let publish = summary(SliceKind::Publish, &[target("a", 1, None), target("c", 2, Some(9))]);
        let rows = merge(&[build, publish.clone(), publish]);
        let short: Vec<_> = rows.iter().map(|r| (r.uid.as_str(), r.platforms, r.registry_size)).collect();
        assert_eq!(short, [("a", 1, Some(100)), ("b", 1, None), ("c", 2, Some(9))]);
    }
}
