//! A pin put into the address of another version's artifact, for building what the manifest no longer names.
//! Must not be used unless the operator asked for it: the result is a guess until the upstream confirms it.

use bakery_sdk::{url::encode, version::year_month};

/// Replaces a version in an address by another one, in the first notation in which the address has it: as it is,
/// percent-encoded, or with `-` for `+`. Every occurrence is replaced, and so is a directory that is the year and
/// month of the version. `None` when the address does not have the version.
pub(crate) fn substitute(url: &str, version: &str, pin: &str) -> Option<String> {
    let notations: [fn(&str) -> String; 3] = [str::to_owned, encode, |text| text.replace('+', "-")];
    let notation = notations.into_iter().find(|notation| url.contains(&notation(version)))?;
    let url = url.replace(&notation(version), &notation(pin));
    let (old, new) = (year_month(version), year_month(pin));
    Some(
        url.split('/')
            .map(|segment| if segment == old { new } else { segment })
            .collect::<Vec<_>>()
            .join("/"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_takes_the_place_of_the_version_in_each_notation() {
        for (url, version, pin, want) in [
            ("https://h/a_1.2.3.deb", "1.2.3", "4.5.6", Some("https://h/a_4.5.6.deb")),
            (
                "https://h/connect/2025.04/c_2025.04.0-dev%2B10-gbe~ubuntu24_amd64.deb",
                "2025.04.0-dev+10-gbe",
                "2025.04.0-dev+9-gaf",
                Some("https://h/connect/2025.04/c_2025.04.0-dev%2B9-gaf~ubuntu24_amd64.deb"),
            ),
            (
                "https://h/w-2025.04.0-daily-404.pro4-amd64.deb",
                "2025.04.0-daily+404.pro4",
                "2025.05.0+237.pro1",
                Some("https://h/w-2025.05.0-237.pro1-amd64.deb"),
            ),
            ("https://h/1.2.3/a-1.2.3.deb", "1.2.3", "1.2.4", Some("https://h/1.2.4/a-1.2.4.deb")),
            ("https://h/a-1.2.deb", "1.2.3", "1.2.4", None),
        ] {
            assert_eq!(substitute(url, version, pin).as_deref(), want, "{url}");
        }
    }

    #[test]
    fn a_directory_of_the_year_and_month_follows_the_pin() {
        let url = "https://h/connect/2025.04/c_2025.04.0-dev%2B10-gbe.deb";
        let moved = substitute(url, "2025.04.0-dev+10-gbe", "2025.06.0-dev+1-gaa");
        assert_eq!(moved.as_deref(), Some("https://h/connect/2025.06/c_2025.06.0-dev%2B1-gaa.deb"));
        let other = substitute("https://h/2025.04x/c_2025.04.0.deb", "2025.04.0", "2025.06.0");
        assert_eq!(other.as_deref(), Some("https://h/2025.04x/c_2025.06.0.deb"));
    }
}
