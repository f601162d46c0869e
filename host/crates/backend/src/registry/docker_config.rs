//! Reads docker's `config.json`: which credentials it holds and which helpers it names. Starts no helper, and says
//! nothing of what it read in an error.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    path::{Path, PathBuf},
};

use bakery_core::model::RegistryHost;
use base64::Engine as _;
use serde::Deserialize;

use super::secret::{Credential, Secret};

/// Bytes of a configuration: real ones have a few hundred.
const MAX_BYTES: u64 = 1 << 20;

/// docker's `config.json`, as far as it concerns registries. Holds secrets, so it has no `Debug`.
#[derive(Default)]
pub struct DockerConfig {
    entries: BTreeMap<String, Entry>,
    helpers: BTreeMap<String, String>,
    store: Option<String>,
}

impl DockerConfig {
    /// Reads `config.json` of a directory, for example `~/.docker`. No such file is an empty configuration.
    ///
    /// # Errors
    /// The file cannot be read, is larger than 1 MiB, or is not what docker writes.
    pub fn load(directory: &Path) -> Result<Self, DockerConfigError> {
        let path = directory.join("config.json");
        let unreadable = |error: std::io::Error| DockerConfigError::Unreadable {
            path: path.clone(),
            reason: error.to_string(),
        };
        let file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(unreadable(error)),
        };
        let mut text = String::new();
        file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
        if text.len() as u64 > MAX_BYTES {
            return Err(DockerConfigError::Unreadable { path, reason: "it is larger than 1 MiB".to_owned() });
        }
        Self::parse(&text).map_err(|at| DockerConfigError::Malformed { path, line: at.0, column: at.1 })
    }

    /// The helpers that this configuration can ask for: `X` of `docker-credential-X`.
    #[must_use]
    pub fn helper_names(&self) -> BTreeSet<&str> {
        self.helpers.values().chain(&self.store).map(String::as_str).collect()
    }

    /// Line and column of the first thing that is not as docker writes it. serde's own words would quote the value.
    fn parse(text: &str) -> Result<Self, (usize, usize)> {
        let file: File = serde_json::from_str(text).map_err(|error| (error.line(), error.column()))?;
        let hosts = |key: &str| host_of(key);
        Ok(Self {
            entries: file.auths.into_iter().filter_map(|(key, entry)| Some((hosts(&key)?, entry))).collect(),
            helpers: file
                .cred_helpers
                .into_iter()
                .filter_map(|(key, name)| Some((hosts(&key)?, name)))
                .collect(),
            store: file.creds_store.filter(|name| !name.is_empty()),
        })
    }

    /// The helper that knows a registry, and the name by which it knows it.
    pub(super) fn helper_for(&self, registry: &RegistryHost) -> Option<(&str, String)> {
        let helper = self.helpers.get(registry.as_str()).or(self.store.as_ref())?;
        let server = if registry.is_docker_hub() {
            "https://index.docker.io/v1/".to_owned()
        } else {
            registry.as_str().to_owned()
        };
        Some((helper, server))
    }

    /// What the file itself holds for a registry; an error where it is not base64 of `name:password`.
    pub(super) fn credential_for(&self, registry: &RegistryHost) -> Result<Option<Credential>, BadEntry> {
        self.entries.get(registry.as_str()).map_or(Ok(None), Entry::credential)
    }
}

/// The `auth` of a registry is not what docker writes.
pub(super) struct BadEntry;

/// Why there is no configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DockerConfigError {
    /// Cannot be read.
    #[error("the docker configuration `{}` cannot be read: {reason}", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// One clause.
        reason: String,
    },
    /// Not what docker writes.
    #[error("the docker configuration `{}` is not what docker writes: line {line}, column {column}", .path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// 1-based.
        line: usize,
        /// 1-based.
        column: usize,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

impl Entry {
    fn credential(&self) -> Result<Option<Credential>, BadEntry> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let (username, password) = match given(&self.auth) {
            Some(auth) => decode(&auth)?,
            None => (given(&self.username).unwrap_or_default(), given(&self.password).unwrap_or_default()),
        };
        Ok(if let Some(token) = given(&self.registrytoken) {
            Some(Credential::RegistryToken(Secret::new(token)))
        } else if let Some(token) = given(&self.identitytoken) {
            Some(Credential::IdentityToken { username, secret: Secret::new(token) })
        } else if username.is_empty() && password.is_empty() {
            None
        } else {
            Some(Credential::Password { username, secret: Secret::new(password) })
        })
    }
}

fn decode(auth: &str) -> Result<(String, String), BadEntry> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(auth.trim()).map_err(|_| BadEntry)?;
    let text = String::from_utf8(bytes).map_err(|_| BadEntry)?;
    let (username, password) = text.split_once(':').ok_or(BadEntry)?;
    Ok((username.to_owned(), password.trim_end_matches('\0').to_owned()))
}

/// The registry that a key of `auths` is for: keys are hosts, or URLs with the version of the interface. Docker
/// Desktop keeps other things below such URLs (`…/v1/access-token`), which are not credentials of the registry.
fn host_of(key: &str) -> Option<String> {
    let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
    if !matches!(path.trim_end_matches('/'), "" | "v1" | "v2") {
        return None;
    }
    Some(host.parse::<RegistryHost>().ok()?.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(config: &DockerConfig, registry: &str) -> String {
        match config.credential_for(&registry.parse().unwrap()) {
            Ok(Some(Credential::Password { username, secret })) => format!("{username}:{}", secret.expose()),
            Ok(Some(Credential::IdentityToken { username, secret })) => {
                format!("id {username} {}", secret.expose())
            }
            Ok(Some(Credential::RegistryToken(secret))) => format!("token {}", secret.expose()),
            Ok(Some(Credential::Anonymous) | None) => "-".to_owned(),
            Err(BadEntry) => "bad".to_owned(),
        }
    }

    #[test]
    fn every_form_that_docker_writes_is_read() {
        // bTpwOnc= is m:p:w, bTpwAA== is m:p and a NUL, bm8= is no.
        let config = DockerConfig::parse(
            r#"{"HttpHeaders":{"x":"y"},"auths":{
                "ghcr.io":{"auth":"bTpwOnc="},
                "https://index.docker.io/v1/":{"auth":"bTpwAA=="},
                "https://index.docker.io/v1/access-token":{"auth":"eDp5"},
                "http://localhost:5000":{"username":"u","password":"p"},
                "a.example/team":{"auth":"eDp5"},
                "b.example":{"auth":"bTpw","identitytoken":"T"},
                "c.example":{"registrytoken":"R"},
                "d.example":{}, "e.example":{"auth":"bm8="}, "f.example":{"auth":"***"}}}"#,
        )
        .unwrap();
        for (registry, expected) in [
            ("ghcr.io", "m:p:w"),
            ("docker.io", "m:p"),
            ("localhost:5000", "u:p"),
            ("localhost:5001", "-"),
            ("a.example", "-"),
            ("b.example", "id m T"),
            ("c.example", "token R"),
            ("d.example", "-"),
            ("e.example", "bad"),
            ("f.example", "bad"),
            ("evil-ghcr.io", "-"),
        ] {
            assert_eq!(shown(&config, registry), expected, "{registry}");
        }
    }

    #[test]
    fn a_helper_of_a_registry_comes_before_the_store() {
        let config =
            DockerConfig::parse(r#"{"credHelpers":{"ghcr.io":"gh"},"credsStore":"desktop"}"#).unwrap();
        let helper = |registry: &str| config.helper_for(&registry.parse().unwrap());
        assert_eq!(helper("ghcr.io"), Some(("gh", "ghcr.io".to_owned())));
        assert_eq!(helper("docker.io"), Some(("desktop", "https://index.docker.io/v1/".to_owned())));
        assert_eq!(config.helper_names().into_iter().collect::<Vec<_>>(), ["desktop", "gh"]);
    }

    #[test]
    fn an_error_tells_where_and_never_what() {
        let directory = tempfile::tempdir().unwrap();
        assert!(DockerConfig::load(directory.path()).unwrap().helper_names().is_empty(), "no file is fine");
        std::fs::write(directory.path().join("config.json"), "{\"auths\":{\"ghcr.io\":\n\"hunter2\"}}")
            .unwrap();
        let error = DockerConfig::load(directory.path()).err().unwrap().to_string();
        assert!(error.contains("line 2, column 9") && !error.contains("hunter2"), "{error}");
    }
}
