//! Clusters whose nodes are containers of this machine, in the words of their programs: which arguments ask for what,
//! and what the answers mean. Starts nothing.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    manifest::Labelled,
    store::{StoreError, words},
};

/// Characters of a name.
const MAX_NAME: usize = 128;
/// The label with the role of a node of kind.
const KIND_ROLE: &str = "io.x-k8s.kind.role";
/// The role of what stands before several control planes, and runs no pods.
const KIND_BALANCER: &str = "external-load-balancer";
/// The label with the cluster of a node of k3d.
const K3D_CLUSTER: &str = "k3d.cluster";
/// The roles of k3d's nodes that run pods.
const K3D_NODES: [&str; 2] = ["server", "agent"];

/// What makes clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClusterKind {
    /// `kind`.
    Kind,
    /// `k3d`.
    K3d,
}

/// A cluster: `kind:NAME` or `k3d:NAME`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cluster {
    kind: ClusterKind,
    name: String,
}

/// The text is no cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseClusterError {
    /// Nothing that is known makes it.
    #[error("expected kind, kind:CLUSTER, k3d or k3d:CLUSTER, found `{0}`")]
    Kind(String),
    /// It cannot be called so.
    #[error(
        "`{0}` is no name of a cluster: expected letters, digits, `-`, `_` and `.`, with a letter or a digit first"
    )]
    Name(String),
}

impl ClusterKind {
    /// Its program.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::K3d => "k3d",
        }
    }

    /// What it calls a cluster that is given no name.
    fn default_name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::K3d => "k3s-default",
        }
    }
}

impl Cluster {
    /// What made it.
    #[must_use]
    pub fn kind(&self) -> ClusterKind {
        self.kind
    }

    /// Asks its program for its nodes.
    #[must_use]
    pub fn nodes(&self) -> Vec<String> {
        match self.kind {
            ClusterKind::Kind => words(["get", "nodes", "--name", &self.name]),
            ClusterKind::K3d => words(["node", "list", "-o", "json"]),
        }
    }

    /// What the program says to that: containers of docker. Those of kind may have other roles: see [`roles`].
    ///
    /// # Errors
    /// It is something else.
    pub fn read_nodes(&self, answer: &[u8]) -> Result<Vec<String>, StoreError> {
        match self.kind {
            ClusterKind::Kind => {
                let text = std::str::from_utf8(answer).map_err(|error| self.wrong(error))?;
                let names = text.lines().map(str::trim).filter(|line| !line.is_empty());
                names.map(|name| self.node(name)).collect()
            }
            ClusterKind::K3d => {
                let nodes: Option<Vec<K3dNode>> =
                    serde_json::from_slice(answer).map_err(|error| self.wrong(error))?;
                let nodes = nodes.unwrap_or_default().into_iter().filter(|node| {
                    node.labels.get(K3D_CLUSTER) == Some(&self.name) && K3D_NODES.contains(&&*node.role)
                });
                nodes.map(|node| self.node(node.name.trim_start_matches('/'))).collect()
            }
        }
    }

    /// Has its program give an archive of images to every node. Whether that happened is asked of the nodes.
    #[must_use]
    pub fn import(&self, archive: &str) -> Vec<String> {
        match self.kind {
            ClusterKind::Kind => words(["load", "image-archive", archive, "--name", &self.name]),
            // The other mode starts a container of an image that has to be pulled.
            ClusterKind::K3d => words(["image", "import", archive, "-c", &self.name, "--mode", "direct"]),
        }
    }

    /// A node's name stands among the arguments of docker.
    fn node(&self, name: &str) -> Result<String, StoreError> {
        if is_name(name) {
            Ok(name.to_owned())
        } else {
            Err(self.wrong(format!("`{}` is no name of a node", name.escape_debug())))
        }
    }

    fn wrong(&self, what: impl ToString) -> StoreError {
        StoreError { store: self.kind.program(), what: what.to_string() }
    }
}

impl fmt::Display for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.program(), self.name)
    }
}

impl FromStr for Cluster {
    type Err = ParseClusterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, name) = text.split_once(':').map_or((text, None), |(kind, name)| (kind, Some(name)));
        let kind = [ClusterKind::Kind, ClusterKind::K3d]
            .into_iter()
            .find(|known| known.program() == kind)
            .ok_or_else(|| ParseClusterError::Kind(text.to_owned()))?;
        let name = name.unwrap_or(kind.default_name());
        if is_name(name) {
            Ok(Self { kind, name: name.to_owned() })
        } else {
            Err(ParseClusterError::Name(name.to_owned()))
        }
    }
}

impl TryFrom<String> for Cluster {
    type Error = ParseClusterError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Cluster> for String {
    fn from(cluster: Cluster) -> Self {
        cluster.to_string()
    }
}

/// Asks docker what these containers are.
#[must_use]
pub fn roles(containers: &[String]) -> Vec<String> {
    let mut all = words(["container", "inspect"]);
    all.extend_from_slice(containers);
    all
}

/// What docker says to that: those that run pods. What has no role is taken for one that does.
///
/// # Errors
/// It is something else.
pub fn read_roles(answer: &[u8]) -> Result<Vec<String>, StoreError> {
    let wrong = |what: String| StoreError { store: "docker", what };
    let all: Vec<Container> = serde_json::from_slice(answer).map_err(|error| wrong(error.to_string()))?;
    let node = |Container { name, config }: Container| {
        if Labelled::labels(config).get(KIND_ROLE).is_some_and(|role| role == KIND_BALANCER) {
            return None;
        }
        let name = name.trim_start_matches('/');
        Some(if is_name(name) {
            Ok(name.to_owned())
        } else {
            Err(wrong(format!("`{}` is no name of a container", name.escape_debug())))
        })
    };
    all.into_iter().filter_map(node).collect()
}

#[derive(Deserialize)]
struct K3dNode {
    name: String,
    #[serde(default)]
    role: String,
    #[serde(rename = "runtimeLabels", default)]
    labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Container {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Config")]
    config: Option<Labelled>,
}

/// What docker takes as a container's name, and what cannot be read as a flag.
fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(text: &str) -> Cluster {
        text.parse().unwrap()
    }

    #[test]
    fn a_cluster_is_named_or_has_the_name_that_its_program_gives() {
        for (text, full) in [
            ("kind", "kind:kind"),
            ("k3d", "k3d:k3s-default"),
            ("kind:ci-1", "kind:ci-1"),
            ("k3d:dev.a", "k3d:dev.a"),
        ] {
            assert_eq!(cluster(text).to_string(), full);
            assert_eq!(cluster(full), cluster(text));
        }
        for bad in ["", "minikube", "kind:", "kind:-n", "kind:a b", "k3d:a/b", "kind:a:b", "Kind"] {
            assert!(bad.parse::<Cluster>().is_err(), "{bad}");
        }
        assert!(format!("kind:{}", "a".repeat(129)).parse::<Cluster>().is_err());
    }

    #[test]
    fn kind_lists_its_containers_and_the_load_balancer_is_no_node() {
        let kind = cluster("kind");
        let nodes = kind.read_nodes(b"kind-worker\nkind-external-load-balancer\n\n").unwrap();
        assert_eq!(nodes, ["kind-worker", "kind-external-load-balancer"]);
        assert_eq!(kind.read_nodes(b"").unwrap(), [""; 0]);
        let inspected = br#"[
            {"Name":"/kind-worker","Config":{"Labels":{"io.x-k8s.kind.role":"worker"}}},
            {"Name":"/kind-external-load-balancer","Config":{"Labels":{"io.x-k8s.kind.role":"external-load-balancer"}}},
            {"Name":"/kind-other","Config":{"Labels":null}}]"#;
        assert_eq!(read_roles(inspected).unwrap(), ["kind-worker", "kind-other"]);
    }

    #[test]
    fn k3d_lists_every_cluster_and_what_is_no_node() {
        let node = |name: &str, role: &str, cluster: &str| {
            format!(r#"{{"name":"{name}","role":"{role}","runtimeLabels":{{"k3d.cluster":"{cluster}"}}}}"#)
        };
        let answer = [
            node("k3d-dev-server-0", "server", "dev"),
            node("k3d-dev-agent-0", "agent", "dev"),
            node("k3d-dev-serverlb", "loadbalancer", "dev"),
            node("k3d-dev-tools", "noRole", "dev"),
            node("k3d-other-server-0", "server", "other"),
            r#"{"name":"k3d-registry","role":"registry"}"#.to_owned(),
        ];
        let answer = format!("[{}]", answer.join(","));
        let nodes = cluster("k3d:dev").read_nodes(answer.as_bytes()).unwrap();
        assert_eq!(nodes, ["k3d-dev-server-0", "k3d-dev-agent-0"]);
        assert_eq!(cluster("k3d").read_nodes(answer.as_bytes()).unwrap(), [""; 0]);
        assert_eq!(cluster("k3d").read_nodes(b"null\n").unwrap(), [""; 0]);
    }

    #[test]
    fn what_is_no_answer_is_an_error_that_names_the_program() {
        for bad in [&b"\xff"[..], b"--privileged\n", b"a b\n", b"a;b\n"] {
            assert!(cluster("kind").read_nodes(bad).unwrap_err().to_string().starts_with("kind"));
        }
        let flag = br#"[{"name":"-v","role":"server","runtimeLabels":{"k3d.cluster":"k3s-default"}}]"#;
        for bad in [&b""[..], b"{}", b"[1]", b"[{}]", flag] {
            assert!(cluster("k3d").read_nodes(bad).unwrap_err().to_string().starts_with("k3d"));
        }
        for bad in [&b""[..], b"{}", br#"[{"Name":"/-v"}]"#] {
            assert!(read_roles(bad).unwrap_err().to_string().starts_with("docker"));
        }
    }
}
