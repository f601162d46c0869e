//! A plan in words, for a dry run. Data in, lines out; nothing is printed here.

use std::fmt::Write as _;

use super::{PublishPlan, PublishTarget, error::shown};
use crate::model::Tag;

impl PublishPlan {
    /// What will be published, target by target, in push order: sources, the index, and every tag. Lines without
    /// control characters, each with its end.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for target in &self.targets {
            describe(target, &mut text);
        }
        text
    }
}

fn describe(target: &PublishTarget, text: &mut String) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{} ({})", shown(&target.identity.to_string()), shown(&target.uid));
    for (source, file) in target.sources.iter().zip(&target.files) {
        let _ = writeln!(text, "  {} from {} ({})", source.platform, source.reference, shown(file));
    }
    let put = if target.staged { "put there first" } else { "not written" };
    let _ = writeln!(text, "  index {} ({put})", target.temp_index);
    for destination in &target.destinations {
        let _ = writeln!(text, "  to {}", destination.repository);
        for (what, tags) in [("first", &destination.immutable), ("then", &destination.floating)] {
            if !tags.is_empty() {
                let tags: Vec<&str> = tags.iter().map(Tag::as_str).collect();
                let _ = writeln!(text, "    {what} {}", tags.join(", "));
            }
        }
    }
}
