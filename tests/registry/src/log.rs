//! The log: one entry for every request, in the order of arrival, and questions to ask of it.
//! It holds no credentials: of an `Authorization` header only kind, user and scopes are kept.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::script::{Listener, Operation};

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number, from 1, in the order of arrival over all sockets.
    pub id: u64,
    /// The number of its connection, from 1.
    pub connection: u64,
    /// The socket it came to.
    pub listener: Listener,
    /// What it asks for.
    pub operation: Operation,
    /// The method.
    pub method: String,
    /// The path, percent-decoded.
    pub path: String,
    /// The query as it was sent, without `?`.
    pub query: String,
    /// The repository it is about.
    pub repository: Option<String>,
    /// Headers by lower-case name; `authorization` is not among them.
    pub headers: BTreeMap<String, String>,
    /// What its `Authorization` header held.
    pub credentials: Credentials,
    /// Bytes of its body.
    pub bytes_in: u64,
    /// Bytes of the answer's body handed to the connection.
    pub bytes_out: u64,
    /// When it arrived, since the start of the registry.
    pub started: Duration,
    /// When its answer was handed to the connection completely, or it ended otherwise.
    pub ended: Option<Duration>,
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    /// Whether it changed manifests, blobs or tags.
    pub applied: bool,
    /// The rules that hit it.
    pub faults: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
}

/// What an `Authorization` header held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credentials {
    /// There was none.
    #[default]
    Absent,
    /// Name and password.
    Basic {
        /// The name.
        user: String,
        /// Whether the password is right.
        valid: bool,
    },
    /// A token.
    Bearer {
        /// The user it was given to; `None` for anonymous or unknown tokens.
        user: Option<String>,
        /// What it permits, as `repository:name:action,action`.
        scopes: Vec<String>,
        /// Whether it is known, not revoked and not expired.
        valid: bool,
    },
    /// Something else.
    Other,
}

impl Credentials {
    /// Whether there were any.
    #[must_use]
    pub fn present(&self) -> bool {
        *self != Self::Absent
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It has not ended.
    Open,
    /// Its answer was handed to the connection completely.
    Answered,
    /// The connection was reset or closed by a fault.
    Severed,
    /// The client hung up before it was answered completely, or the registry was stopped.
    Abandoned,
    /// A test discarded it while it was held.
    Discarded,
}

/// A copy of the log at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The entries in the order of arrival.
    pub entries: Vec<Entry>,
}

/// Sums over a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Requests in all.
    pub requests: u64,
    /// Requests by operation.
    pub by_operation: BTreeMap<Operation, u64>,
    /// Answers by status.
    pub by_status: BTreeMap<u16, u64>,
    /// Different connections that carried them.
    pub connections: u64,
    /// Bytes of request bodies.
    pub bytes_in: u64,
    /// Bytes of answers' bodies.
    pub bytes_out: u64,
    /// Most requests that were open at one time.
    pub most_at_once: u64,
}

impl Log {
    /// Only the entries that satisfy the condition.
    #[must_use]
    pub fn only(&self, wanted: impl Fn(&Entry) -> bool) -> Self {
        Self { entries: self.entries.iter().filter(|entry| wanted(entry)).cloned().collect() }
    }

    /// Only the entries of one operation.
    #[must_use]
    pub fn of(&self, operation: Operation) -> Self {
        self.only(|entry| entry.operation == operation)
    }

    /// Only the entries after this number: what happened since `mark`.
    #[must_use]
    pub fn since(&self, id: u64) -> Self {
        self.only(|entry| entry.id > id)
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of the last entry; 0 where there is none.
    #[must_use]
    pub fn mark(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.id)
    }

    /// One line for each entry: `GET /v2/app/manifests/1 200`, with the names of its faults.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.entries.iter().map(line).collect()
    }

    /// The sums.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let mut sums = Counters { requests: self.entries.len() as u64, ..Counters::default() };
        let mut connections = std::collections::BTreeSet::new();
        for entry in &self.entries {
            *sums.by_operation.entry(entry.operation).or_default() += 1;
            if let Some(status) = entry.status {
                *sums.by_status.entry(status).or_default() += 1;
            }
            connections.insert(entry.connection);
            sums.bytes_in += entry.bytes_in;
            sums.bytes_out += entry.bytes_out;
        }
        sums.connections = connections.len() as u64;
        sums.most_at_once = most_at_once(&self.entries);
        sums
    }
}

fn line(entry: &Entry) -> String {
    let Entry { method, path, query, faults, .. } = entry;
    let mut text = format!("{method} {path}");
    if !query.is_empty() {
        text.push_str(&format!("?{query}"));
    }
    match entry.status {
        Some(status) => text.push_str(&format!(" {status}")),
        None => text.push_str(&format!(" {:?}", entry.outcome).to_lowercase()),
    }
    if !faults.is_empty() {
        text.push_str(&format!(" [{}]", faults.join(", ")));
    }
    text
}

fn most_at_once(entries: &[Entry]) -> u64 {
    // At equal times ends come before beginnings: a request that starts when another ends does not overlap it.
    let starts = entries.iter().map(|entry| (entry.started, 1_i64));
    let ends = entries.iter().filter_map(|entry| Some((entry.ended?, -1_i64)));
    let mut steps: Vec<_> = starts.chain(ends).collect();
    steps.sort_unstable();
    let (_, most) =
        steps.iter().fold((0_i64, 0_i64), |(open, most), (_, step)| (open + step, most.max(open + step)));
    most.unsigned_abs()
}
