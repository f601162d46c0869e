//! What the nodes of clusters have of the lock's images: every node is asked, whatever an import said. Changes nothing.

use std::{fmt::Write as _, sync::Arc};

use bakery_core::model::Platform;
use bakery_dev::{
    check::{Answer, InCluster, Wrong},
    cluster::Cluster,
    import::ImportState,
    lock::{Lock, LockedImage},
    node::{Expected, Held, Lack},
};
use futures_util::{StreamExt as _, stream};

use super::{place::Place, stores};
use crate::{command::Failed, report::Talker, wiring::Clusters};

/// Nodes that are asked at the same time.
const AT_ONCE: usize = 8;

/// What is asked for.
pub(super) struct Question {
    /// The names that it is to have.
    pub(super) names: Vec<String>,
    /// The platform of the nodes.
    pub(super) platform: Platform,
    /// What is to be there.
    pub(super) expected: Expected,
}

/// What the nodes of a cluster say.
pub(super) enum Found {
    /// There are none.
    Gone,
    /// All of them have it.
    Proven {
        /// The nodes.
        nodes: Vec<String>,
        /// Digest of the configuration that they have.
        config: String,
    },
    /// Some have not, or cannot be asked.
    Wrong(Vec<Wrong>),
}

impl Question {
    /// What a lock says of an image, with what is to be there.
    pub(super) fn new(locked: &LockedImage, expected: Expected) -> Result<Self, Failed> {
        let names = locked.references();
        let platforms: Vec<Platform> = locked.platforms.iter().filter_map(|text| text.parse().ok()).collect();
        let here = super::pick::here();
        let platform = platforms.iter().find(|platform| **platform == here).or(platforms.first());
        let platform = *platform.ok_or_else(|| Failed::because("the lock names no platform of an image"))?;
        Ok(Self { names, platform, expected })
    }

    /// Asks every node of a cluster.
    ///
    /// # Errors
    /// Nobody says which nodes there are.
    pub(super) async fn ask(&self, clusters: &Clusters<'_>, cluster: &Cluster) -> Result<Found, Failed> {
        let nodes = clusters.nodes(cluster).await?;
        if nodes.is_empty() {
            return Ok(Found::Gone);
        }
        let asked: Vec<Result<Vec<Option<Held>>, Failed>> = stream::iter(&nodes)
            .map(|node| clusters.held(node, &self.names, self.platform))
            .buffered(AT_ONCE)
            .collect()
            .await;
        let mut wrong = Vec::new();
        let mut first = None;
        for (node, held) in nodes.iter().zip(asked) {
            match held {
                Err(failed) => wrong.push(unknown(Some(node), &failed)),
                Ok(held) => wrong.extend(self.names.iter().zip(&held).filter_map(|(name, held)| {
                    let lack = self.expected.lack(held.as_ref());
                    let lack = lack.or_else(|| other_than_the_first(&mut first, node, held.as_ref()))?;
                    Some(Wrong::Lacks { node: node.clone(), reference: name.clone(), lack })
                })),
            }
        }
        Ok(match first {
            Some((_, config)) if wrong.is_empty() => Found::Proven { nodes, config },
            _ => Found::Wrong(wrong),
        })
    }
}

/// All nodes must have the same image.
fn other_than_the_first<'a>(
    first: &mut Option<(&'a str, String)>,
    node: &'a str,
    held: Option<&Held>,
) -> Option<Lack> {
    let held = held?;
    let (other, config) = first.get_or_insert_with(|| (node, held.config.clone()));
    (*config != held.config).then(|| {
        Lack::Other(format!("of the same inputs: `{}`, where `{other}` has `{config}`", held.config))
    })
}

/// Why nobody knows, in words.
fn unknown(node: Option<&String>, failed: &Failed) -> Wrong {
    let mut why = String::new();
    let mut mend = None;
    for reason in failed.reasons() {
        let separator = if why.is_empty() { "" } else { "; " };
        let _ = write!(why, "{separator}{}", reason.message);
        mend = mend.or(reason.hint);
    }
    if let Some(node) = node.filter(|_| why.contains("is not running")) {
        mend = Some(format!("docker start {node}"));
    }
    Wrong::Unknown { node: node.cloned(), why, mend }
}

/// What all clusters of this worktree's lock have.
pub(super) fn in_clusters(
    lock: Option<&Lock>,
    place: &Place,
    talker: &Arc<Talker>,
) -> Result<Vec<InCluster>, Failed> {
    let Some(lock) = lock else { return Ok(Vec::new()) };
    if lock.images.values().all(|image| image.clusters.is_empty()) {
        return Ok(Vec::new());
    }
    let all = stores::with_clusters(place, talker, async |clusters| {
        let mut all = Vec::new();
        for (name, locked) in &lock.images {
            for cluster in locked.clusters.keys() {
                let answer = answer(clusters, locked, cluster).await?;
                all.push(InCluster { cluster: cluster.clone(), image: name.clone(), answer });
            }
        }
        Ok(all)
    })?;
    let mut gone: Vec<&Cluster> =
        all.iter().filter(|one| one.answer == Answer::Gone).map(|one| &one.cluster).collect();
    gone.dedup();
    for cluster in gone {
        talker.note(&format!("the cluster `{cluster}` of the lock has no nodes, so none was looked at"));
    }
    Ok(all)
}

async fn answer(clusters: &Clusters<'_>, locked: &LockedImage, cluster: &Cluster) -> Result<Answer, Failed> {
    let import = locked.clusters.get(cluster).filter(|import| import.state == ImportState::Imported);
    let found = match import {
        Some(import) => {
            let expected = Expected { key: locked.key.clone(), labels: None, config: import.config.clone() };
            Question::new(locked, expected)?.ask(clusters, cluster).await
        }
        // What is not done is told in any case, where there is a cluster.
        None => clusters
            .nodes(cluster)
            .await
            .map(|nodes| if nodes.is_empty() { Found::Gone } else { Found::Wrong(Vec::new()) }),
    };
    Ok(match found {
        Ok(Found::Gone) => Answer::Gone,
        Ok(Found::Proven { .. }) => Answer::Wrong(Vec::new()),
        Ok(Found::Wrong(wrong)) => Answer::Wrong(wrong),
        Err(failed) => Answer::Wrong(vec![unknown(None, &failed)]),
    })
}
