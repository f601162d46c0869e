//! Suggestions for names that nobody has: what was probably meant, and what there is.
//! Bounds what a message shows, whatever an upstream sends.

/// How many names a message lists.
const LISTED: usize = 8;

/// Longer names, in bytes, are not compared: a hostile upstream must not cost time.
const LONGEST: usize = 64;

/// The known name that is close enough to be a slip of `given`.
///
/// ```
/// assert_eq!(bakery_sdk::nearby::closest("chanel", ["version", "channel"]), Some("channel"));
/// ```
pub fn closest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = given.to_ascii_lowercase();
    if folded.len() > LONGEST {
        return None;
    }
    known
        .into_iter()
        .map(|name| (strsim::osa_distance(&folded, &name.to_ascii_lowercase()), name))
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Names in backticks, the nearest to `wanted` first, and how many more there are; `nothing` for none.
///
/// ```
/// assert_eq!(bakery_sdk::nearby::list("rhel9", ["focal", "rhel8"]), "`rhel8`, `focal`");
/// ```
pub fn list<'a>(wanted: &str, there: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<(usize, &str)> =
        there.into_iter().map(|name| (distance(wanted, name), name)).collect();
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let mut text = String::new();
    // A few passes over a short list: a sort would be a tenth of a guest's code.
    for at in 0..names.len().min(LISTED) {
        if let Some(next) = (at..names.len()).min_by_key(|next| names[*next]) {
            names.swap(at, next);
        }
        text.push_str(if at == 0 { "" } else { ", " });
        text.push_str(&crate::excerpt(names[at].1.as_bytes()));
    }
    if names.len() > LISTED {
        text.push_str(&format!(" and {} more", names.len() - LISTED));
    }
    text
}

fn distance(wanted: &str, name: &str) -> usize {
    if name.len().max(wanted.len()) > LONGEST { usize::MAX } else { strsim::osa_distance(wanted, name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_slip_is_suggested() {
        for (given, want) in [
            ("chanel", Some("channel")),
            ("Channel", Some("channel")),
            ("verison", Some("version")),
            ("relase_branch", Some("release_branch")),
            ("colour", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(closest(given, ["version", "channel", "release_branch"]), want, "{given}");
        }
    }

    #[test]
    fn a_list_is_bounded_and_begins_with_what_is_nearest() {
        assert_eq!(list("noble", []), "nothing");
        assert_eq!(list("noble", ["rhel9", "focal", "nobel"]), "`nobel`, `focal`, `rhel9`");
        let many: Vec<String> = (0..20).map(|n| format!("p{n}")).collect();
        let text = list("p1", many.iter().map(String::as_str));
        assert!(text.starts_with("`p1`, ") && text.ends_with(" and 12 more"), "{text}");
        assert_eq!(list("a", ["\n`x"]), r"`\n'x`");
    }
}
