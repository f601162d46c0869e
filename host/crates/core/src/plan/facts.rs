//! What was answered, keyed by what was asked. A container: it asks nobody and judges nothing.

use std::collections::HashMap;

use crate::port::{ListQuery, Resolution, SourceError, SourceQuery};

/// Answers of version sources and dependency lists.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    sources: HashMap<SourceQuery, Result<Resolution, SourceError>>,
    lists: HashMap<ListQuery, Result<Vec<String>, SourceError>>,
}

impl Facts {
    /// Records the answer of a version source.
    pub fn answer_source(&mut self, query: SourceQuery, answer: Result<Resolution, SourceError>) {
        self.sources.insert(query, answer);
    }

    /// Records the answer of a dependency list, newest first.
    pub fn answer_list(&mut self, query: ListQuery, answer: Result<Vec<String>, SourceError>) {
        self.lists.insert(query, answer);
    }

    /// The answer of a version source, where it was asked.
    #[must_use]
    pub fn source(&self, query: &SourceQuery) -> Option<&Result<Resolution, SourceError>> {
        self.sources.get(query)
    }

    /// The answer of a dependency list, where it was asked.
    #[must_use]
    pub fn list(&self, query: &ListQuery) -> Option<&Result<Vec<String>, SourceError>> {
        self.lists.get(query)
    }
}
