//! Identifiers of targets, and that no two targets share one. The identifier is the contract between building and
//! publishing: it must not depend on anything but names.

use std::collections::HashMap;

use super::PlanError;
use crate::model::Channel;

/// The names that make a target.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Image.
    pub image: String,
    /// Version.
    pub version: String,
    /// Variant.
    pub variant: Option<String>,
    /// Operating system.
    pub os: Option<String>,
    /// Channel of a development version.
    pub channel: Option<Channel>,
}

impl Identity {
    /// `image-version[-variant][-os][-channel unless release]`, lower-case, with space, `.`, `+` and `/` as `-`.
    #[must_use]
    pub fn uid(&self) -> String {
        let channel = self.channel.filter(|channel| *channel != Channel::Release).map(Channel::as_str);
        let parts = [
            Some(self.image.as_str()),
            Some(&self.version),
            self.variant.as_deref(),
            self.os.as_deref(),
            channel,
        ];
        let joined: Vec<&str> = parts.into_iter().flatten().collect();
        uid_text(&joined.join("-"))
    }

    /// The text by which targets are sorted: the predecessor's, because the order of targets is visible in every plan.
    pub(super) fn sort_key(&self) -> String {
        let part = |name: &str, value: &Option<String>| {
            value.as_ref().map_or_else(String::new, |value| format!(", {name}='{value}'"))
        };
        let (variant, os) = (part("variant", &self.variant), part("os", &self.os));
        format!("ImageTarget(image='{}', version='{}'{variant}{os})", self.image, self.version)
    }
}

/// A name as it stands in identifiers.
pub(super) fn uid_text(name: &str) -> String {
    name.replace([' ', '.', '+', '/'], "-").to_lowercase()
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "image `{}` version `{}`", self.image, self.version)?;
        for (word, part) in [(" variant", self.variant.as_deref()), (" on", self.os.as_deref())] {
            if let Some(part) = part {
                write!(f, "{word} `{part}`")?;
            }
        }
        match self.channel {
            Some(channel) => write!(f, " of channel `{channel}`"),
            None => Ok(()),
        }
    }
}

/// Refuses two targets with one identifier.
pub(super) fn check_unique(identities: impl IntoIterator<Item = Identity>) -> Result<(), PlanError> {
    let mut seen: HashMap<String, Identity> = HashMap::new();
    for identity in identities {
        let uid = identity.uid();
        if let Some(first) = seen.get(&uid) {
            return Err(PlanError::UidCollision {
                uid,
                first: first.to_string(),
                second: identity.to_string(),
            });
        }
        seen.insert(uid, identity);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(image: &str, version: &str, variant: &str, os: &str, channel: Option<Channel>) -> Identity {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Identity {
            image: image.to_owned(),
            version: version.to_owned(),
            variant: some(variant),
            os: some(os),
            channel,
        }
    }

    #[test]
    fn identifiers_are_made_of_names_only() {
        for (identity, want) in [
            (
                identity("test-image", "1.0.0", "Standard", "Ubuntu 22.04", None),
                "test-image-1-0-0-standard-ubuntu-22-04",
            ),
            (
                identity(
                    "workbench",
                    "2025.04.0-daily+404.pro4",
                    "Standard",
                    "Ubuntu 24.04",
                    Some(Channel::Daily),
                ),
                "workbench-2025-04-0-daily-404-pro4-standard-ubuntu-24-04-daily",
            ),
            (identity("a/b", "1.0", "", "", Some(Channel::Release)), "a-b-1-0"),
            (identity("x", "1", "", "Ubuntu 22.04", Some(Channel::Preview)), "x-1-ubuntu-22-04-preview"),
        ] {
            assert_eq!(identity.uid(), want);
        }
    }

    #[test]
    fn two_targets_with_one_identifier_are_refused_by_name() {
        let pair = [
            identity("x", "1.0.0", "", "Ubuntu 24.04", None),
            identity("x", "1-0-0", "", "Ubuntu 24.04", None),
        ];
        assert_eq!(
            check_unique(pair).unwrap_err().to_string(),
            "image `x` version `1.0.0` on `Ubuntu 24.04` and image `x` version `1-0-0` on `Ubuntu 24.04` have the same \
             identifier `x-1-0-0-ubuntu-24-04`"
        );
        let channels =
            [identity("x", "1.0.0", "", "", None), identity("x", "1.0.0", "", "", Some(Channel::Daily))];
        assert_eq!(check_unique(channels), Ok(()));
    }
}
