//! The command lines of `oras` that steps use, and what it prints. Runs nothing.

use serde_json::Value;

use crate::{
    config::Object,
    failure::failure,
    host::types::{Failure, FailureKind},
    index::Child,
    program::{Output, Words},
    reference::by_digest,
    step::Task,
    task,
};

/// The grant's name.
const ORAS: &str = "oras";

/// How registries are reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Oras {
    /// Hosts that speak http.
    plain: Vec<String>,
}

impl Oras {
    /// The key of a step's options that lists hosts which speak http.
    pub const PLAIN: &'static str = "plain-http";

    /// Reads a step's options.
    ///
    /// # Errors
    /// `invalid-input`: no list of texts.
    pub fn of(component: &'static str, options: &Object) -> Result<Self, Failure> {
        Ok(Self { plain: task::texts(component, options, Self::PLAIN)? })
    }

    /// `oras manifest index create`: the index lists the children in this order. `index` is `repository:tag`, and the
    /// children lie in its repository, where alone oras looks for them. Annotations come last.
    #[must_use]
    pub fn create(&self, index: &str, repository: &str, children: &[Child], asked: &Task) -> Words {
        let words = Words::new(ORAS, "manifest index create")
            .flag_if(self.is_plain(index), "--plain-http")
            .value(index);
        let words =
            children.iter().fold(words, |words, child| words.value(by_digest(repository, &child.digest)));
        let pairs = asked.annotations.iter().map(|(key, value)| format!("{key}={value}"));
        words.options("--annotation", pairs)
    }

    /// `oras cp`, of everything below a reference by digest; `to` has a digest or tags.
    #[must_use]
    pub fn copy(&self, from: &str, to: &str) -> Words {
        Words::new(ORAS, "cp")
            .flag_if(self.is_plain(from), "--from-plain-http")
            .flag_if(self.is_plain(to), "--to-plain-http")
            .value(from)
            .value(to)
    }

    /// `oras manifest fetch --descriptor`.
    #[must_use]
    pub fn fetch(&self, reference: &str) -> Words {
        Words::new(ORAS, "manifest fetch")
            .flag_if(self.is_plain(reference), "--plain-http")
            .flag("--descriptor")
            .value(reference)
    }

    fn is_plain(&self, reference: &str) -> bool {
        reference.split_once('/').is_some_and(|(host, _)| self.plain.iter().any(|plain| plain == host))
    }
}

/// The digest that `oras manifest index create` prints in its last line.
///
/// # Errors
/// `internal`: there is none.
pub fn created(output: &Output) -> Result<String, Failure> {
    let text = String::from_utf8_lossy(&output.stdout);
    let found = text.lines().rev().find_map(|line| line.strip_prefix("Digest: ")).map(str::trim);
    found.filter(|digest| is_digest(digest)).map(str::to_owned).ok_or_else(|| unread("which index it made"))
}

/// The digest in the descriptor that `oras manifest fetch --descriptor` prints.
///
/// # Errors
/// `internal`: there is none.
pub fn fetched(output: &Output) -> Result<String, Failure> {
    let descriptor: Option<Value> = serde_json::from_slice(&output.stdout).ok();
    let digest = descriptor.as_ref().and_then(|value| value.get("digest")?.as_str());
    digest.filter(|digest| is_digest(digest)).map(str::to_owned).ok_or_else(|| unread("what it found"))
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

fn unread(what: &str) -> Failure {
    failure(FailureKind::Internal, ORAS, format!("`oras` ended well, but did not print {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        program::line,
        testing::{digest, task},
    };

    fn output(stdout: &str) -> Output {
        Output { exit_code: 0, stdout: stdout.into(), stderr: Vec::new(), truncated: false, attempts: 1 }
    }

    #[test]
    fn only_hosts_that_speak_http_are_spoken_to_so() {
        let oras = Oras { plain: vec!["127.0.0.1:5000".to_owned()] };
        let (near, far) = ("127.0.0.1:5000/a/b:1", "ghcr.io/a/b:1");
        for (words, want) in [
            (oras.copy(near, far), format!("oras cp --from-plain-http {near} {far}")),
            (oras.copy(far, near), format!("oras cp --to-plain-http {far} {near}")),
            (oras.copy("127.0.0.1:500/a:1", far), format!("oras cp 127.0.0.1:500/a:1 {far}")),
            (oras.fetch(near), format!("oras manifest fetch --plain-http --descriptor {near}")),
            (
                oras.create(near, "127.0.0.1:5000/a/b", &[], &task()),
                format!("oras manifest index create --plain-http {near}"),
            ),
        ] {
            assert_eq!(line(words.command()), want);
        }
    }

    #[test]
    fn what_oras_prints_is_read_or_refused() {
        let digest = digest(7);
        assert_eq!(
            created(&output(&format!("Pushed [registry] a/b:c\nDigest: {digest}\n"))),
            Ok(digest.clone())
        );
        let descriptor = format!(r#"{{"mediaType":"m","digest":"{digest}","size":7}}"#);
        assert_eq!(fetched(&output(&descriptor)), Ok(digest));
        for text in
            ["", "Digest: sha256:1", "Digest: ", "digest: none", "{}", "[]", r#"{"digest":"sha256:1"}"#]
        {
            assert!(created(&output(text)).is_err() && fetched(&output(text)).is_err(), "{text}");
        }
    }
}
