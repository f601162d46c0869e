//! Codes of publish errors, and what a person can do about them. Knows the words of flags and keys, decides nothing.

use super::{Lack, PublishError, SOCI_OPTIMIZATIONS, error::shown};
use crate::plan::hint::listed;

const BUILD_AGAIN: &str = "build it again with `bakery build --push --temp-registry --metadata-file`";

impl PublishError {
    /// A stable code for reports and documentation.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoFiles => "bakery::publish::no_files",
            Self::Unreadable { .. } => "bakery::publish::unreadable",
            Self::TooLarge { .. } | Self::TooMany { .. } => "bakery::publish::too_large",
            Self::NotJson { .. } => "bakery::publish::not_json",
            Self::DuplicateKey { .. } => "bakery::publish::duplicate_key",
            Self::WrongType { .. } | Self::BadValue { .. } => "bakery::publish::bad_value",
            Self::OneBuild { .. } => "bakery::publish::one_build",
            Self::NoEntries { .. } => "bakery::publish::no_entries",
            Self::NoTempRegistry | Self::TempRegistry { .. } | Self::TempName { .. } => {
                "bakery::publish::temp_registry"
            }
            Self::UnknownTarget { .. } | Self::OtherTarget { .. } => "bakery::publish::unknown_target",
            Self::Unidentified { .. } => "bakery::publish::unidentified",
            Self::Ambiguous { .. } => "bakery::publish::ambiguous",
            Self::TwoVersions { .. } | Self::Disagreement { .. } => "bakery::publish::disagreement",
            Self::OtherPin { .. } => "bakery::publish::other_pin",
            Self::Incomplete { .. } | Self::BadName { .. } | Self::OtherDigest { .. } => {
                "bakery::publish::incomplete"
            }
            Self::SeveralPlatforms { .. } => "bakery::publish::several_platforms",
            Self::OtherPlatform { .. } => "bakery::publish::other_platform",
            Self::MissingPlatform { .. } => "bakery::publish::missing_platform",
            Self::TwoHeads { .. } => "bakery::publish::two_heads",
            Self::NoRegistry { .. } => "bakery::publish::no_registry",
            Self::Destination { .. } => "bakery::publish::destination",
            Self::NoTagLeft { .. } => "bakery::publish::no_tag_left",
            Self::NoTargets { .. } => "bakery::publish::no_targets",
            Self::Soci { .. } => "bakery::publish::soci",
            Self::NoSoci => "bakery::publish::no_soci",
            Self::Skipped { skipped, .. } => skipped.reason.code(),
            Self::Plan(error) => error.code(),
        }
    }

    /// What to do, where one thing is known to help.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NoFiles => "name the files that `bakery build --metadata-file` wrote",
            Self::TooLarge { .. } | Self::TooMany { .. } => {
                "check that this is the right file, or build fewer targets into one"
            }
            Self::NotJson { .. } => "check that the file is complete; if it is, build again",
            Self::DuplicateKey { .. } => {
                "two builds were written into one file: give each build a file of its own"
            }
            Self::WrongType { .. } | Self::BadValue { .. } => {
                "check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since"
            }
            Self::OneBuild { .. } => {
                "`docker buildx build` wrote it; publishing needs what `bakery build --metadata-file` writes: `{\"<target>\": {…}}`"
            }
            Self::NoEntries { .. } => {
                "the build that wrote it built nothing: look at its log, or leave the file out"
            }
            Self::NoTempRegistry => "say with `--temp-registry` where the builds were pushed to",
            Self::TempRegistry { .. } => {
                "write host and namespace without scheme and tag, for example `ghcr.io/example`"
            }
            Self::TempName { .. } => {
                "the name is `<temporary registry>/<image>/tmp:<target><ten digits>`, and a tag has at most 128 characters: \
                 shorten the names in bakery.yaml"
            }
            Self::UnknownTarget { near, .. } => return Some(unknown(near)),
            Self::OtherTarget { .. } => {
                "the file was put together by hand or by another version: build again"
            }
            Self::Unidentified { .. } => {
                "build with provenance (do not set `BUILDX_METADATA_PROVENANCE=disabled`), which has the labels of the image"
            }
            Self::Ambiguous { .. } => {
                "give each development version of the image a `channel` of its own, and build again"
            }
            Self::TwoVersions { .. } => "leave out the file that is not of this run",
            Self::OtherPin { .. } => {
                "give the same `--dev-spec` to `bakery build` and to `bakery ci publish`, or leave out the file"
            }
            Self::Incomplete { lack: Lack::Name | Lack::Digest, .. }
            | Self::BadName { .. }
            | Self::OtherDigest { .. } => {
                return Some(format!("{BUILD_AGAIN}, so that it is pushed by digest"));
            }
            Self::Incomplete { lack: Lack::Platform, .. } => {
                return Some(format!("{BUILD_AGAIN}, one platform per invocation (`--image-platform`)"));
            }
            Self::Incomplete { lack: Lack::Created, .. } => {
                return Some(format!("{BUILD_AGAIN}, which labels it"));
            }
            Self::SeveralPlatforms { .. } => {
                "build one platform per invocation (`--image-platform`), without attestations \
                 (`BUILDX_NO_DEFAULT_ATTESTATIONS=1`), which also make an index"
            }
            Self::OtherPlatform { platforms, .. } => {
                let names: Vec<String> = platforms.iter().map(ToString::to_string).collect();
                return Some(format!(
                    "its platforms are {}: add the other one under `platforms` in bakery.yaml, or leave out the file",
                    listed(&names)
                ));
            }
            Self::MissingPlatform { files, .. } => {
                let files: Vec<String> = files.iter().map(|file| shown(file)).collect();
                return Some(format!(
                    "add the file of that build, or remove the platform under `platforms` in bakery.yaml; read were {}",
                    listed(&files)
                ));
            }
            Self::Disagreement { .. } => {
                "one of the two files was changed or mixed up: leave it out, or build again"
            }
            Self::TwoHeads { .. } => "publish them one after the other, the newer one last",
            Self::NoRegistry { .. } => {
                "add `registries`, or `extraRegistries` for this image, in bakery.yaml"
            }
            Self::Destination { .. } => {
                "a repository has lower-case letters and digits: check `host`, `namespace` and `repository` in bakery.yaml"
            }
            Self::NoTagLeft { .. } => "tell the two apart in `tagPatterns`",
            Self::NoTargets { filters, left_out } => {
                let filters: Vec<String> =
                    filters.iter().map(|(flag, value)| format!("{flag} '{value}'")).collect();
                let left_out: Vec<String> = left_out.iter().map(|uid| shown(uid)).collect();
                return Some(format!("{} leaves out {}", filters.join(" and "), listed(&left_out)));
            }
            Self::Soci { key: "platforms", .. } => {
                "name platforms that the target is built for, such as `linux/amd64`, or leave `platforms` out"
            }
            Self::Soci { key: "optimizations", .. } => {
                return Some(format!("`soci` knows {}", listed(&SOCI_OPTIMIZATIONS.map(str::to_owned))));
            }
            Self::Soci { .. } => "a path begins with `/` or with its first name",
            Self::NoSoci => {
                "add `options: [{tool: soci, enabled: true}]` to an image or a variant in bakery.yaml"
            }
            Self::Skipped { skipped, .. } => return skipped.reason.hint(),
            Self::Plan(error) => return error.hint(),
            Self::Unreadable { .. } => return None,
        };
        Some(text.to_owned())
    }
}

fn unknown(near: &[String]) -> String {
    if near.is_empty() {
        "publish with the bakery.yaml that the image was built with, or leave out the file".to_owned()
    } else {
        format!("did you mean {}? publish with the bakery.yaml that the image was built with", listed(near))
    }
}
