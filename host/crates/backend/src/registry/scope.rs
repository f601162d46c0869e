//! What a token is asked for. Knows nothing of how it is asked.

use std::collections::BTreeMap;

use bakery_core::{model::Repository, port::registry::Access};

/// Repositories of one registry, by name, and whether they are written to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Scopes(BTreeMap<String, bool>);

impl Scopes {
    /// Reading one repository.
    pub(super) fn pull(repository: &Repository) -> Self {
        Self(BTreeMap::from([(repository.name().to_owned(), false)]))
    }

    /// Reading and writing one repository.
    pub(super) fn push(repository: &Repository) -> Self {
        Self(BTreeMap::from([(repository.name().to_owned(), true)]))
    }

    /// Both. A mount needs the source and the destination in one token.
    pub(super) fn and(mut self, other: Self) -> Self {
        for (name, push) in other.0 {
            *self.0.entry(name).or_default() |= push;
        }
        self
    }

    /// What was announced for one registry.
    pub(super) fn announced<'a>(accesses: impl Iterator<Item = &'a Access>) -> Self {
        accesses.fold(Self::default(), |scopes, access| {
            scopes.and(Self(BTreeMap::from([(access.repository.name().to_owned(), access.push)])))
        })
    }

    /// Whether a token for these would do for the others.
    pub(super) fn cover(&self, others: &Self) -> bool {
        others.0.iter().all(|(name, push)| self.0.get(name).is_some_and(|have| *have || !push))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `repository:name:pull,push`, one per repository. Those in `first` come first: some token servers give only
    /// what the first scope asks for.
    pub(super) fn texts(&self, first: &Self) -> Vec<String> {
        let text = |(name, push): (&String, &bool)| {
            format!("repository:{name}:{}", if *push { "pull,push" } else { "pull" })
        };
        let (wanted, others): (Vec<_>, Vec<_>) =
            self.0.iter().partition(|(name, _)| first.0.contains_key(*name));
        wanted.into_iter().chain(others).map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_token_covers_a_narrower_need() {
        let repository = |name: &str| format!("r.example/{name}").parse::<Repository>().unwrap();
        let (a, b) = (repository("a"), repository("b"));
        let both = Scopes::push(&a).and(Scopes::pull(&b));
        assert!(
            both.cover(&Scopes::pull(&a)) && both.cover(&Scopes::push(&a)) && both.cover(&Scopes::pull(&b))
        );
        assert!(!both.cover(&Scopes::push(&b)) && !Scopes::pull(&a).cover(&both));
        assert_eq!(both.clone().and(Scopes::pull(&a)), both, "reading adds nothing to writing");
        assert_eq!(both.texts(&Scopes::pull(&b)), ["repository:b:pull", "repository:a:pull,push"]);
    }
}
