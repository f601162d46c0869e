//! What is known about one registry during a run: how it wants to be spoken to, and what it can do.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
};

use bakery_core::model::RegistryHost;
use url::Url;

use super::{challenge::Challenge, scope::Scopes, tokens::Tokens};

/// More repositories in one token make a URL that servers refuse.
const MAX_SCOPES: usize = 32;

/// Different warnings of a registry that are passed on.
const MAX_WARNINGS: usize = 16;

/// One registry.
pub(super) struct Host {
    pub(super) name: RegistryHost,
    /// Where its interface is.
    pub(super) base: Url,
    /// Held by whoever sends the first request; the others wait for what it finds out.
    pub(super) discovery: tokio::sync::Mutex<()>,
    pub(super) tokens: Tokens,
    /// Whether it takes several tags with one push.
    pub(super) many_tags: Known,
    /// Whether it takes a blob with one POST.
    pub(super) single_post: Known,
    /// Whether its address is on the public internet.
    pub(super) public: Known,
    access: Mutex<Option<Wants>>,
    announced: Mutex<BTreeSet<Scopes>>,
    warnings: Mutex<HashSet<String>>,
}

/// What a registry wants to see with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// Nothing, so far.
    Nothing,
    /// What its challenge says.
    Challenged(Challenge),
}

impl Host {
    pub(super) fn new(name: RegistryHost, base: Url) -> Self {
        Self {
            name,
            base,
            discovery: tokio::sync::Mutex::default(),
            tokens: Tokens::default(),
            many_tags: Known::default(),
            single_post: Known::default(),
            public: Known::default(),
            access: Mutex::default(),
            announced: Mutex::default(),
            warnings: Mutex::default(),
        }
    }

    /// What it wants to see; `None` before it was asked anything.
    pub(super) fn wants(&self) -> Option<Wants> {
        lock(&self.access).clone()
    }

    /// A challenge counts from now on; the absence of one only until the first challenge.
    pub(super) fn learn(&self, wants: Wants) {
        let mut access = lock(&self.access);
        if access.is_none() || wants != Wants::Nothing {
            *access = Some(wants);
        }
    }

    /// Notes what will be needed together.
    pub(super) fn announce(&self, scopes: Scopes) {
        if !scopes.is_empty() && scopes.len() <= MAX_SCOPES {
            lock(&self.announced).insert(scopes);
        }
    }

    /// The scopes to buy a token for: the smallest announced set that holds what is needed, or just that.
    pub(super) fn together(&self, needed: &Scopes) -> Scopes {
        let announced = lock(&self.announced);
        announced.iter().filter(|set| set.cover(needed)).min_by_key(|set| set.len()).unwrap_or(needed).clone()
    }

    /// Whether a warning has not been passed on yet.
    pub(super) fn is_new_warning(&self, text: &str) -> bool {
        let mut warnings = lock(&self.warnings);
        warnings.len() < MAX_WARNINGS && warnings.insert(text.to_owned())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A yes or no that is found out once.
#[derive(Default)]
pub(super) struct Known(AtomicU8);

impl Known {
    pub(super) fn get(&self) -> Option<bool> {
        match self.0.load(Ordering::Relaxed) {
            1 => Some(false),
            2 => Some(true),
            _ => None,
        }
    }

    pub(super) fn set(&self, yes: bool) {
        self.0.store(if yes { 2 } else { 1 }, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_bought_for_the_smallest_announced_set_that_holds_the_need() {
        let host = Host::new("r.example".parse().unwrap(), "https://r.example/".parse().unwrap());
        let repository = |name: &str| format!("r.example/{name}").parse().unwrap();
        let (a, b, c) = (repository("a"), repository("b"), repository("c"));
        let two = Scopes::push(&a).and(Scopes::pull(&b));
        host.announce(two.clone().and(Scopes::push(&c)));
        host.announce(two.clone());
        assert_eq!(host.together(&Scopes::pull(&b)), two);
        assert_eq!(host.together(&Scopes::push(&b)), Scopes::push(&b), "nobody announced to write there");
    }

    #[test]
    fn a_warning_is_passed_on_once_and_not_without_end() {
        let host = Host::new("r.example".parse().unwrap(), "https://r.example/".parse().unwrap());
        assert!(host.is_new_warning("299 - \"old\"") && !host.is_new_warning("299 - \"old\""));
        let passed = (0..100).filter(|number| host.is_new_warning(&number.to_string())).count();
        assert_eq!(passed, MAX_WARNINGS - 1);
    }

    #[test]
    fn a_challenge_is_not_forgotten_when_something_is_answered_without_one() {
        let host = Host::new("r.example".parse().unwrap(), "https://r.example/".parse().unwrap());
        assert_eq!(host.wants(), None);
        host.learn(Wants::Nothing);
        host.learn(Wants::Challenged(Challenge::Basic));
        host.learn(Wants::Nothing);
        assert_eq!(host.wants(), Some(Wants::Challenged(Challenge::Basic)));
    }
}
