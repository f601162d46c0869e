//! Operating systems that images are built on, found from the free text of `os[].name`.

/// Which package family an operating system belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OsFamily {
    /// Debian and Ubuntu.
    Debian,
    /// RHEL and its rebuilds.
    Redhat,
    /// Everything else.
    Other,
}

/// A known operating system, or `unknown`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BuildOs {
    /// `ubuntu`, `debian`, `rhel`, `alma`, `rocky`, `scratch`, `unknown`.
    pub name: &'static str,
    /// `24.04`, `12`, `9`; empty for `scratch` and `unknown`.
    pub version: &'static str,
    /// Package family.
    pub family: OsFamily,
    /// `noble`, `bookworm`; none outside Debian and Ubuntu.
    pub codename: Option<&'static str>,
}

type Row = (&'static str, &'static str, OsFamily, Option<&'static str>);

/// Newest first within a name: an unversioned name means the first row.
const KNOWN: [Row; 16] = [
    ("ubuntu", "26.04", OsFamily::Debian, Some("resolute")),
    ("ubuntu", "24.04", OsFamily::Debian, Some("noble")),
    ("ubuntu", "22.04", OsFamily::Debian, Some("jammy")),
    ("debian", "13", OsFamily::Debian, Some("trixie")),
    ("debian", "12", OsFamily::Debian, Some("bookworm")),
    ("debian", "11", OsFamily::Debian, Some("bullseye")),
    ("rhel", "10", OsFamily::Redhat, None),
    ("rhel", "9", OsFamily::Redhat, None),
    ("rhel", "8", OsFamily::Redhat, None),
    ("alma", "10", OsFamily::Redhat, None),
    ("alma", "9", OsFamily::Redhat, None),
    ("alma", "8", OsFamily::Redhat, None),
    ("rocky", "10", OsFamily::Redhat, None),
    ("rocky", "9", OsFamily::Redhat, None),
    ("rocky", "8", OsFamily::Redhat, None),
    ("scratch", "", OsFamily::Other, None),
];

impl BuildOs {
    /// Reads `Ubuntu 24.04`, `el9`, `Rocky Linux 8`, `scratch`. What is not known is `unknown`, never an error.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        let lower = name.trim().to_lowercase();
        let cut = lower.find(|c: char| c.is_ascii_digit()).unwrap_or(lower.len());
        let (word, version) = (lower[..cut].trim(), &lower[cut..]);
        let canonical = match word {
            "redhat" | "red hat" | "rh" | "el" => "rhel",
            "almalinux" | "alma linux" => "alma",
            "rockylinux" | "rocky linux" => "rocky",
            other => other,
        };
        let major = version.split('.').next().unwrap_or_default();
        KNOWN
            .iter()
            .find(|(known, at, ..)| {
                *known == canonical
                    && if version.is_empty() {
                        true
                    } else if canonical == "ubuntu" {
                        *at == version || (major == version && at.split('.').next() == Some(major))
                    } else {
                        !at.is_empty() && *at == major
                    }
            })
            .map_or(
                Self { name: "unknown", version: "", family: OsFamily::Other, codename: None },
                |&(name, version, family, codename)| Self { name, version, family, codename },
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_in_the_predecessor_s_table() {
        for (text, name, version) in [
            ("Ubuntu 24.04", "ubuntu", "24.04"),
            ("ubuntu24.04", "ubuntu", "24.04"),
            ("Ubuntu", "ubuntu", "26.04"),
            ("Ubuntu 20.04", "unknown", ""),
            ("Debian 12", "debian", "12"),
            ("Debian 12.5", "debian", "12"),
            ("RHEL 9", "rhel", "9"),
            ("Red Hat 9", "rhel", "9"),
            ("rh 8", "rhel", "8"),
            ("el9", "rhel", "9"),
            ("AlmaLinux 9", "alma", "9"),
            ("alma linux 10", "alma", "10"),
            ("Rocky Linux 8", "rocky", "8"),
            ("rockylinux9", "rocky", "9"),
            ("Rocky 9.4", "rocky", "9"),
            ("scratch", "scratch", ""),
            ("Scratch 1", "unknown", ""),
            ("SLES 15", "unknown", ""),
            ("Fedora 40", "unknown", ""),
            ("unknown", "unknown", ""),
            ("24.04", "unknown", ""),
            ("Red Hat Enterprise Linux 9", "unknown", ""),
            ("ubuntu-24.04", "unknown", ""),
        ] {
            let os = BuildOs::parse(text);
            assert_eq!((os.name, os.version), (name, version), "{text}");
        }
    }
}
