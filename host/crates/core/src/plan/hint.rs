//! Codes of plan errors, and what a person can do about them. Knows the words of flags and keys, decides nothing.

use super::PlanError;

impl PlanError {
    /// A stable code for reports and documentation.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ChannelConflict { .. } => "bakery::plan::channel_conflict",
            Self::DispatchChannel(_) => "bakery::plan::dispatch_channel",
            Self::DispatchExcluded => "bakery::plan::dispatch_excluded",
            Self::PinCandidate { .. } => "bakery::plan::pin_candidate",
            Self::PinVersion { .. } => "bakery::plan::pin_version",
            Self::Branch { .. } => "bakery::plan::release_branch",
            Self::Template { .. } => "bakery::plan::template",
            Self::TagTooLong { .. } => "bakery::plan::tag_too_long",
            Self::MatrixTooLarge { .. } => "bakery::plan::matrix_too_large",
            Self::MatrixEmptyAxis { .. } => "bakery::plan::matrix_empty_axis",
            Self::MatrixName { .. } => "bakery::plan::matrix_name",
            Self::UidCollision { .. } => "bakery::plan::uid_collision",
            Self::NoSuchVersion { .. } => "bakery::plan::no_such_version",
            Self::NoSuchImage { .. } => "bakery::plan::no_such_image",
            Self::NoVersion { .. } => "bakery::plan::no_version",
            Self::Expression { .. } => "bakery::plan::expression",
        }
    }

    /// What to do, where one thing is known to help.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::ChannelConflict { .. } => "leave out `--dev-channel`: the payload's channel is enough".to_owned(),
            Self::DispatchExcluded => {
                "leave out `--dev-versions`, or write `--dev-versions only` or `--dev-versions include`".to_owned()
            }
            Self::Branch { .. } => {
                "a release branch has letters, digits, `.`, `_` and `-`, begins with a letter or digit and has no `..`"
                    .to_owned()
            }
            Self::TagTooLong { .. } => {
                "shorten the version, `tagDisplayName` or the pattern under `tagPatterns`".to_owned()
            }
            Self::MatrixTooLarge { .. } => {
                "leave values out of the axes, or narrow `dependencyConstraints` with `count`, `min` or `max`".to_owned()
            }
            Self::MatrixEmptyAxis { axis, .. } => {
                format!("give `{axis}` at least one value, or widen its constraint")
            }
            Self::MatrixName { .. } => {
                "name every axis that has several values in `matrix.namePattern`".to_owned()
            }
            Self::UidCollision { .. } => {
                "rename one of them: spaces and the characters `.`, `+` and `/` all become `-` in identifiers".to_owned()
            }
            Self::NoSuchVersion { available, .. } if available.is_empty() => {
                "the other filters leave no version at all: look at `--dev-versions`, `--matrix-versions` and the image name"
                    .to_owned()
            }
            Self::NoSuchVersion { available, .. } | Self::NoVersion { available, .. } => {
                format!("there is {}", listed(available))
            }
            Self::NoSuchImage { name, available } => match nearest(name, available) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is {}", listed(available)),
            },
            Self::DispatchChannel(_)
            | Self::PinCandidate { .. }
            | Self::PinVersion { .. }
            | Self::Template { .. }
            | Self::Expression { .. } => return None,
        };
        Some(text)
    }
}

/// The first names of a list, in backticks; says how many it left out.
pub(super) fn listed(names: &[String]) -> String {
    const SHOWN: usize = 12;
    if names.is_empty() {
        return "none".to_owned();
    }
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn nearest<'a>(name: &str, available: &'a [String]) -> Option<&'a String> {
    available
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_say_how_much_is_left_out() {
        let names: Vec<String> = (1..=14).map(|n| n.to_string()).collect();
        assert_eq!(
            listed(&names),
            "`1`, `2`, `3`, `4`, `5`, `6`, `7`, `8`, `9`, `10`, `11`, `12` and 2 more"
        );
        assert_eq!(listed(&names[..1]), "`1`");
        assert_eq!(listed(&[]), "none");
    }

    #[test]
    fn a_near_miss_of_an_image_s_name_is_suggested() {
        let available = vec!["connect".to_owned(), "connect-content-init".to_owned()];
        let hint = |name: &str| {
            PlanError::NoSuchImage { name: name.to_owned(), available: available.clone() }.hint().unwrap()
        };
        assert_eq!(hint("conect"), "did you mean `connect`?");
        assert_eq!(hint("workbench"), "there is `connect`, `connect-content-init`");
    }
}
