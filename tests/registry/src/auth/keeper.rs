//! Decides who may do what and hands out tokens.
//! Tokens are opaque texts that mean nothing outside this registry; no real credential is ever here.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{
    scope::{self, Access},
    token::{TokenAnswer, TokenRequest},
};
use crate::{
    draw,
    log::Credentials,
    script::{Auth, Realm, Scheme, User},
};

/// The state of authentication.
#[derive(Debug)]
pub(crate) struct Keeper {
    auth: Auth,
    realm: String,
    seed: u64,
    tokens: BTreeMap<String, Token>,
    refresh: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
struct Token {
    user: Option<String>,
    asked: Vec<Access>,
    granted: Vec<Access>,
    expires: Duration,
    revoked: bool,
}

/// A refusal, ready to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) challenge: Option<String>,
}

impl Keeper {
    /// A keeper whose challenges name the token server at one of these addresses.
    pub(crate) fn new(auth: Auth, seed: u64, registry: &str, elsewhere: &str) -> Self {
        let realm = match &auth.realm {
            Realm::Registry => format!("{registry}/token"),
            Realm::Elsewhere => format!("{elsewhere}/token"),
            Realm::Url(url) => url.clone(),
        };
        Self { auth, realm, seed, tokens: BTreeMap::new(), refresh: BTreeMap::new() }
    }

    /// Whether the token server answers `POST`.
    pub(crate) fn oauth2(&self) -> bool {
        self.auth.oauth2
    }

    /// Makes every token handed out so far invalid.
    pub(crate) fn revoke(&mut self) {
        self.tokens.values_mut().for_each(|token| token.revoked = true);
    }

    /// What an `Authorization` header holds.
    pub(crate) fn identify(&self, header: Option<&str>, now: Duration) -> Credentials {
        let Some(header) = header else { return Credentials::Absent };
        if let Some((user, password)) = basic(header) {
            let valid = self.user(&user, &password).is_some();
            return Credentials::Basic { user, valid };
        }
        match header.strip_prefix("Bearer ") {
            None => Credentials::Other,
            Some(text) => match self.tokens.get(text) {
                None => Credentials::Bearer { user: None, scopes: Vec::new(), valid: false },
                Some(token) => Credentials::Bearer {
                    user: token.user.clone(),
                    scopes: scope::texts(&token.granted),
                    valid: token.valid(now),
                },
            },
        }
    }

    /// Whether a request with this header may do all that it needs.
    pub(crate) fn permit(
        &self,
        header: Option<&str>,
        needed: &[Access],
        now: Duration,
    ) -> Result<(), Refusal> {
        match self.auth.scheme {
            Scheme::Open => Ok(()),
            Scheme::Basic => self.permit_basic(header, needed),
            Scheme::Bearer => self.permit_bearer(header, needed, now),
        }
    }

    /// The challenge for these accesses; `None` in an open registry.
    pub(crate) fn challenge(&self, needed: &[Access], error: Option<&str>) -> Option<String> {
        let service = &self.auth.service;
        match self.auth.scheme {
            Scheme::Open => None,
            Scheme::Basic => Some(format!("Basic realm=\"{service}\"")),
            Scheme::Bearer => {
                let mut text = format!("Bearer realm=\"{}\",service=\"{service}\"", self.realm);
                let scopes = scope::texts(needed);
                if !scopes.is_empty() {
                    text.push_str(&format!(",scope=\"{}\"", scopes.join(" ")));
                }
                if let Some(error) = error {
                    text.push_str(&format!(",error=\"{error}\""));
                }
                Some(text)
            }
        }
    }

    /// Hands out a token. Asking for more than one may is no error: the token then permits less.
    pub(crate) fn issue(&mut self, request: &TokenRequest, now: Duration) -> Result<TokenAnswer, Refusal> {
        let denied = |message: &str| Refusal {
            status: 401,
            code: "UNAUTHORIZED",
            message: message.to_owned(),
            challenge: None,
        };
        if request.service.as_deref().is_some_and(|service| service != self.auth.service) {
            return Err(denied("the service is not this registry's"));
        }
        let user = match (&request.basic, &request.refresh_token) {
            (Some((name, password)), _) => Some(
                self.user(name, password).ok_or_else(|| denied("incorrect username or password"))?.clone(),
            ),
            (None, Some(refresh)) => {
                Some(self.refreshed(refresh).ok_or_else(|| denied("the refresh token is not valid"))?.clone())
            }
            (None, None) => None,
        };
        let counted = if self.auth.first_scope_only { 1 } else { usize::MAX };
        let asked = scope::parse(
            request.scopes.iter().flat_map(|scope| scope.split_ascii_whitespace()).take(counted),
        );
        let granted = asked.iter().filter(|access| self.grants(user.as_ref(), access)).cloned().collect();
        let number = self.tokens.len().to_string();
        let name = format!("{:016x}{:016x}", draw::bits(self.seed, &["token", &number]), self.tokens.len());
        let refresh_token = user.as_ref().filter(|_| request.offline).map(|user| {
            let fresh = format!("refresh-{:016x}", draw::bits(self.seed, &["refresh", &user.name]));
            self.refresh.insert(fresh.clone(), user.name.clone());
            fresh
        });
        let token = Token {
            user: user.map(|user| user.name),
            asked,
            granted,
            expires: now + Duration::from_secs(self.auth.token_seconds),
            revoked: false,
        };
        self.tokens.insert(name.clone(), token);
        let expires_in = self.auth.tell_expiry.then_some(self.auth.token_seconds);
        Ok(TokenAnswer { token: name, expires_in, refresh_token, field: self.auth.token_field })
    }

    fn permit_basic(&self, header: Option<&str>, needed: &[Access]) -> Result<(), Refusal> {
        let user = match header.and_then(basic) {
            None => None,
            Some((name, password)) => match self.user(&name, &password) {
                Some(user) => Some(user),
                None => return Err(self.unauthorized(needed, None, "incorrect username or password")),
            },
        };
        // Without credentials even a ping is refused, so that clients learn which scheme holds.
        let free = user.is_some() || !needed.is_empty();
        if free && needed.iter().all(|access| self.grants(user, access)) {
            return Ok(());
        }
        match user {
            None => Err(self.unauthorized(needed, None, "authentication required")),
            Some(_) => Err(denied(needed)),
        }
    }

    fn permit_bearer(&self, header: Option<&str>, needed: &[Access], now: Duration) -> Result<(), Refusal> {
        let Some(text) = header.and_then(|header| header.strip_prefix("Bearer ")) else {
            return Err(self.unauthorized(needed, None, "authentication required"));
        };
        let Some(token) = self.tokens.get(text).filter(|token| token.valid(now)) else {
            return Err(self.unauthorized(
                needed,
                Some("invalid_token"),
                "the token is not valid or has expired",
            ));
        };
        if needed.iter().all(|access| token.granted.contains(access)) {
            Ok(())
        } else if needed.iter().all(|access| token.asked.contains(access)) {
            // A new token would not help: it was asked for and not granted.
            Err(denied(needed))
        } else {
            Err(self.unauthorized(needed, Some("insufficient_scope"), "the token does not cover this"))
        }
    }

    fn unauthorized(&self, needed: &[Access], error: Option<&str>, message: &str) -> Refusal {
        let challenge = self.challenge(needed, error);
        Refusal { status: 401, code: "UNAUTHORIZED", message: message.to_owned(), challenge }
    }

    fn user(&self, name: &str, password: &str) -> Option<&User> {
        self.auth.users.iter().find(|user| user.name == name && user.password == password)
    }

    fn refreshed(&self, refresh: &str) -> Option<&User> {
        let issued = self.refresh.get(refresh);
        self.auth.users.iter().find(|user| {
            user.refresh_token.as_deref() == Some(refresh) || issued.is_some_and(|name| *name == user.name)
        })
    }

    fn grants(&self, user: Option<&User>, access: &Access) -> bool {
        let own = user.into_iter().flat_map(|user| &user.grants);
        own.chain(&self.auth.anonymous).any(|grant| grant.covers(&access.repository, &access.action))
    }
}

impl Token {
    fn valid(&self, now: Duration) -> bool {
        !self.revoked && now < self.expires
    }
}

/// Name and password of a `Basic` header.
pub(super) fn basic(header: &str) -> Option<(String, String)> {
    let bytes = BASE64_STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

fn denied(needed: &[Access]) -> Refusal {
    let message = format!("requested access to the resource is denied: {}", scope::texts(needed).join(" "));
    Refusal { status: 403, code: "DENIED", message, challenge: None }
}

impl TokenRequest {
    /// Takes name and password from a `Basic` header.
    pub(crate) fn authorization(&mut self, header: Option<&str>) {
        self.basic = header.and_then(basic);
    }
}
