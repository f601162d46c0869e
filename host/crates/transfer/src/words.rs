//! Sentences about references and lists, as they stand in messages and events. Decides nothing.

use bakery_core::model::{Digest, Repository};

/// `repository@digest`.
pub(crate) fn at(repository: &Repository, digest: &Digest) -> String {
    format!("{repository}@{digest}")
}

/// `` `a`, `b` ``.
pub(crate) fn listed<T: std::fmt::Display>(things: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<String> = things.into_iter().map(|thing| format!("`{thing}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_quotes_its_things() {
        assert_eq!(listed(["a", "b"]), "`a`, `b`");
    }
}
