//! Finds the credential of a registry. Looks up by the registry alone, never by the server that asks for a token.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use bakery_core::model::RegistryHost;
use tokio::sync::OnceCell;

use super::{
    docker_config::DockerConfig,
    helper::CredentialHelper,
    secret::{Credential, Secret},
};

/// What is known about registries: given by the operator, by docker's configuration, by helpers.
pub struct Credentials {
    given: BTreeMap<RegistryHost, Credential>,
    config: DockerConfig,
    helper: Option<Arc<dyn CredentialHelper>>,
    found: Mutex<HashMap<RegistryHost, Arc<OnceCell<Arc<Found>>>>>,
}

/// A credential, and in words where it comes from.
pub(super) struct Found {
    pub(super) credential: Credential,
    pub(super) source: String,
}

impl Found {
    pub(super) fn is_anonymous(&self) -> bool {
        matches!(self.credential, Credential::Anonymous)
    }
}

impl Credentials {
    /// Nothing is known.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::docker(DockerConfig::default(), None)
    }

    /// What docker knows. Without a `helper`, helpers that the configuration names are errors where they are needed.
    #[must_use]
    pub fn docker(config: DockerConfig, helper: Option<Arc<dyn CredentialHelper>>) -> Self {
        Self { given: BTreeMap::new(), config, helper, found: Mutex::default() }
    }

    /// The same, with a name and a password for one registry that win over whatever docker knows.
    #[must_use]
    pub fn with_password(mut self, registry: RegistryHost, username: &str, password: Secret) -> Self {
        let credential = Credential::Password { username: username.to_owned(), secret: password };
        self.given.insert(registry, credential);
        self
    }

    /// Looks once per registry, however many ask at the same time. A failure is not remembered.
    pub(super) async fn of(&self, registry: &RegistryHost) -> Result<Arc<Found>, String> {
        let cell = {
            let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            found.entry(registry.clone()).or_default().clone()
        };
        cell.get_or_try_init(|| async { self.look(registry).await.map(Arc::new) }).await.cloned()
    }

    async fn look(&self, registry: &RegistryHost) -> Result<Found, String> {
        if let Some(credential) = self.given.get(registry) {
            return Ok(Found { credential: credential.clone(), source: "the operator".to_owned() });
        }
        if let Some((name, server)) = self.config.helper_for(registry) {
            let Some(helper) = &self.helper else {
                return Err(format!(
                    "docker's configuration names the credential helper `{}`, and helpers are not in use",
                    name.escape_debug()
                ));
            };
            if let Some(credential) = helper.get(name, &server).await.map_err(|error| error.to_string())? {
                let source = format!("the credential helper `docker-credential-{name}`");
                return Ok(Found { credential, source });
            }
        }
        match self.config.credential_for(registry) {
            Ok(Some(credential)) => Ok(Found { credential, source: "docker's configuration".to_owned() }),
            Ok(None) => Ok(Found { credential: Credential::Anonymous, source: "nowhere".to_owned() }),
            Err(_) => Err(format!(
                "docker's configuration holds an `auth` for `{registry}` that is not base64 of `name:password`"
            )),
        }
    }
}
