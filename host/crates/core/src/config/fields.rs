//! Reading a map key by key: remembers which keys are known, so that what is left over can be named with a suggestion.
//! It does not know what any key means.

use std::fmt;
use std::rc::Rc;

use super::codes;
use super::findings::Findings;
use super::near_miss::near_miss;
use super::scalar::Kind;
use super::tree::{Entry, Node, Scalar, Span, Value};
use super::value;
use super::visible::Shown;

/// Where a value stands, for messages: a key of something, or an entry of the list below that key.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) key: &'a str,
    pub(super) owner: &'a str,
    pub(super) entry: bool,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let article = if self.entry { "an entry of " } else { "" };
        write!(f, "{article}`{}` of {}", Shown(self.key), self.owner)
    }
}

/// What happens to keys that nobody asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// A warning, but an error for `--strict`.
    Warn,
    /// Always an error.
    Reject,
}

/// Keys that exist in the program's own records but are not the user's to set.
const INTERNAL: [&str; 12] = [
    "isDevelopmentVersion",
    "isMatrixVersion",
    "ephemeral",
    "metadata",
    "version_override",
    "versionOverride",
    "release_branch",
    "resolved_version",
    "resolvedVersion",
    "buildOS",
    "parent",
    "revision",
];

/// Most unknown keys of one map that are named; more are counted.
const NAMED: usize = 100;

/// A map that is being read.
pub(super) struct Fields<'n> {
    owner: &'static str,
    entries: &'n [Entry],
    span: Span,
    used: Vec<bool>,
    known: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// Starts reading `node`, which messages call `owner` ("an image"). None, reported, where it is no map.
    pub(super) fn open(node: &'n Node, owner: &'static str, findings: &mut Findings) -> Option<Self> {
        match &node.value {
            Value::Map(entries) => Some(Self {
                owner,
                entries,
                span: node.span,
                used: vec![false; entries.len()],
                known: Vec::new(),
            }),
            _ => {
                let message = format!("{owner} must be a map, but this is {}", described(node));
                findings.error(codes::WRONG_TYPE, node.span, message).label("expected `key: value` lines");
                None
            }
        }
    }

    /// What messages call the map.
    pub(super) fn owner(&self) -> &'static str {
        self.owner
    }

    /// Where the map begins.
    pub(super) fn span(&self) -> Span {
        self.span
    }

    /// Whether the key is not there at all.
    pub(super) fn lacks(&self, key: &str) -> bool {
        !self.entries.iter().any(|entry| entry.key == key)
    }

    /// Where the value of a key stands, without making the key known.
    pub(super) fn value_span(&self, key: &str) -> Option<Span> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| entry.value.span)
    }

    /// Takes keys as read that no rule knows.
    pub(super) fn ignore(&mut self, keys: &[String]) {
        for (entry, used) in self.entries.iter().zip(&mut self.used) {
            *used |= keys.contains(&entry.key);
        }
    }

    /// The place of a key of this map.
    pub(super) fn place(&self, key: &'static str) -> Place<'static> {
        Place { key, owner: self.owner, entry: false }
    }

    /// The entry of a key, which is known from now on.
    pub(super) fn get(&mut self, key: &'static str) -> Option<&'n Entry> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        self.used[at] = true;
        self.entries.get(at)
    }

    /// The value of a key that is there and not null.
    pub(super) fn some(&mut self, key: &'static str) -> Option<&'n Node> {
        self.get(key).map(|entry| &*entry.value).filter(|value| !value.is_null())
    }

    /// The value of a key that must be there. None, reported, where it is not.
    pub(super) fn required(&mut self, key: &'static str, findings: &mut Findings) -> Option<&'n Node> {
        if let Some(entry) = self.get(key) {
            if !entry.value.is_null() {
                return Some(&entry.value);
            }
            let message = format!("{} has no value", self.place(key));
            findings.error(codes::MISSING_KEY, entry.key_span, message).label("expected a value");
            return None;
        }
        let unused =
            || self.entries.iter().zip(&self.used).filter(|(_, used)| !**used).map(|(entry, _)| entry);
        let typo = near_miss(key, unused().map(|entry| entry.key.as_str())).map(ToOwned::to_owned);
        let message = format!("{} lacks `{key}`", self.owner);
        let Some(typo) = typo else {
            findings
                .error(codes::MISSING_KEY, self.span, message)
                .label(format!("expected `{key}:` among these keys"));
            return None;
        };
        let at = self.entries.iter().position(|entry| entry.key == typo);
        let span = at.and_then(|at| self.entries.get(at)).map_or(self.span, |entry| entry.key_span);
        if let Some(used) = at.and_then(|at| self.used.get_mut(at)) {
            *used = true;
        }
        findings
            .error(codes::MISSING_KEY, span, message)
            .label(format!("expected `{key}`"))
            .hint(format!("did you mean `{key}` here?"));
        None
    }

    /// A name that must be there: text without control characters that is not empty.
    pub(super) fn required_name(&mut self, key: &'static str, findings: &mut Findings) -> Option<String> {
        let node = self.required(key, findings)?;
        value::name(node, self.place(key), findings)
    }

    /// Text, where it is given.
    pub(super) fn text(&mut self, key: &'static str, findings: &mut Findings) -> Option<String> {
        let node = self.some(key)?;
        value::text(node, self.place(key), findings)
    }

    /// A name, where it is given.
    pub(super) fn name(&mut self, key: &'static str, findings: &mut Findings) -> Option<String> {
        let node = self.some(key)?;
        value::name(node, self.place(key), findings)
    }

    /// True or false; false where it is not given.
    pub(super) fn flag(&mut self, key: &'static str, findings: &mut Findings) -> bool {
        let place = self.place(key);
        self.some(key).and_then(|node| value::boolean(node, place, findings)).unwrap_or_default()
    }

    /// The entries of a list; none where it is not given or, reported, is no list.
    pub(super) fn list(&mut self, key: &'static str, findings: &mut Findings) -> &'n [Rc<Node>] {
        let place = self.place(key);
        self.get(key).and_then(|entry| value::list(&entry.value, place, findings)).unwrap_or_default()
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(self, unknown: Unknown, findings: &mut Findings) {
        let unused = self.entries.iter().zip(&self.used).filter(|(_, used)| !**used);
        let count = unused.clone().count();
        findings.not_kept(count.saturating_sub(NAMED), unknown == Unknown::Reject);
        for (entry, _) in unused.take(NAMED) {
            let key = Shown(&entry.key);
            if unknown == Unknown::Reject {
                let message = format!("`{key}` is not a key of {}", self.owner);
                let diagnostic = findings.error(codes::UNKNOWN_KEY, entry.key_span, message);
                diagnostic.label(format!("expected one of {}", listed(&self.known)));
                if let Some(meant) = near_miss(&entry.key, self.known.iter().copied()) {
                    diagnostic.hint(format!("did you mean `{meant}`?"));
                }
            } else if INTERNAL.contains(&entry.key.as_str()) {
                findings
                    .unknown(
                        codes::UNKNOWN_KEY,
                        entry.key_span,
                        format!("`{key}` is not set from bakery.yaml"),
                    )
                    .label("has no effect")
                    .hint("remove it; bakery finds it out by itself");
            } else {
                let message = format!("`{key}` is not a key of {}", self.owner);
                let diagnostic = findings.unknown(codes::UNKNOWN_KEY, entry.key_span, message);
                diagnostic.label("has no effect");
                match near_miss(&entry.key, self.known.iter().copied()) {
                    Some(meant) => diagnostic.hint(format!("did you mean `{meant}`?")),
                    None => diagnostic.hint(format!("remove it, or use one of {}", listed(&self.known))),
                };
            }
        }
    }
}

/// Words in backticks, joined by commas.
pub(super) fn listed<T: AsRef<str>>(words: &[T]) -> String {
    words.iter().map(|word| format!("`{}`", word.as_ref())).collect::<Vec<_>>().join(", ")
}

/// What a node is, with its text where it has a short one.
pub(super) fn described(node: &Node) -> String {
    match &node.value {
        Value::Scalar(Scalar { kind: Kind::Null, .. }) => "nothing".to_owned(),
        Value::Scalar(Scalar { text, kind }) => match kind {
            Kind::Bool(_) => format!("the truth value `{}`", Shown(text)),
            Kind::Int(_) | Kind::Float(_) => format!("the number `{}`", Shown(text)),
            _ => format!("the text `{}`", Shown(text)),
        },
        _ => node.describe().to_owned(),
    }
}
