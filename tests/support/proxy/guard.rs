//! Who may do what: tokens for scopes, and the scopes that a request needs. Knows no connection.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use base64::Engine as _;
use hyper::{Method, Uri};

/// For how long a token is good.
const LIFE: Duration = Duration::from_secs(300);

/// The one who may do something; nobody else may do anything.
#[derive(Clone, Debug)]
pub struct Account {
    name: String,
    password: String,
    grants: Vec<(String, BTreeSet<String>)>,
}

impl Account {
    /// An account that may do nothing yet.
    #[must_use]
    pub fn new(name: &str, password: &str) -> Self {
        Self { name: name.to_owned(), password: password.to_owned(), grants: Vec::new() }
    }

    /// These actions (`pull`, `push`) on every repository whose name begins like this.
    #[must_use]
    pub fn grant(mut self, prefix: &str, actions: &[&str]) -> Self {
        self.grants.push((prefix.to_owned(), actions.iter().map(|&action| action.to_owned()).collect()));
        self
    }

    fn may(&self, repository: &str, action: &str) -> bool {
        self.grants.iter().any(|(prefix, actions)| repository.starts_with(prefix) && actions.contains(action))
    }
}

/// An action on a repository.
type Scope = (String, String);

struct Token {
    scopes: BTreeSet<Scope>,
    until: Instant,
}

/// What stands between a client and the registry.
pub(super) struct Guard {
    realm: String,
    account: Account,
    secret: RandomState,
    tokens: Mutex<HashMap<String, Token>>,
}

/// What the guard says of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may pass.
    Pass,
    /// It may not; this is the challenge.
    Challenge(String),
}

impl Guard {
    pub(super) fn new(host: &str, account: Account) -> Self {
        Self {
            realm: format!("https://{host}/token"),
            account,
            secret: RandomState::new(),
            tokens: Mutex::default(),
        }
    }

    /// Answers a request for a token: the token as JSON, or `None` where name or password are wrong. As the
    /// specification has it, a token covers those of the wanted scopes that are granted, silently.
    pub(super) fn token(&self, authorization: Option<&str>, query: &str) -> Option<String> {
        let given = authorization?.strip_prefix("Basic ")?;
        let login = base64::engine::general_purpose::STANDARD.decode(given).ok()?;
        if login != format!("{}:{}", self.account.name, self.account.password).into_bytes() {
            return None;
        }
        let asked = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "scope");
        let asked = asked.flat_map(|(_, value)| value.split(' ').flat_map(scopes).collect::<Vec<_>>());
        let granted = asked.filter(|(repository, action)| self.account.may(repository, action)).collect();
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let text = format!("{:016x}{:016x}", self.draw(tokens.len()), self.draw(tokens.len() + (1 << 32)));
        tokens.insert(text.clone(), Token { scopes: granted, until: Instant::now() + LIFE });
        Some(serde_json::json!({ "token": text, "expires_in": LIFE.as_secs() }).to_string())
    }

    /// Whether a request may pass.
    pub(super) fn check(&self, method: &Method, uri: &Uri, authorization: Option<&str>) -> Verdict {
        let needed = needed(method, uri);
        let given = authorization.and_then(|text| text.strip_prefix("Bearer "));
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let token = given.and_then(|text| tokens.get(text)).filter(|token| token.until > Instant::now());
        match token {
            Some(token) if needed.is_subset(&token.scopes) => Verdict::Pass,
            _ => Verdict::Challenge(self.challenge(&needed, token.is_some())),
        }
    }

    fn challenge(&self, needed: &BTreeSet<Scope>, insufficient: bool) -> String {
        let repositories: BTreeSet<&String> = needed.iter().map(|(repository, _)| repository).collect();
        let scope = repositories.into_iter().map(|repository| {
            let actions =
                needed.iter().filter(|(name, _)| name == repository).map(|(_, action)| action.as_str());
            format!("repository:{repository}:{}", actions.collect::<Vec<_>>().join(","))
        });
        let mut text = format!("Bearer realm=\"{}\",service=\"test-proxy\"", self.realm);
        let scope = scope.collect::<Vec<_>>().join(" ");
        if !scope.is_empty() {
            text.push_str(&format!(",scope=\"{scope}\""));
        }
        if insufficient {
            text.push_str(",error=\"insufficient_scope\"");
        }
        text
    }

    /// Bits that nobody outside can guess.
    fn draw(&self, number: usize) -> u64 {
        let mut hasher = self.secret.build_hasher();
        hasher.write_usize(number);
        hasher.finish()
    }
}

/// `repository:a/b:pull,push` as single actions.
fn scopes(text: &str) -> Vec<Scope> {
    let Some((name, actions)) = text.strip_prefix("repository:").and_then(|rest| rest.rsplit_once(':'))
    else {
        return Vec::new();
    };
    actions.split(',').map(|action| (name.to_owned(), action.to_owned())).collect()
}

/// What a request must be permitted. A path without a repository needs no more than a token.
fn needed(method: &Method, uri: &Uri) -> BTreeSet<Scope> {
    let mut needed = BTreeSet::new();
    let rest = uri.path().strip_prefix("/v2/").unwrap_or_default();
    let at =
        ["/manifests/", "/blobs/", "/tags/", "/referrers/"].iter().filter_map(|part| rest.rfind(part)).max();
    let Some(repository) = at.map(|at| &rest[..at]) else { return needed };
    let actions: &[&str] = match *method {
        Method::GET | Method::HEAD => &["pull"],
        Method::DELETE if !uri.path().contains("/uploads/") => &["delete"],
        _ => &["pull", "push"],
    };
    needed.extend(actions.iter().map(|action| (repository.to_owned(), (*action).to_owned())));
    let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let query: HashMap<_, _> = query.collect();
    if let (Some(from), true) = (query.get("from"), query.contains_key("mount")) {
        needed.insert((from.clone().into_owned(), "pull".to_owned()));
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        let account =
            Account::new("one", "word").grant("images/", &["pull", "push"]).grant("tmp/", &["pull"]);
        Guard::new("127.0.0.1:1", account)
    }

    fn token(guard: &Guard, query: &str) -> Option<String> {
        let login = base64::engine::general_purpose::STANDARD.encode("one:word");
        let answer = guard.token(Some(&format!("Basic {login}")), query)?;
        let answer: serde_json::Value = serde_json::from_str(&answer).ok()?;
        Some(format!("Bearer {}", answer["token"].as_str()?))
    }

    fn passes(guard: &Guard, method: &Method, target: &str, token: &str) -> bool {
        guard.check(method, &target.parse().expect("a target"), Some(token)) == Verdict::Pass
    }

    #[test]
    fn a_token_permits_what_it_was_asked_for_and_granted_and_nothing_else() {
        let guard = guard();
        let query = "service=x&scope=repository:images/app:pull,push&scope=repository:tmp/app:pull,push";
        let token = token(&guard, query).expect("the login is right");
        assert!(passes(&guard, &Method::PUT, "/v2/images/app/manifests/1.0", &token));
        assert!(passes(&guard, &Method::GET, "/v2/tmp/app/blobs/sha256:0", &token));
        assert!(passes(&guard, &Method::POST, "/v2/images/app/blobs/uploads/?mount=d&from=tmp/app", &token));
        assert!(passes(&guard, &Method::GET, "/v2/", &token));
        for (method, target) in [
            (Method::PUT, "/v2/tmp/app/manifests/1.0"),
            (Method::GET, "/v2/images/other/manifests/1.0"),
            (Method::DELETE, "/v2/images/app/manifests/1.0"),
            (Method::POST, "/v2/images/app/blobs/uploads/?mount=d&from=secret/app"),
        ] {
            assert!(!passes(&guard, &method, target, &token), "{method} {target}");
        }
    }

    #[test]
    fn a_wrong_login_and_an_invented_token_are_refused() {
        let guard = guard();
        let login = base64::engine::general_purpose::STANDARD.encode("one:wrong");
        assert_eq!(guard.token(Some(&format!("Basic {login}")), ""), None);
        assert_eq!(guard.token(None, ""), None);
        assert!(!passes(&guard, &Method::GET, "/v2/", "Bearer invented"));
    }

    #[test]
    fn a_challenge_names_every_scope_of_a_mount() {
        let target = "/v2/images/app/blobs/uploads/?mount=d&from=tmp/app".parse().expect("a target");
        let Verdict::Challenge(text) = guard().check(&Method::POST, &target, None) else {
            unreachable!("nothing was given");
        };
        assert!(text.contains("scope=\"repository:images/app:pull,push repository:tmp/app:pull\""), "{text}");
        assert!(!text.contains("insufficient"), "{text}");
    }
}
