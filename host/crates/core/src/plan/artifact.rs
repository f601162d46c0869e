//! Artifacts of one operating system: which to ask for, and the one URL that a template gets for several platforms.
//! Downloads nothing.

use crate::{
    config::Os,
    model::{Digest, Platform},
    port::SourceError,
};

/// What a version without operating systems is built for.
pub(super) const NO_OS_PLATFORMS: [Platform; 1] = [Platform::LinuxAmd64];

/// What the upstream has for one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformArtifact {
    /// For which platform.
    pub platform: Platform,
    /// Where to download it.
    pub url: String,
    /// Its digest, where the upstream gives one.
    pub digest: Option<Digest>,
    /// Bytes, where the upstream gives them.
    pub size: Option<u64>,
}

impl PlatformArtifact {
    /// The build arguments with which a Containerfile can check its download:
    /// `BAKERY_ARTIFACT_SHA256_AMD64` (64 hexadecimal digits) and `BAKERY_ARTIFACT_SIZE_AMD64` (bytes), for arm64 alike.
    /// The architecture is always part of the name, so that one Containerfile serves builds for one platform and for
    /// several.
    pub(super) fn build_args(&self) -> Vec<(String, String)> {
        let architecture = self.platform.architecture().to_uppercase();
        let digest = self
            .digest
            .as_ref()
            .map(|d| (format!("BAKERY_ARTIFACT_SHA256_{architecture}"), d.hex().to_owned()));
        let size = self.size.map(|bytes| (format!("BAKERY_ARTIFACT_SIZE_{architecture}"), bytes.to_string()));
        digest.into_iter().chain(size).collect()
    }
}

/// What is asked for, in order: index of the operating system, and platform.
pub(super) fn os_targets(systems: &[Os]) -> Vec<(usize, Platform)> {
    let mut targets = Vec::with_capacity(systems.len());
    for (at, os) in systems.iter().enumerate() {
        targets.push((at, Platform::LinuxAmd64));
        if os.platforms.contains(&Platform::LinuxArm64) {
            targets.push((at, Platform::LinuxArm64));
        }
    }
    targets
}

/// The URL that a template gets, to be written in double quotes in a `RUN` instruction.
///
/// For exactly `linux/amd64` it is what the upstream said. Otherwise it must be right on every platform:
/// `amd64` becomes `$TARGETARCH`, which the build sets, and `x86_64`, as rpm artifacts are called, becomes
/// `$(uname -m)`, which is `aarch64` on arm64 (the predecessor wrote `$TARGETARCH` there, too, and so asked for
/// artifacts that do not exist). Where the upstream names its arm64 artifact in yet another way, the shell chooses
/// between the two URLs. Where it names none, the form above is a guess.
pub(super) fn download_url(platforms: &[Platform], artifacts: &[PlatformArtifact]) -> Option<String> {
    let of = |platform| artifacts.iter().find(|a| a.platform == platform).map(|a| a.url.as_str());
    match (of(Platform::LinuxAmd64), of(Platform::LinuxArm64)) {
        (amd64, None) if platforms == [Platform::LinuxAmd64] => amd64.map(str::to_owned),
        (None, arm64) => arm64.map(str::to_owned),
        (Some(amd64), None) => Some(generalise(amd64)),
        (Some(amd64), Some(arm64)) => {
            let general = generalise(amd64);
            if specialise(&general, "arm64", "aarch64") == arm64 {
                Some(general)
            } else {
                Some(format!(
                    "$(case \"$TARGETARCH\" in (arm64) echo '{arm64}' ;; (*) echo '{amd64}' ;; esac)"
                ))
            }
        }
    }
}

/// A URL ends up in a shell command of a Containerfile, so nothing that a shell reads may come from an upstream.
pub(super) fn check_url(url: &str) -> Result<(), SourceError> {
    match url
        .chars()
        .find(|c| !c.is_ascii_graphic() || matches!(c, '$' | '`' | '"' | '\'' | '\\' | '(' | ')' | '<' | '>'))
    {
        None => Ok(()),
        Some(bad) => Err(SourceError::InvalidAnswer(format!(
            "the artifact's URL has the character `{}`, which is not safe in a Containerfile",
            bad.escape_debug()
        ))),
    }
}

fn generalise(url: &str) -> String {
    url.replace("amd64", "$TARGETARCH").replace("x86_64", "$(uname -m)")
}

fn specialise(url: &str, target_arch: &str, machine: &str) -> String {
    url.replace("$TARGETARCH", target_arch).replace("$(uname -m)", machine)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMD64: &[Platform] = &[Platform::LinuxAmd64];
    const BOTH: &[Platform] = &Platform::ALL;

    #[test]
    fn the_download_url_is_right_on_every_platform() {
        fn check(platforms: &[Platform], amd64: Option<&str>, arm64: Option<&str>, want: Option<&str>) {
            let artifact = |platform, url: &str| PlatformArtifact {
                platform,
                url: url.to_owned(),
                digest: None,
                size: None,
            };
            let artifacts: Vec<PlatformArtifact> = amd64
                .map(|url| artifact(Platform::LinuxAmd64, url))
                .into_iter()
                .chain(arm64.map(|url| artifact(Platform::LinuxArm64, url)))
                .collect();
            assert_eq!(download_url(platforms, &artifacts).as_deref(), want);
        }
        check(AMD64, Some("https://h/a_amd64.deb"), None, Some("https://h/a_amd64.deb"));
        check(BOTH, Some("https://h/a_amd64.deb"), None, Some("https://h/a_$TARGETARCH.deb"));
        check(
            BOTH,
            Some("https://h/deb/amd64/a_amd64.deb"),
            Some("https://h/deb/arm64/a_arm64.deb"),
            Some("https://h/deb/$TARGETARCH/a_$TARGETARCH.deb"),
        );
        check(
            BOTH,
            Some("https://h/rpm/x86_64/a.x86_64.rpm"),
            None,
            Some("https://h/rpm/$(uname -m)/a.$(uname -m).rpm"),
        );
        check(
            BOTH,
            Some("https://h/rpm/x86_64/a.x86_64.rpm"),
            Some("https://h/rpm/aarch64/a.aarch64.rpm"),
            Some("https://h/rpm/$(uname -m)/a.$(uname -m).rpm"),
        );
        check(
            BOTH,
            Some("https://h/rhel9/x86_64/a-x86_64.rpm"),
            Some("https://h/rhel9/arm64/a-aarch64.rpm"),
            Some(
                "$(case \"$TARGETARCH\" in (arm64) echo 'https://h/rhel9/arm64/a-aarch64.rpm' ;; \
                 (*) echo 'https://h/rhel9/x86_64/a-x86_64.rpm' ;; esac)",
            ),
        );
        check(&[Platform::LinuxArm64], None, Some("https://h/a_arm64.deb"), Some("https://h/a_arm64.deb"));
        check(BOTH, Some("https://h/a.jar"), Some("https://h/a.jar"), Some("https://h/a.jar"));
        check(BOTH, None, None, None);
    }

    #[test]
    fn build_arguments_carry_what_the_upstream_knows_and_nothing_else() {
        let digest: Digest = format!("sha256:{}", "0f".repeat(32)).parse().unwrap();
        let artifact = |digest, size| PlatformArtifact {
            platform: Platform::LinuxArm64,
            url: "https://h/a".to_owned(),
            digest,
            size,
        };
        assert_eq!(artifact(None, None).build_args(), []);
        assert_eq!(
            artifact(Some(digest), Some(7)).build_args(),
            [
                ("BAKERY_ARTIFACT_SHA256_ARM64".to_owned(), "0f".repeat(32)),
                ("BAKERY_ARTIFACT_SIZE_ARM64".to_owned(), "7".to_owned())
            ]
        );
    }

    #[test]
    fn a_url_that_a_shell_would_read_is_refused() {
        for good in ["https://h/a~b_1%2B2+3.deb", "https://h:8080/a?x=1&y=2#z", "http://[::1]/a,b;c=d@e!*"] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        for bad in [
            "https://h/$(id)",
            "https://h/`id`",
            "https://h/\"",
            "https://h/'",
            "https://h/\\",
            "https://h/a b",
            "https://h/é",
        ] {
            assert!(check_url(bad).is_err(), "{bad}");
        }
    }
}
