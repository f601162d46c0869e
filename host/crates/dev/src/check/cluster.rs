//! Whether clusters have what the lock says was imported. A cluster that is gone has no findings: nothing runs there.

use super::{Code, Finding, found};
use crate::{
    cluster::Cluster,
    import::{Import, ImportState},
    lock::Lock,
    node::Lack,
};

/// What a cluster has of an image that the lock has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InCluster {
    /// The cluster.
    pub cluster: Cluster,
    /// The image's name in `bakery.yaml`.
    pub image: String,
    /// What its nodes say.
    pub answer: Answer,
}

/// What the nodes of a cluster say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There are none.
    Gone,
    /// These are wrong; no others are.
    Wrong(Vec<Wrong>),
}

/// Something that is wrong with a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A node has not what it was given.
    Lacks {
        /// The node.
        node: String,
        /// The name in the node.
        reference: String,
        /// What it lacks.
        lack: Lack,
    },
    /// Nobody knows what a node has, or which nodes there are.
    Unknown {
        /// The node, where it is one alone.
        node: Option<String>,
        /// Why, in words.
        why: String,
        /// What helps.
        mend: Option<String>,
    },
}

/// The command that imports an image.
#[must_use]
pub fn import_line(image: &str, cluster: &Cluster) -> String {
    format!("bakery dev build {image} --import {cluster}")
}

/// Everything that does not agree.
pub(super) fn findings(lock: &Lock, looked: &[InCluster]) -> Vec<Finding> {
    let mut all = Vec::new();
    for (image, locked) in &lock.images {
        for (cluster, import) in &locked.clusters {
            let answer = looked.iter().find(|one| one.image == *image && one.cluster == *cluster);
            all.extend(of_one(image, cluster, import, answer.map(|one| &one.answer)));
        }
    }
    all
}

fn of_one(image: &str, cluster: &Cluster, import: &Import, answer: Option<&Answer>) -> Vec<Finding> {
    let mend = import_line(image, cluster);
    match (import.state, answer) {
        (_, Some(Answer::Gone)) => Vec::new(),
        (ImportState::Wanted, _) => {
            let message = format!("nothing says that the nodes of `{cluster}` have `{image}` as it is now");
            vec![found(Code::NotStored, message, &mend)]
        }
        (ImportState::Importing, _) => {
            vec![found(
                Code::Interrupted,
                format!("importing `{image}` into `{cluster}` was interrupted"),
                &mend,
            )]
        }
        (ImportState::Imported, Some(Answer::Wrong(wrong))) => {
            wrong.iter().map(|one| of_node(image, cluster, one, &mend)).collect()
        }
        (ImportState::Imported, None) => {
            let message = format!("whether `{cluster}` has `{image}` was not looked at");
            vec![found(Code::Unreachable, message, &mend)]
        }
    }
}

fn of_node(image: &str, cluster: &Cluster, wrong: &Wrong, mend: &str) -> Finding {
    match wrong {
        Wrong::Lacks { node, reference, lack } => {
            let code = if matches!(lack, Lack::Other(_)) { Code::OtherImage } else { Code::NotStored };
            found(code, format!("{cluster}: {}", lack.sentence(node, reference)), mend)
        }
        Wrong::Unknown { node, why, mend: better } => {
            let whom = node.as_ref().map_or_else(String::new, |node| format!("node `{node}`: "));
            let message = format!("{cluster}: {whom}nobody knows whether it has `{image}`: {why}");
            found(Code::Unreachable, message, better.as_deref().unwrap_or(mend))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::tests::sample;

    fn kind() -> Cluster {
        "kind".parse().unwrap()
    }

    fn of(import: Import, answer: Option<Answer>) -> Vec<(Code, String)> {
        let lock = sample().with_import("connect", &kind(), import);
        let looked: Vec<InCluster> = answer
            .into_iter()
            .map(|answer| InCluster { cluster: kind(), image: "connect".to_owned(), answer })
            .collect();
        findings(&lock, &looked).into_iter().map(|one| (one.code, one.mend)).collect()
    }

    #[test]
    fn a_node_that_has_not_the_image_is_a_finding_with_the_line_that_imports_it() {
        let mend = "bakery dev build connect --import kind:kind".to_owned();
        let proven = || Import::proven("sha256:1".to_owned());
        let lacks = |lack| {
            let (node, reference) = ("kind-worker".to_owned(), "r:1".to_owned());
            Some(Answer::Wrong(vec![Wrong::Lacks { node, reference, lack }]))
        };
        assert_eq!(of(proven(), Some(Answer::Wrong(Vec::new()))), []);
        assert_eq!(of(proven(), lacks(Lack::Absent)), [(Code::NotStored, mend.clone())]);
        assert_eq!(of(proven(), lacks(Lack::Incomplete(1))), [(Code::NotStored, mend.clone())]);
        let other = lacks(Lack::Other("x".to_owned()));
        assert_eq!(of(proven(), other), [(Code::OtherImage, mend.clone())]);
        let unknown = Wrong::Unknown { node: None, why: "w".to_owned(), mend: Some("start".to_owned()) };
        let unknown = Some(Answer::Wrong(vec![unknown]));
        assert_eq!(of(proven(), unknown), [(Code::Unreachable, "start".to_owned())]);
        assert_eq!(of(proven(), None), [(Code::Unreachable, mend.clone())], "never silently fine");
        assert_eq!(of(Import::begun(), None), [(Code::Interrupted, mend.clone())]);
        assert_eq!(of(Import::wanted(), None), [(Code::NotStored, mend)]);
    }

    #[test]
    fn a_cluster_that_is_gone_has_nothing_that_could_be_wrong() {
        for import in [Import::wanted(), Import::begun(), Import::proven("sha256:1".to_owned())] {
            assert_eq!(of(import, Some(Answer::Gone)), []);
        }
    }
}
