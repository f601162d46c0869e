//! The rows of `ci matrix`. The order of keys and rows is read by other people's workflows.

use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{Builds, PlanError, Selection};
use crate::model::Platform;

/// A column that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// `version`.
    Version,
    /// `dev`.
    Dev,
    /// `platform`: without it there is one row per version.
    Platform,
}

impl Column {
    /// Every column, in the order in which messages list them.
    pub const ALL: [Self; 3] = [Self::Version, Self::Dev, Self::Platform];

    /// The word in flags and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Dev => "dev",
            Self::Platform => "platform",
        }
    }
}

/// The text is no column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a column that can be left out: expected `version`, `dev` or `platform`")]
pub struct ParseColumnError(pub String);

impl FromStr for Column {
    type Err = ParseColumnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|c| c.as_str() == text).ok_or_else(|| ParseColumnError(text.to_owned()))
    }
}

/// One row. Serialises to an object with the keys `image`, `version`, `dev`, `platform`, in this order, without the
/// columns that were left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Image.
    pub image: String,
    /// Version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether it is a development version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dev: Option<bool>,
    /// Platform.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "platform")]
    pub platform: Option<Platform>,
}

/// One row per version and platform. Rows that become equal without a column are all kept.
///
/// # Errors
/// `--image-version` was given and matches nothing, although everything was resolved.
pub fn matrix(builds: &Builds<'_>, selection: &Selection, exclude: &[Column]) -> Result<Vec<Row>, PlanError> {
    let keep = |column| !exclude.contains(&column);
    let mut rows = Vec::new();
    for build in &builds.builds {
        let platforms: Vec<Option<Platform>> = if keep(Column::Platform) {
            build.platforms().into_iter().map(Some).collect()
        } else {
            vec![None]
        };
        rows.extend(platforms.into_iter().map(|platform| Row {
            image: build.image.name.clone(),
            version: keep(Column::Version).then(|| build.name.clone()),
            dev: keep(Column::Dev).then(|| build.is_dev()),
            platform,
        }));
    }
    match &selection.image_version {
        Some(filter) if rows.is_empty() && builds.skipped.is_empty() && selection.changes.is_none() => {
            let mut available: Vec<String> = Vec::new();
            for name in &builds.considered {
                if !available.contains(name) {
                    available.push(name.clone());
                }
            }
            Err(PlanError::NoSuchVersion { filter: filter.clone(), available })
        }
        _ => Ok(rows),
    }
}

#[expect(clippy::ref_option, reason = "serde calls it with a reference to the field")]
fn platform<S: Serializer>(platform: &Option<Platform>, serializer: S) -> Result<S::Ok, S::Error> {
    platform.map(Platform::as_str).serialize(serializer)
}
