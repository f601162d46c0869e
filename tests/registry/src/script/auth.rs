//! Who may do what, and how the token server behaves.
//! It checks nothing; `auth` does. The passwords here are the tests' own.

use serde::{Deserialize, Serialize};

use super::matches;

/// Users, grants and tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// Which challenge the registry sends.
    pub scheme: Scheme,
    /// Who exists.
    pub users: Vec<User>,
    /// What everybody may do, also without credentials.
    pub anonymous: Vec<Grant>,
    /// How long a token is valid, in seconds.
    pub token_seconds: u64,
    /// Whether the token answer says so with `expires_in`; without it clients must assume 60 s.
    pub tell_expiry: bool,
    /// Where the token server lives.
    pub realm: Realm,
    /// The `service` of the challenge, which the client must send back.
    pub service: String,
    /// The field of the answer that holds the token.
    pub token_field: TokenField,
    /// Whether `POST` with a refresh token works; 404 otherwise.
    pub oauth2: bool,
    /// Whether only the first `scope` of a request counts.
    pub first_scope_only: bool,
}

/// Which challenge a request without sufficient credentials gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// None: everybody may do everything.
    #[default]
    Open,
    /// `Basic`.
    Basic,
    /// `Bearer`, with the token server.
    Bearer,
}

/// Where the token server lives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Realm {
    /// At `/token` of the registry.
    #[default]
    Registry,
    /// At `/token` of the other host.
    Elsewhere,
    /// The challenge names this URL, whatever it is.
    Url(String),
}

/// Under which name the token is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenField {
    /// `token`.
    Token,
    /// `access_token`.
    AccessToken,
    /// Both, equal.
    #[default]
    Both,
}

/// A user of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
    /// The identity token that `POST` to the token server takes instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// What the user may do besides what everybody may.
    #[serde(default)]
    pub grants: Vec<Grant>,
}

/// Actions on repositories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Pattern over the repositories.
    pub repository: String,
    /// `pull`, `push`, `delete`.
    pub actions: Vec<String>,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            scheme: Scheme::Open,
            users: Vec::new(),
            anonymous: Vec::new(),
            token_seconds: 300,
            tell_expiry: true,
            realm: Realm::Registry,
            service: "fault-registry".to_owned(),
            token_field: TokenField::Both,
            oauth2: true,
            first_scope_only: false,
        }
    }
}

impl Auth {
    /// `Bearer`, with one user who may do everything and nothing for anybody else.
    #[must_use]
    pub fn bearer(name: &str, password: &str) -> Self {
        Self { scheme: Scheme::Bearer, users: vec![User::almighty(name, password)], ..Self::default() }
    }

    /// `Basic`, with one user who may do everything and nothing for anybody else.
    #[must_use]
    pub fn basic(name: &str, password: &str) -> Self {
        Self { scheme: Scheme::Basic, users: vec![User::almighty(name, password)], ..Self::default() }
    }

    /// Also lets everybody do this.
    #[must_use]
    pub fn anonymous(mut self, repository: &str, actions: &[&str]) -> Self {
        self.anonymous.push(Grant::new(repository, actions));
        self
    }

    /// One more user.
    #[must_use]
    pub fn user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// Tokens that are valid so many seconds.
    #[must_use]
    pub fn token_seconds(mut self, seconds: u64) -> Self {
        self.token_seconds = seconds;
        self
    }
}

impl User {
    /// A user without any grant.
    #[must_use]
    pub fn new(name: &str, password: &str) -> Self {
        Self { name: name.to_owned(), password: password.to_owned(), refresh_token: None, grants: Vec::new() }
    }

    /// A user who may do everything.
    #[must_use]
    pub fn almighty(name: &str, password: &str) -> Self {
        Self::new(name, password).grant("**", &["pull", "push", "delete"])
    }

    /// The same user with one more grant.
    #[must_use]
    pub fn grant(mut self, repository: &str, actions: &[&str]) -> Self {
        self.grants.push(Grant::new(repository, actions));
        self
    }

    /// The same user with an identity token.
    #[must_use]
    pub fn refresh_token(mut self, token: &str) -> Self {
        self.refresh_token = Some(token.to_owned());
        self
    }
}

impl Grant {
    /// These actions on the repositories that fit the pattern.
    #[must_use]
    pub fn new(repository: &str, actions: &[&str]) -> Self {
        Self {
            repository: repository.to_owned(),
            actions: actions.iter().map(|&action| action.to_owned()).collect(),
        }
    }

    /// Whether it covers the action on the repository.
    pub(crate) fn covers(&self, repository: &str, action: &str) -> bool {
        matches(&self.repository, repository) && self.actions.iter().any(|granted| granted == action)
    }
}
