//! What the flags select, as data and predicates. Every command filters through here, so that no two of them disagree
//! about what is built. Reads no flags itself.

use std::str::FromStr;

use regex::Regex;

use super::{ChangeSet, PlanError, version_matches};
use crate::{
    config::{Config, Image},
    model::{Channel, Platform},
};

/// Whether a kind of version is taken along, left out, or the only kind taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Inclusion {
    /// Besides the others.
    Include,
    /// Not at all.
    #[default]
    Exclude,
    /// Nothing else.
    Only,
}

impl Inclusion {
    /// Every value, in the order in which messages list them.
    pub const ALL: [Self; 3] = [Self::Include, Self::Exclude, Self::Only];

    /// The word in flags.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Include => "include",
            Self::Exclude => "exclude",
            Self::Only => "only",
        }
    }
}

/// The text is none of `include`, `exclude`, `only`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an inclusion: expected `include`, `exclude` or `only`")]
pub struct ParseInclusionError(pub String);

impl FromStr for Inclusion {
    type Err = ParseInclusionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|i| i.as_str() == text).ok_or_else(|| ParseInclusionError(text.to_owned()))
    }
}

/// Every filter of a run. The default selects what `ci matrix` without flags selects.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Searched in the names of images.
    pub image_name: Option<Regex>,
    /// Compared as [`version_matches`] says.
    pub image_version: Option<String>,
    /// Searched in the names of variants; an image without variants does not match.
    pub image_variant: Option<Regex>,
    /// Searched in the names of operating systems; a version without any does not match.
    pub image_os: Option<Regex>,
    /// Platforms of which at least one expression matches; only those are built. Empty means all.
    pub image_platforms: Vec<Regex>,
    /// `--dev-versions`, after [`effective_inclusion`](super::effective_inclusion).
    pub dev_versions: Inclusion,
    /// `--matrix-versions`.
    pub matrix_versions: Inclusion,
    /// The effective channel: the flag's, or else the payload's.
    pub dev_channel: Option<Channel>,
    /// Only versions that are the latest of their image; development versions never are.
    pub latest: bool,
    /// What the changed files touch; `None` means that everything is built.
    pub changes: Option<ChangeSet>,
}

impl Selection {
    /// Compiles the expression of a flag.
    ///
    /// # Errors
    /// The text is not a regular expression.
    pub fn expression(flag: &'static str, text: &str) -> Result<Regex, PlanError> {
        Regex::new(text).map_err(|error| PlanError::Expression {
            flag,
            text: text.to_owned(),
            message: match error {
                regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
                // The last line names the fault, the ones before it draw the expression.
                other => other.to_string().lines().last().unwrap_or_default().replace("error: ", ""),
            },
        })
    }

    /// The filters that are active, as flag and value, for a message that nothing was selected.
    #[must_use]
    pub fn describe(&self) -> Vec<(&'static str, String)> {
        let expression = |flag, regex: &Option<Regex>| regex.as_ref().map(|r| (flag, r.as_str().to_owned()));
        let mut active: Vec<(&'static str, String)> = [
            expression("--image-name", &self.image_name),
            self.image_version.clone().map(|version| ("--image-version", version)),
            expression("--image-variant", &self.image_variant),
            expression("--image-os", &self.image_os),
        ]
        .into_iter()
        .flatten()
        .collect();
        active.extend(self.image_platforms.iter().map(|r| ("--image-platform", r.as_str().to_owned())));
        active.push(("--dev-versions", self.dev_versions.as_str().to_owned()));
        active.extend(self.dev_channel.map(|channel| ("--dev-channel", channel.to_string())));
        active.push(("--matrix-versions", self.matrix_versions.as_str().to_owned()));
        if self.latest {
            active.push(("--latest", "true".to_owned()));
        }
        active
    }

    /// Sentences about filters that cannot have the effect one may expect.
    #[must_use]
    pub fn warnings(&self, config: &Config) -> Vec<String> {
        let mut warnings = Vec::new();
        if let (Some(channel), Inclusion::Exclude) = (self.dev_channel, self.dev_versions) {
            warnings.push(format!(
                "the channel `{channel}` has no effect, because `--dev-versions exclude` leaves out development versions"
            ));
        }
        if self.latest && self.dev_versions != Inclusion::Exclude {
            warnings.push(
                "`--latest` leaves out development versions, although `--dev-versions` asks for them"
                    .to_owned(),
            );
        }
        if self.dev_versions != Inclusion::Only && self.matrix_versions != Inclusion::Exclude {
            for image in config.images.iter().filter(|image| self.takes_image(image)) {
                if image.matrix.is_some() && !image.versions.is_empty() {
                    warnings.push(format!(
                        "the `versions` of image `{}` are left out, because `--matrix-versions {}` selects its matrix",
                        image.name,
                        self.matrix_versions.as_str()
                    ));
                }
            }
        }
        warnings
    }

    /// Whether anything of the image can be selected.
    pub(super) fn takes_image(&self, image: &Image) -> bool {
        let named = self.image_name.as_ref().is_none_or(|regex| regex.is_match(&image.name));
        named && (self.matrix_versions != Inclusion::Only || image.matrix.is_some())
    }

    /// Whether the matrix of the image is expanded, in place of its `versions`.
    pub(super) fn takes_matrix(&self, image: &Image) -> bool {
        image.matrix.is_some() && self.matrix_versions != Inclusion::Exclude
    }

    /// Whether released versions and matrix rows are selected at all.
    pub(super) fn takes_releases(&self) -> bool {
        self.dev_versions != Inclusion::Only
    }

    /// Whether development versions are selected at all.
    pub(super) fn takes_dev_versions(&self) -> bool {
        self.dev_versions != Inclusion::Exclude && !self.latest
    }

    /// Whether the name passes `--image-version`.
    pub(super) fn takes_version(&self, name: &str) -> bool {
        self.image_version.as_ref().is_none_or(|filter| version_matches(name, filter))
    }

    /// Whether the name passes `--image-os`; `None` is a version without operating systems.
    pub(super) fn takes_os(&self, name: Option<&str>) -> bool {
        self.image_os.as_ref().is_none_or(|regex| name.is_some_and(|name| regex.is_match(name)))
    }

    /// Whether the name passes `--image-variant`; `None` is an image without variants.
    pub(super) fn takes_variant(&self, name: Option<&str>) -> bool {
        self.image_variant.as_ref().is_none_or(|regex| name.is_some_and(|name| regex.is_match(name)))
    }

    /// The platforms that pass `--image-platform`, in order.
    pub(super) fn narrow_platforms(&self, platforms: &[Platform]) -> Vec<Platform> {
        let wanted = |p: &Platform| {
            self.image_platforms.is_empty()
                || self.image_platforms.iter().any(|regex| regex.is_match(p.as_str()))
        };
        platforms.iter().copied().filter(wanted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample::{self, image, os};

    #[test]
    fn inclusions_are_read_in_exact_lower_case() {
        for inclusion in Inclusion::ALL {
            assert_eq!(inclusion.as_str().parse(), Ok(inclusion));
        }
        for bad in ["", "Include", "only ", "none"] {
            assert_eq!(
                bad.parse::<Inclusion>().unwrap_err().to_string(),
                format!("`{bad}` is not an inclusion: expected `include`, `exclude` or `only`")
            );
        }
    }

    #[test]
    fn a_wrong_expression_is_refused_with_its_fault() {
        let error = Selection::expression("--image-name", "con(").unwrap_err();
        assert_eq!(error.to_string(), "`--image-name con(` is not a regular expression: unclosed group");
        let error = Selection::expression("--image-name", "(a{1000}){1000}").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`--image-name (a{1000}){1000}` is not a regular expression: it is too large"
        );
    }

    #[test]
    fn active_filters_are_described_as_flags() {
        let selection = Selection {
            image_name: Some(Regex::new("^connect$").unwrap()),
            image_version: Some("2026.03".to_owned()),
            image_platforms: vec![Regex::new("arm64").unwrap()],
            dev_channel: Some(Channel::Daily),
            latest: true,
            ..Selection::default()
        };
        let text: Vec<String> =
            selection.describe().into_iter().map(|(flag, value)| format!("{flag} '{value}'")).collect();
        assert_eq!(
            text.join(" "),
            "--image-name '^connect$' --image-version '2026.03' --image-platform 'arm64' --dev-versions 'exclude' \
             --dev-channel 'daily' --matrix-versions 'exclude' --latest 'true'"
        );
    }

    #[test]
    fn filters_without_the_expected_effect_are_warned_about() {
        let mut matrix = sample::matrix_image("content", &[("R", &["4.5.1"])]);
        matrix.versions.push(sample::version("1.0.0", &[os("Ubuntu 24.04")]));
        let config = sample::config(vec![image("connect"), matrix]);
        let warnings = |selection: Selection| selection.warnings(&config).join("\n");
        insta::assert_snapshot!(
            warnings(Selection { dev_channel: Some(Channel::Daily), ..Selection::default() }),
            @"the channel `daily` has no effect, because `--dev-versions exclude` leaves out development versions"
        );
        insta::assert_snapshot!(
            warnings(Selection { latest: true, dev_versions: Inclusion::Include, ..Selection::default() }),
            @"`--latest` leaves out development versions, although `--dev-versions` asks for them"
        );
        insta::assert_snapshot!(
            warnings(Selection { matrix_versions: Inclusion::Include, ..Selection::default() }),
            @"the `versions` of image `content` are left out, because `--matrix-versions include` selects its matrix"
        );
        assert_eq!(warnings(Selection::default()), "");
    }
}
