//! Clusters of this machine: their programs list nodes and import archives, docker asks each node what it has. What is
//! asked for is `bakery_dev`'s to say; whether the answer is good is the command's.

use std::{ffi::OsString, path::Path, time::Duration};

use bakery_core::{
    model::{ManifestContent, Platform},
    port::Failure,
};
use bakery_dev::{
    cluster::{self, Cluster, ClusterKind},
    node::{self, Held, MAX_ANSWER, Target},
    store::StoreError,
};

use super::tool::{Tool, Tools, failed};
use crate::command::Failed;

/// How long a question to a cluster or a node may take.
const QUESTION: Duration = Duration::from_secs(2 * 60);
/// How long an import may take. One whose node does not take it may wait for ever.
const IMPORT: Duration = Duration::from_secs(30 * 60);

/// Clusters that can be asked.
pub(crate) struct Clusters<'a>(Tools<'a>);

impl<'a> Clusters<'a> {
    pub(super) fn new(tools: Tools<'a>) -> Self {
        Self(tools)
    }

    /// The containers that are a cluster's nodes; none where there is no such cluster.
    pub(crate) async fn nodes(&self, cluster: &Cluster) -> Result<Vec<String>, Failed> {
        let answer = ask(&self.program(cluster, QUESTION)?, cluster.nodes()).await?;
        let listed = cluster.read_nodes(&answer).map_err(|error| unreadable(&error))?;
        if listed.is_empty() || cluster.kind() != ClusterKind::Kind {
            return Ok(listed);
        }
        let answer = ask(&self.docker()?, cluster::roles(&listed)).await?;
        cluster::read_roles(&answer).map_err(|error| unreadable(&error))
    }

    /// Tells what is done with a cluster.
    pub(crate) fn tell(&self, cluster: &Cluster, text: &str) {
        self.0.progress().tell(&cluster.to_string(), text);
    }

    /// Has a cluster's program give archives to its nodes. What it says of that is no proof.
    pub(crate) async fn import(
        &self,
        cluster: &Cluster,
        archives: &[impl AsRef<Path>],
    ) -> Result<(), Failed> {
        let program = self.program(cluster, IMPORT)?;
        let name = cluster.to_string();
        for archive in archives {
            let words = cluster.import(&archive.as_ref().to_string_lossy());
            let words = words.into_iter().map(OsString::from).collect();
            program.work(words, &name).await.map_err(|failure| failed(&failure))?;
        }
        Ok(())
    }

    /// What a node has under each of these names.
    pub(crate) async fn held(
        &self,
        node: &str,
        names: &[String],
        platform: Platform,
    ) -> Result<Vec<Option<Held>>, Failed> {
        let node = Node { name: node, docker: self.docker()?, platform };
        let answer = ask(&node.docker, node::images(node.name, names)).await?;
        let listed = node::read_images(&answer).map_err(|error| unreadable(&error))?;
        let mut all: Vec<Option<Held>> = Vec::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            let target = listed.get(name);
            // All names of an image point at the same thing, which is looked at once.
            let known =
                names[..at].iter().position(|before| target.is_some() && listed.get(before) == target);
            all.push(match (known, target) {
                (Some(known), _) => all[known].clone(),
                (None, Some(target)) => Some(node.image(target).await?),
                (None, None) => None,
            });
        }
        Ok(all)
    }

    fn docker(&self) -> Result<Tool<'a>, Failed> {
        self.0.find("docker", QUESTION, MAX_ANSWER).map_err(|why| {
            Failed::because(format!("the nodes of clusters are containers of docker: {why}"))
                .hint("install docker")
        })
    }

    fn program(&self, cluster: &Cluster, time: Duration) -> Result<Tool<'a>, Failed> {
        let name = cluster.kind().program();
        self.0.find(name, time, MAX_ANSWER).map_err(|why| {
            Failed::because(format!("the cluster `{cluster}`: {why}")).hint(format!("install `{name}`"))
        })
    }
}

/// A node that is asked.
struct Node<'a> {
    name: &'a str,
    docker: Tool<'a>,
    platform: Platform,
}

impl Node<'_> {
    async fn image(&self, target: &Target) -> Result<Held, Failed> {
        let wrong = |error: StoreError| unreadable(&error);
        let mut manifest = node::read_manifest(target, self.bytes(target).await?).map_err(wrong)?;
        if let Some(entry) = node::of_platform(&manifest, self.platform).map_err(wrong)? {
            let target = Target { media_type: entry.media_type.clone(), digest: entry.digest.clone() };
            manifest = node::read_manifest(&target, self.bytes(&target).await?).map_err(wrong)?;
        }
        let ManifestContent::Image { config, layers } = manifest.content() else {
            return Err(Failed::because(format!("`{}` is an index in an index", target.digest)));
        };
        let config = &config.digest;
        let bytes = ask(&self.docker, node::content(self.name, config)).await?;
        let labels = node::read_labels(config, &bytes).map_err(wrong)?;
        let needed: Vec<_> = layers.iter().filter(|layer| !layer.is_foreign()).map(|l| &l.digest).collect();
        let missing = if needed.is_empty() {
            0
        } else {
            let answer = ask(&self.docker, node::blobs(self.name, &needed)).await?;
            node::read_missing(&answer, &needed).map_err(wrong)?
        };
        Ok(Held { config: config.to_string(), labels, missing })
    }

    async fn bytes(&self, target: &Target) -> Result<Vec<u8>, Failed> {
        ask(&self.docker, node::content(self.name, &target.digest)).await
    }
}

async fn ask(tool: &Tool<'_>, words: Vec<String>) -> Result<Vec<u8>, Failed> {
    tool.ask(words).await.map_err(|failure: Failure| failed(&failure))
}

fn unreadable(error: &StoreError) -> Failed {
    Failed::because(error.to_string())
}
