//! Scopes: what a token permits, as text and as single accesses.
//! It grants nothing.

use std::collections::BTreeMap;

/// One action on one repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Access {
    pub(crate) repository: String,
    pub(crate) action: String,
}

impl Access {
    pub(crate) fn new(repository: &str, action: &str) -> Self {
        Self { repository: repository.to_owned(), action: action.to_owned() }
    }
}

/// The accesses of scope texts, each `repository:name:action,action` and possibly several separated by blanks.
/// What is of another form is left out, as token servers do.
pub(crate) fn parse<'a>(scopes: impl IntoIterator<Item = &'a str>) -> Vec<Access> {
    let mut accesses = Vec::new();
    for scope in scopes.into_iter().flat_map(str::split_ascii_whitespace) {
        let Some(rest) = scope.strip_prefix("repository:") else { continue };
        let Some((repository, actions)) = rest.rsplit_once(':') else { continue };
        accesses.extend(actions.split(',').map(|action| Access::new(repository, action)));
    }
    accesses
}

/// The scope texts of accesses, one for each repository, in the order in which the repositories first appear.
pub(crate) fn texts(accesses: &[Access]) -> Vec<String> {
    let mut order: Vec<&str> = Vec::new();
    let mut actions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for access in accesses {
        let of_repository = actions.entry(&access.repository).or_default();
        if of_repository.is_empty() {
            order.push(&access.repository);
        }
        if !of_repository.contains(&access.action.as_str()) {
            of_repository.push(&access.action);
        }
    }
    order.iter().map(|name| format!("repository:{name}:{}", actions[name].join(","))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_survive_a_round_trip_and_merge_by_repository() {
        let accesses =
            parse(["repository:team/app:pull,push repository:base:pull", "repository:base:push", "nonsense"]);
        assert_eq!(texts(&accesses), ["repository:team/app:pull,push", "repository:base:pull,push"]);
    }
}
