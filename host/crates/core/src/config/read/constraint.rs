//! `constraint`: which versions of a dependency are wanted. Combinations without meaning are refused here, so that
//! whoever resolves a constraint need not think about them.

use crate::config::codes;
use crate::config::fields::{Fields, Unknown};
use crate::config::findings::Findings;
use crate::config::model::Constraint;
use crate::config::tree::Node;
use crate::config::value;
use crate::config::visible::Shown;

/// Words that may follow the numbers of a version, as PEP 440 spells them.
const SUFFIXES: [&str; 13] =
    ["a", "alpha", "b", "beta", "c", "rc", "pre", "preview", "post", "rev", "r", "dev", ""];

/// Reads a constraint.
pub(super) fn constraint(node: &Node, findings: &mut Findings) -> Option<Constraint> {
    let mut fields = Fields::open(node, "`constraint`", findings)?;
    let latest_place = fields.place("latest");
    let latest =
        fields.some("latest").map(|node| value::boolean(node, latest_place, findings).unwrap_or_default());
    let count_place = fields.place("count");
    let count_node = fields.some("count");
    let count = count_node
        .and_then(|node| value::whole(node, count_place, 1, findings))
        .map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    let max = bound(&mut fields, "max", findings);
    let min = bound(&mut fields, "min", findings);
    fields.finish(Unknown::Reject, findings);

    // What is given counts, even where its value was refused.
    let (has_max, has_min) = (node.get("max").is_some_and(is_given), node.get("min").is_some_and(is_given));
    let mut good = true;
    let mut refuse = |span, message: &str, label: &str, hint: &str| {
        findings.error(codes::CONSTRAINT, span, message).label(label).hint(hint);
        good = false;
    };
    if latest.is_none() && !has_max {
        refuse(
            node.span,
            "a constraint has neither `latest` nor `max`",
            "expected one of them",
            "add `latest: true`, or `max` with the newest version wanted",
        );
    }
    if latest.is_some() && has_max {
        refuse(
            node.span_of("max"),
            "a constraint has both `latest` and `max`",
            "one of the two only",
            "remove one of the two: `max` is the newest version wanted",
        );
    }
    if count_node.is_some() && has_min {
        refuse(
            node.span_of("count"),
            "a constraint has both `count` and `min`",
            "one of the two only",
            "remove one of the two: both say how far to go back",
        );
    }
    if let (Some(min), Some(max)) = (&min, &max)
        && is_above(min, max)
    {
        let message = format!("`min` {} is above `max` {}", Shown(min), Shown(max));
        refuse(node.span_of("min"), &message, "no version fits", "swap them, or remove one");
    }
    // `latest: true` alone means the newest minor, not all of them.
    let alone = latest == Some(true) && count_node.is_none() && !has_min;
    let count = if alone { Some(1) } else { count };
    good.then_some(Constraint { latest: latest.unwrap_or_default(), count, min, max })
}

fn is_given(node: &std::rc::Rc<Node>) -> bool {
    !node.is_null()
}

fn bound(fields: &mut Fields<'_>, key: &'static str, findings: &mut Findings) -> Option<String> {
    let place = fields.place(key);
    let node = fields.some(key)?;
    let text = value::text_or_number(node, place, findings)?;
    if release(&text).is_some() {
        return Some(text);
    }
    findings
        .error(codes::BAD_VALUE, node.span, format!("{place} is not a version: `{}`", Shown(&text)))
        .label("expected numbers with dots, for example '4.3'");
    None
}

/// The numbers of a version: `[4, 3]` of `4.3`, `v4.3` or `4.3rc1`. None where the text is no version.
fn release(text: &str) -> Option<Vec<u64>> {
    let text = text.trim();
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let numbers = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (numbers, suffix) = text.split_at(numbers);
    // `4.rc1`: the dot belongs to the suffix.
    let numbers = if suffix.is_empty() { numbers } else { numbers.strip_suffix('.').unwrap_or(numbers) };
    let release: Vec<u64> = numbers.split('.').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    let (suffix, local) = suffix.split_once('+').unwrap_or((suffix, "0"));
    let known = |word: &str| {
        SUFFIXES.contains(&word.trim_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase().as_str())
    };
    let good = suffix.split(['-', '_', '.']).all(known)
        && !local.is_empty()
        && local
            .split(['-', '_', '.'])
            .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric()));
    good.then_some(release)
}

/// Whether every version from `min` on lies above all that `max` allows; `max: 4` allows every `4.x`.
fn is_above(min: &str, max: &str) -> bool {
    let (Some(min), Some(max)) = (release(min), release(max)) else { return false };
    let shorter = min.len().min(max.len());
    min[..shorter] > max[..shorter]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_with_the_suffixes_of_pep_440() {
        for (text, want) in [
            ("4.3", Some(vec![4, 3])),
            ("4", Some(vec![4])),
            ("v1.7.34", Some(vec![1, 7, 34])),
            ("2026.07.0-55", Some(vec![2026, 7, 0])),
            ("4.6.0rc1", Some(vec![4, 6, 0])),
            ("4.6.0.post1", Some(vec![4, 6, 0])),
            ("1.0+local.1", Some(vec![1, 0])),
            ("abc", None),
            ("", None),
            ("4.", None),
            (".4", None),
            ("4..3", None),
            ("4.x", None),
            ("latest", None),
            (">=4.3", None),
            ("4.3 ; rm", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(release(text), want, "{text}");
        }
    }

    #[test]
    fn a_short_maximum_allows_everything_that_starts_with_it() {
        for (min, max, above) in [
            ("4.3", "4.4", false),
            ("4.3", "4", false),
            ("4", "4.3", false),
            ("4.4.2", "4.4", false),
            ("4.4", "4.4", false),
            ("4.5", "4.4", true),
            ("5", "4.9", true),
            ("4.10", "4.9", true),
        ] {
            assert_eq!(is_above(min, max), above, "{min} {max}");
        }
    }
}
