//! The labels of a target, in the order in which they are written. Time and revision come from the caller.

use super::Build;
use crate::config::{Config, Os, Variant};

const OCI: &str = "org.opencontainers.image";
const POSIT: &str = "co.posit.image";

/// Every label but `created` and `revision`.
pub(super) fn fixed_labels(
    config: &Config,
    build: &Build<'_>,
    variant: Option<&Variant>,
    os: Option<&Os>,
) -> Vec<(String, String)> {
    let (repository, image) = (&config.repository, build.image);
    let mut labels = vec![
        (format!("{OCI}.source"), repository.url.clone()),
        (format!("{OCI}.title"), image.display_name.clone()),
        (format!("{OCI}.vendor"), repository.vendor.clone()),
        (format!("{POSIT}.maintainer"), repository.maintainer.to_string()),
        (format!("{POSIT}.name"), image.display_name.clone()),
    ];
    if !repository.authors.is_empty() {
        let authors: Vec<String> = repository.authors.iter().map(ToString::to_string).collect();
        labels.push((format!("{OCI}.authors"), authors.join(", ")));
    }
    for prefix in [OCI, POSIT] {
        labels.push((format!("{prefix}.version"), build.name.clone()));
        labels.extend(image.description.clone().map(|text| (format!("{prefix}.description"), text)));
        labels.extend(image.documentation_url.clone().map(|text| (format!("{prefix}.documentation"), text)));
    }
    labels.extend(variant.map(|variant| (format!("{POSIT}.variant"), variant.name.clone())));
    labels.extend(os.map(|os| (format!("{POSIT}.os"), os.name.clone())));
    // A minimal image has none of the tools.
    if variant.is_none_or(|variant| variant.name != "Minimal") {
        for dependency in &build.dependencies {
            labels.push((
                format!("{POSIT}.tools.{}", dependency.name.as_str()),
                dependency.versions.join(", "),
            ));
        }
    }
    labels
}

/// All labels: `created` first, and the revision after each version.
pub(super) fn stamped_labels<'a>(
    fixed: &'a [(String, String)],
    created: &'a str,
    revision: Option<&'a str>,
) -> Vec<(String, &'a str)> {
    let mut labels = vec![(format!("{OCI}.created"), created)];
    for (key, value) in fixed {
        labels.push((key.clone(), value.as_str()));
        for prefix in [OCI, POSIT] {
            if let Some(revision) = revision.filter(|_| *key == format!("{prefix}.version")) {
                labels.push((format!("{prefix}.revision"), revision));
            }
        }
    }
    labels
}
