//! `bakery dev build --import`: images of a store on every node of a cluster. An import is done when every node was
//! asked and has the very image; what the program that imports says is no proof.

use std::{collections::BTreeSet, path::PathBuf};

use bakery_backend::state::Owner;
use bakery_dev::{
    check::{Wrong, import_line},
    cluster::{Cluster, ClusterKind},
    import::{Import, ImportState},
    lock::{Lock, LockedImage},
    node::Expected,
};
use serde_json::{Value, json};

use super::{
    lock,
    nodes::{Found, Question},
    place::Place,
};
use crate::{
    command::{Failed, failed::Reason},
    report::Talker,
    wiring::{Archives, OpenStore},
};

/// An image that is in a cluster.
pub(super) struct Imported {
    /// The image's name.
    pub(super) image: String,
    /// The cluster.
    pub(super) cluster: Cluster,
    /// All its nodes; each has it.
    pub(super) nodes: Vec<String>,
    /// Digest of the configuration that they have.
    pub(super) config: String,
    /// Whether it was imported now.
    pub(super) now: bool,
}

/// Imports, and writes into the lock what it does.
pub(super) struct Importing<'a> {
    /// Where images are.
    pub(super) store: &'a OpenStore<'a>,
    /// Where the lock is.
    pub(super) place: &'a Place,
    /// The right to change it.
    pub(super) owner: &'a Owner,
    /// The lock.
    pub(super) locked: &'a mut Lock,
    /// Who is told.
    pub(super) talker: &'a Talker,
}

impl Importing<'_> {
    /// Brings images into clusters. One that fails does not keep the others.
    ///
    /// # Errors
    /// A node of a cluster has not the image, or cannot be asked.
    pub(super) async fn all(
        &mut self,
        images: &[String],
        clusters: &[Cluster],
    ) -> Result<Vec<Imported>, Failed> {
        let clusters: BTreeSet<&Cluster> = clusters.iter().collect();
        let mut done = Vec::new();
        let mut failures = Vec::new();
        for image in images {
            let mut archives = None;
            for cluster in &clusters {
                match self.one(image, cluster, &mut archives).await {
                    Ok(imported) => done.push(imported),
                    Err(failed) => failures.push(failed),
                }
            }
            if let Some(archives) = archives {
                archives.remove().await;
            }
        }
        match failures.len() {
            0 => Ok(done),
            1 => Err(failures.remove(0)),
            _ => Err(Failed::Many(failures.iter().flat_map(Failed::reasons).collect())),
        }
    }

    async fn one(
        &mut self,
        image: &str,
        cluster: &Cluster,
        archives: &mut Option<Archives>,
    ) -> Result<Imported, Failed> {
        let Some(locked) = self.locked.images.get(image).cloned() else {
            return Err(Failed::because(format!("the lock has no tag for `{image}`")));
        };
        let question = Question::new(&locked, self.expected(image, &locked).await?)?;
        let clusters = self.store.clusters();
        match question.ask(&clusters, cluster).await? {
            Found::Gone => return Err(gone(cluster)),
            Found::Proven { nodes, config } => return self.done(image, cluster, nodes, config, false),
            Found::Wrong(_) => {}
        }
        // Intent before effect.
        self.state(image, cluster, Import::begun())?;
        clusters.tell(cluster, &format!("imports `{image}`"));
        let said = match self.archives(&locked, archives, &format!("{cluster} {image}")).await {
            Ok(files) => clusters.import(cluster, &files).await,
            Err(failed) => Err(failed),
        };
        match question.ask(&clusters, cluster).await? {
            Found::Gone => Err(gone(cluster)),
            Found::Proven { nodes, config } => {
                for reason in said.err().iter().flat_map(Failed::reasons) {
                    self.talker.warning(&format!("{cluster}: {}; but every node has it", reason.message));
                }
                clusters.tell(cluster, &format!("`{image}` is on every node: {}", nodes.join(", ")));
                self.done(image, cluster, nodes, config, true)
            }
            Found::Wrong(wrong) => {
                // What nobody knows stays what it was begun as.
                if wrong.iter().all(|one| matches!(one, Wrong::Lacks { .. })) {
                    self.state(image, cluster, Import::wanted())?;
                }
                Err(refused(image, cluster, said.err().as_ref(), &wrong))
            }
        }
    }

    /// What the store has, which must be what the lock says was built.
    async fn expected(&self, image: &str, locked: &LockedImage) -> Result<Expected, Failed> {
        let references = locked.references();
        let mut expected = None;
        for name in &references {
            let there = self.store.look(name).await?;
            let there =
                there.filter(|there| locked.image_id.as_ref() == Some(&there.id)).ok_or_else(|| {
                    Failed::because(format!("{} has not what was built as `{name}`", self.store.name()))
                        .hint(format!("`bakery dev build {image}` looks again"))
                })?;
            expected = Some(Expected::of(&there, &locked.key));
        }
        expected.ok_or_else(|| Failed::because(format!("the lock has no name for `{image}`")))
    }

    /// The image in files, written once for all clusters.
    async fn archives(
        &self,
        locked: &LockedImage,
        archives: &mut Option<Archives>,
        title: &str,
    ) -> Result<Vec<PathBuf>, Failed> {
        if archives.is_none() {
            *archives = Some(self.store.export(&locked.references(), title).await?);
        }
        Ok(archives.as_ref().map(|archives| archives.files.clone()).unwrap_or_default())
    }

    fn done(
        &mut self,
        image: &str,
        cluster: &Cluster,
        nodes: Vec<String>,
        config: String,
        now: bool,
    ) -> Result<Imported, Failed> {
        self.state(image, cluster, Import::proven(config.clone()))?;
        Ok(Imported { image: image.to_owned(), cluster: cluster.clone(), nodes, config, now })
    }

    fn state(&mut self, image: &str, cluster: &Cluster, import: Import) -> Result<(), Failed> {
        let before = self.locked.images.get(image).and_then(|image| image.clusters.get(cluster));
        if before == Some(&import) {
            return Ok(());
        }
        *self.locked = self.locked.clone().with_import(image, cluster, import);
        lock::write(self.place, self.owner, self.locked)
    }
}

/// Everything that is wrong with an import, node by node.
fn refused(image: &str, cluster: &Cluster, said: Option<&Failed>, wrong: &[Wrong]) -> Failed {
    let program = cluster.kind().program();
    let ended = if said.is_some() { "" } else { ", although it ended well" };
    let mut reasons: Vec<Reason> = said.iter().flat_map(|failed| failed.reasons()).collect();
    reasons.extend(wrong.iter().map(|one| {
        match one {
            Wrong::Lacks { node, reference, lack } => Reason::new(format!(
                "{program} did not import `{image}` into `{cluster}`{ended}: {}",
                lack.sentence(node, reference)
            ))
            .hint(format!("import it again; `docker logs {node}` may say why it was not taken")),
            Wrong::Unknown { node, why, mend } => {
                let whom = node.as_deref().unwrap_or("a node");
                let reason = Reason::new(format!("nobody knows whether `{whom}` has `{image}`: {why}"));
                match mend {
                    Some(mend) => reason.hint(mend.clone()),
                    None => reason,
                }
            }
        }
    }));
    Failed::Many(reasons)
}

fn gone(cluster: &Cluster) -> Failed {
    let list = match cluster.kind() {
        ClusterKind::Kind => "kind get clusters",
        ClusterKind::K3d => "k3d cluster list",
    };
    Failed::because(format!("the cluster `{cluster}` has no nodes"))
        .hint(format!("is it called so? `{list}` lists clusters"))
}

/// Clusters of the lock that have not what was built.
pub(super) fn tell_wanted(locked: &Lock, images: &[String], talker: &Talker) {
    for image in images {
        let Some(locked) = locked.images.get(image) else { continue };
        for (cluster, import) in &locked.clusters {
            if import.state != ImportState::Imported {
                let line = import_line(image, cluster);
                talker.note(&format!(
                    "nothing says that `{cluster}` has `{image}` as it is now: `{line}` imports it"
                ));
            }
        }
    }
}

/// One line for each cluster that an image is in.
pub(super) fn lines(all: &[Imported], image: &str, locked: &Lock) -> String {
    let tag = locked.images.get(image).map_or("", |image| image.tag.as_str());
    let line = |one: &Imported| {
        format!("{image} {tag} {} {}\n", if one.now { "imported" } else { "present" }, one.cluster)
    };
    all.iter().filter(|one| one.image == image).map(line).collect()
}

/// The same for programs.
pub(super) fn described(all: &[Imported], image: &str) -> Value {
    let one = |one: &Imported| {
        let Imported { nodes, config, now, .. } = one;
        (one.cluster.to_string(), json!({ "nodes": nodes, "config": config, "imported": now }))
    };
    all.iter().filter(|one| one.image == image).map(one).collect::<serde_json::Map<_, _>>().into()
}
