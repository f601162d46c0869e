//! What a path means: which repository, which manifest, blob or upload.
//! It looks nothing up.

use hyper::Method;

use crate::script::{Listener, Operation};

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Ping,
    Token,
    Manifest { name: String, reference: String },
    Blob { name: String, digest: String },
    Uploads { name: String },
    Upload { name: String, id: String },
    Tags { name: String },
    Referrers { name: String, digest: String },
    Cdn { name: String, digest: String },
    Nothing,
}

impl Target {
    /// Reads a path that is percent-decoded already.
    pub(crate) fn read(listener: Listener, path: &str) -> Self {
        let owned = str::to_owned;
        if path == "/token" {
            return Self::Token;
        }
        if let Some(rest) = path.strip_prefix("/cdn/").filter(|_| listener == Listener::Elsewhere) {
            return match rest.rsplit_once('/') {
                Some((name, digest)) => Self::Cdn { name: owned(name), digest: owned(digest) },
                None => Self::Nothing,
            };
        }
        if path == "/v2/" || path == "/v2" {
            return Self::Ping;
        }
        let Some(rest) = path.strip_prefix("/v2/") else { return Self::Nothing };
        if let Some(name) = rest.strip_suffix("/tags/list") {
            return Self::Tags { name: owned(name) };
        }
        if let Some(name) =
            rest.strip_suffix("/blobs/uploads/").or_else(|| rest.strip_suffix("/blobs/uploads"))
        {
            return Self::Uploads { name: owned(name) };
        }
        // A repository's name may itself contain such words, so the last one counts.
        if let Some((name, id)) = rest.rsplit_once("/blobs/uploads/") {
            return Self::Upload { name: owned(name), id: owned(id) };
        }
        if let Some((name, digest)) = rest.rsplit_once("/blobs/") {
            return Self::Blob { name: owned(name), digest: owned(digest) };
        }
        if let Some((name, reference)) = rest.rsplit_once("/manifests/") {
            return Self::Manifest { name: owned(name), reference: owned(reference) };
        }
        if let Some((name, digest)) = rest.rsplit_once("/referrers/") {
            return Self::Referrers { name: owned(name), digest: owned(digest) };
        }
        Self::Nothing
    }

    /// The repository it belongs to.
    pub(crate) fn repository(&self) -> Option<&str> {
        match self {
            Self::Manifest { name, .. }
            | Self::Blob { name, .. }
            | Self::Uploads { name }
            | Self::Upload { name, .. }
            | Self::Tags { name }
            | Self::Referrers { name, .. }
            | Self::Cdn { name, .. } => Some(name),
            Self::Ping | Self::Token | Self::Nothing => None,
        }
    }

    /// What a method does to it.
    pub(crate) fn operation(&self, method: &Method, mounts: bool) -> Operation {
        match (self, method.as_str()) {
            (Self::Ping, "GET" | "HEAD") => Operation::Ping,
            (Self::Token, _) => Operation::Token,
            (Self::Manifest { .. }, "GET") => Operation::GetManifest,
            (Self::Manifest { .. }, "HEAD") => Operation::HeadManifest,
            (Self::Manifest { .. }, "PUT") => Operation::PutManifest,
            (Self::Manifest { .. }, "DELETE") => Operation::DeleteManifest,
            (Self::Blob { .. }, "GET") => Operation::GetBlob,
            (Self::Blob { .. }, "HEAD") => Operation::HeadBlob,
            (Self::Blob { .. }, "DELETE") => Operation::DeleteBlob,
            (Self::Uploads { .. }, "POST") if mounts => Operation::Mount,
            (Self::Uploads { .. }, "POST") => Operation::StartUpload,
            (Self::Upload { .. }, "PATCH") => Operation::PatchUpload,
            (Self::Upload { .. }, "PUT") => Operation::FinishUpload,
            (Self::Upload { .. }, "GET") => Operation::UploadStatus,
            (Self::Upload { .. }, "DELETE") => Operation::CancelUpload,
            (Self::Tags { .. }, "GET") => Operation::ListTags,
            (Self::Referrers { .. }, "GET") => Operation::Referrers,
            (Self::Cdn { .. }, "GET" | "HEAD") => Operation::CdnBlob,
            _ => Operation::Other,
        }
    }
}

/// Whether the text is the name of a repository.
pub(crate) fn is_repository(name: &str) -> bool {
    name.len() <= 255 && name.split('/').all(is_component)
}

/// Whether the text is a tag.
pub(crate) fn is_tag(tag: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|byte| word(byte) || byte == b'.' || byte == b'-')
}

/// Alphanumeric words in lower case, joined by `.`, `_`, `__` or any number of `-`.
fn is_component(component: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let separator = |text: &str| matches!(text, "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
    let (first, last) = (component.bytes().next(), component.bytes().next_back());
    first.is_some_and(word) && last.is_some_and(word) && {
        component
            .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            .filter(|gap| !gap.is_empty())
            .all(separator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_with_the_repository_they_belong_to() {
        for (path, repository, operation) in [
            ("/v2/", None, Operation::Ping),
            ("/token", None, Operation::Token),
            ("/v2/team/app/manifests/1.0", Some("team/app"), Operation::GetManifest),
            ("/v2/a/blobs/sha256:00", Some("a"), Operation::GetBlob),
            ("/v2/a/blobs/uploads/7", Some("a"), Operation::UploadStatus),
            ("/v2/blobs/uploads/tags/list", Some("blobs/uploads"), Operation::ListTags),
            ("/v2/a/referrers/sha256:00", Some("a"), Operation::Referrers),
            ("/v2/_catalog", None, Operation::Other),
            ("/cdn/a/sha256:00", None, Operation::Other),
        ] {
            let target = Target::read(Listener::Registry, path);
            assert_eq!(target.repository(), repository, "{path}");
            assert_eq!(target.operation(&Method::GET, false), operation, "{path}");
        }
        let elsewhere = Target::read(Listener::Elsewhere, "/cdn/team/a/sha256:00");
        assert_eq!(elsewhere.operation(&Method::GET, false), Operation::CdnBlob);
        assert_eq!(elsewhere.repository(), Some("team/a"));
    }

    #[test]
    fn names_of_repositories_and_tags_follow_the_specification() {
        for (name, good) in [
            ("app", true),
            ("team/app-x__y.z", true),
            ("a---b", true),
            ("App", false),
            ("a..b", false),
            ("a___b", false),
            ("-a", false),
            ("a//b", false),
            ("", false),
        ] {
            assert_eq!(is_repository(name), good, "{name}");
        }
        for (tag, good) in [("1.0-x_Y", true), ("_x", true), ("-x", false), ("a b", false), ("", false)] {
            assert_eq!(is_tag(tag), good, "{tag}");
        }
        assert!(is_tag(&"a".repeat(128)) && !is_tag(&"a".repeat(129)));
    }
}
