//! Writes docker's `config.json` for a program: the credentials of some registries and of no others. Makes no file.

use std::collections::BTreeSet;

use bakery_core::{
    model::RegistryHost,
    port::{Failure, FailureKind},
};
use base64::Engine as _;
use serde_json::{Map, Value, json};

use super::{Credentials, secret::Credential};

impl Credentials {
    /// The bytes of a `config.json` with what is known of these registries. They hold secrets in the clear, so they
    /// belong into a file that only this user can read, and nowhere else.
    ///
    /// # Errors
    /// `Unauthorized` where a credential cannot be found out; says nothing of what was read.
    pub async fn docker_config_for(&self, registries: &BTreeSet<RegistryHost>) -> Result<Vec<u8>, Failure> {
        let mut auths = Map::new();
        for registry in registries {
            let found = self.of(registry).await.map_err(|reason| {
                let message = format!("the credentials of `{registry}` cannot be found out: {reason}");
                Failure::new(FailureKind::Unauthorized, registry.as_str(), message)
            })?;
            if let Some(entry) = entry(&found.credential) {
                auths.insert(server(registry), entry);
            }
        }
        Ok(json!({ "auths": auths }).to_string().into_bytes())
    }
}

/// The name by which docker and its relatives look a registry up.
fn server(registry: &RegistryHost) -> String {
    if registry.is_docker_hub() {
        "https://index.docker.io/v1/".to_owned()
    } else {
        registry.as_str().to_owned()
    }
}

fn entry(credential: &Credential) -> Option<Value> {
    let basic = |name: &str, secret: &str| {
        base64::engine::general_purpose::STANDARD.encode(format!("{name}:{secret}"))
    };
    match credential {
        Credential::Anonymous => None,
        Credential::Password { username, secret } => {
            Some(json!({ "auth": basic(username, secret.expose()) }))
        }
        Credential::IdentityToken { username, secret } => {
            Some(json!({ "auth": basic(username, ""), "identitytoken": secret.expose() }))
        }
        Credential::RegistryToken(secret) => Some(json!({ "registrytoken": secret.expose() })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{DockerConfig, Secret};

    async fn written(credentials: &Credentials, registries: &[&str]) -> String {
        let registries = registries.iter().map(|registry| registry.parse().unwrap()).collect();
        String::from_utf8(credentials.docker_config_for(&registries).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_program_gets_what_is_known_of_its_registries_and_of_no_others() {
        let folder = tempfile::tempdir().unwrap();
        // bTpw is m:p.
        let config = r#"{"auths":{"ghcr.io":{"auth":"bTpw"},"https://index.docker.io/v1/":{"auth":"bTpw"},
            "b.example":{"auth":"bTpw","identitytoken":"T"},"c.example":{"registrytoken":"R"}}}"#;
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        let credentials = Credentials::docker(DockerConfig::load(folder.path()).unwrap(), None)
            .with_password("a.example:5000".parse().unwrap(), "m", Secret::new("p".to_owned()));
        assert_eq!(written(&credentials, &["ghcr.io"]).await, r#"{"auths":{"ghcr.io":{"auth":"bTpw"}}}"#);
        assert_eq!(written(&credentials, &["quay.io"]).await, r#"{"auths":{}}"#);
        let all = written(&credentials, &["docker.io", "a.example:5000", "b.example", "c.example"]).await;
        assert_eq!(
            all,
            r#"{"auths":{"a.example:5000":{"auth":"bTpw"},"b.example":{"auth":"bTo=","identitytoken":"T"},"c.example":{"registrytoken":"R"},"https://index.docker.io/v1/":{"auth":"bTpw"}}}"#
        );
    }

    #[tokio::test]
    async fn what_cannot_be_found_out_is_a_failure_without_secrets() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), r#"{"auths":{"ghcr.io":{"auth":"hunter2"}}}"#)
            .unwrap();
        let credentials = Credentials::docker(DockerConfig::load(folder.path()).unwrap(), None);
        let registries = ["ghcr.io".parse().unwrap()].into();
        let failure = credentials.docker_config_for(&registries).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unauthorized);
        assert!(!failure.message.contains("hunter2"), "{failure}");
    }
}
