//! When a fault strikes: which requests a rule looks at, and which of those it hits.
//! It counts nothing itself; the counters of a running registry are in `fault::armed`.

use serde::{Deserialize, Serialize};

use super::{Action, Listener, Operation};

/// One fault: when it strikes and what it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The name under which the log and the counters report it; the rule's number where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which requests it hits.
    #[serde(default)]
    pub when: When,
    /// What happens to them.
    pub then: Action,
}

impl Rule {
    /// The same rule under a name of its own.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }
}

/// A filter over requests, and a choice among those that pass it. Every absent part lets all pass.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// Operations, any of them.
    pub operations: Vec<Operation>,
    /// Methods, any of them.
    pub methods: Vec<String>,
    /// Pattern over the path: `*` inside a segment, `**` across segments.
    pub path: Option<String>,
    /// Text that the raw query must contain.
    pub query: Option<String>,
    /// The socket the request came to.
    pub listener: Option<Listener>,
    /// Whether an `Authorization` header must be present (`true`) or absent (`false`).
    pub authorized: Option<bool>,
    /// Only requests that arrive in this time since the start, in milliseconds: from, to.
    pub between_ms: Option<(u64, u64)>,
    /// Which of the requests that pass all of the above are hit.
    pub occurrence: Occurrence,
    /// Count occurrences for each method and path apart instead of all together.
    pub per_path: bool,
}

/// Which occurrences are hit; the first request is number 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occurrence {
    /// All of them.
    #[default]
    Always,
    /// Only number `n`.
    Nth(u64),
    /// The first `n`.
    First(u64),
    /// Number `n` and all after it.
    From(u64),
    /// Number `n`, and all later requests with its method and path: the operation never recovers, others do.
    Sticky(u64),
    /// Every `n`th.
    Every(u64),
    /// Each with this probability, drawn from the script's seed, the method, the path and the number of the
    /// request among those of the same method and path: the same in every run whatever the order of arrival.
    Chance(f64),
}

impl When {
    /// Every request to any of the sockets.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// The requests of one operation.
    #[must_use]
    pub fn on(operation: Operation) -> Self {
        Self { operations: vec![operation], ..Self::default() }
    }

    /// The requests of any of these operations.
    #[must_use]
    pub fn on_each(operations: &[Operation]) -> Self {
        Self { operations: operations.to_vec(), ..Self::default() }
    }

    /// Only this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.methods.push(method.to_owned());
        self
    }

    /// Only paths that fit this pattern.
    #[must_use]
    pub fn path(mut self, pattern: &str) -> Self {
        self.path = Some(pattern.to_owned());
        self
    }

    /// Only queries that contain this text.
    #[must_use]
    pub fn query(mut self, part: &str) -> Self {
        self.query = Some(part.to_owned());
        self
    }

    /// Only requests to this socket.
    #[must_use]
    pub fn listener(mut self, listener: Listener) -> Self {
        self.listener = Some(listener);
        self
    }

    /// Only requests with (or without) an `Authorization` header.
    #[must_use]
    pub fn authorized(mut self, present: bool) -> Self {
        self.authorized = Some(present);
        self
    }

    /// Only requests that arrive in this time since the start, in milliseconds.
    #[must_use]
    pub fn between_ms(mut self, from: u64, to: u64) -> Self {
        self.between_ms = Some((from, to));
        self
    }

    /// Only number `n` of them.
    #[must_use]
    pub fn nth(self, n: u64) -> Self {
        self.occurrence(Occurrence::Nth(n))
    }

    /// Only the first `n` of them.
    #[must_use]
    pub fn first(self, n: u64) -> Self {
        self.occurrence(Occurrence::First(n))
    }

    /// Number `n` of them and all after it.
    #[must_use]
    pub fn from(self, n: u64) -> Self {
        self.occurrence(Occurrence::From(n))
    }

    /// Number `n` of them and all later ones with the same method and path.
    #[must_use]
    pub fn sticky(self, n: u64) -> Self {
        self.occurrence(Occurrence::Sticky(n))
    }

    /// Every `n`th of them.
    #[must_use]
    pub fn every(self, n: u64) -> Self {
        self.occurrence(Occurrence::Every(n))
    }

    /// Each of them with this probability (0 to 1), from the seed.
    #[must_use]
    pub fn chance(self, probability: f64) -> Self {
        self.occurrence(Occurrence::Chance(probability))
    }

    /// Counts for each method and path apart.
    #[must_use]
    pub fn per_path(mut self) -> Self {
        self.per_path = true;
        self
    }

    /// The rule that does this to them.
    #[must_use]
    pub fn then(self, action: Action) -> Rule {
        Rule { name: None, when: self, then: action }
    }

    fn occurrence(mut self, occurrence: Occurrence) -> Self {
        self.occurrence = occurrence;
        self
    }
}
