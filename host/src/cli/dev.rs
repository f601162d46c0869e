//! `bakery dev`: tags of images that are built here, and manifests that name them.

use std::path::PathBuf;

use bakery_dev::{cluster::Cluster, tag::Policy};
use clap::{Args, Subcommand, ValueEnum};
use regex::Regex;

use super::{
    UsageError,
    args::{self, Project, Upstreams},
    build::BuilderKind,
    env,
    publish::Registries,
};

/// Images that are built and run here.
#[derive(Debug, Subcommand)]
pub(crate) enum Dev {
    /// Print the tag of each image, for the tree as it is now.
    Tag(Tag),
    /// Write the locked tags into manifests: Kubernetes, Helm values, kustomize, compose.
    Rewrite(Rewrite),
    /// Look whether lock, tree, manifests and images agree, and say what mends it.
    Check(Check),
    /// Build the images that are missing, under their locked tags.
    Build(Build),
    /// Remove images that no worktree's lock names.
    Prune(Prune),
}

/// Which images, and how their tags are made.
#[derive(Clone, Debug, Args)]
pub(crate) struct DevTargets {
    /// What a tag is made of: commit is dev-<commit> where the inputs are the commit's, else with a key; content is
    /// dev-<key> [default: the lock's, or commit].
    #[arg(long, value_name = "POLICY", value_parser = policy)]
    pub(crate) policy: Option<Policy>,
    /// Only images whose name this regular expression finds.
    #[arg(long, value_name = "REGEX", value_parser = args::regex)]
    pub(crate) image_name: Option<Regex>,
    /// This version instead of the latest one.
    #[arg(long, value_name = "VERSION")]
    pub(crate) image_version: Option<String>,
    /// The variant that this regular expression finds, instead of the primary one.
    #[arg(long, value_name = "REGEX", value_parser = args::regex)]
    pub(crate) image_variant: Option<Regex>,
    /// The operating system that this regular expression finds, instead of the primary one.
    #[arg(long, value_name = "REGEX", value_parser = args::regex)]
    pub(crate) image_os: Option<Regex>,
    /// Platforms that this regular expression finds, instead of this machine's; repeatable.
    #[arg(long, value_name = "REGEX", value_parser = args::regex)]
    pub(crate) image_platform: Vec<Regex>,
    /// Where versions of a matrix are asked for.
    #[command(flatten)]
    pub(crate) upstreams: Upstreams,
    #[command(flatten)]
    pub(crate) remote: DevRemote,
    #[command(flatten)]
    pub(crate) project: Project,
}

/// What registries are asked.
#[derive(Clone, Debug, Args)]
pub(crate) struct DevRemote {
    /// Ask nobody: base images are those of the lock, else they count as they are written; a matrix that needs an
    /// upstream is an error [env: BAKERY_OFFLINE].
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    registries: Registries,
}

impl DevRemote {
    /// How registries are reached; none where none is asked.
    ///
    /// # Errors
    /// What the user said contradicts itself.
    pub(crate) fn registries(&self) -> Result<Option<Registries>, UsageError> {
        let offline = self.offline
            || match env::OFFLINE.read().as_deref() {
                None | Some("false" | "0") => false,
                Some("true" | "1") => true,
                Some(other) => {
                    let name = env::OFFLINE.name;
                    return Err(UsageError::new(format!(
                        "{name}: expected `true` or `false`, not `{other}`"
                    )));
                }
            };
        if offline { Ok(None) } else { self.registries.checked().map(Some) }
    }
}

fn policy(text: &str) -> Result<Policy, String> {
    text.parse().map_err(|error: bakery_dev::tag::ParsePolicyError| error.to_string())
}

fn cluster(text: &str) -> Result<Cluster, String> {
    text.parse().map_err(|error: bakery_dev::cluster::ParseClusterError| error.to_string())
}

/// What stands in for a tag where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Fallback {
    /// `latest`, which every build overwrites.
    Latest,
}

const TAG_HELP: &str = "\
Examples:
  bakery dev tag                          one line per image: IMAGE TAG
  bakery dev tag connect                  the tag of one image
  bakery dev tag --policy content --json
  bakery dev tag --lock                   fix the tags for builds and manifests of this worktree
  bakery dev tag --config-dir ~/.config/app    write the tag to .dev-image-tag there as well";

/// Print the tag of each image, for the tree as it is now.
#[derive(Debug, Args)]
#[command(after_help = TAG_HELP)]
pub(crate) struct Tag {
    /// Print the tag of this image alone.
    #[arg(value_name = "IMAGE")]
    pub(crate) image: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the tags into this worktree's lock.
    #[arg(long)]
    pub(crate) lock: bool,
    /// Ask registries for the base images anew, whatever the lock says.
    #[arg(long, conflicts_with = "offline")]
    pub(crate) update_bases: bool,
    /// Write the tag to `.dev-image-tag` in this folder; all images must have the same one.
    #[arg(long, value_name = "DIR")]
    pub(crate) config_dir: Option<PathBuf>,
    /// Use this tag where git cannot say what the tree is.
    #[arg(long, value_enum, value_name = "TAG")]
    pub(crate) fallback: Option<Fallback>,
    #[command(flatten)]
    pub(crate) targets: DevTargets,
}

const REWRITE_HELP: &str = "\
Examples:
  bakery dev rewrite k8s/ values.yaml     write the locked tags
  bakery dev rewrite --diff k8s/          show what would change
  bakery dev rewrite --check k8s/         exit 15 if something would change";

/// Write the locked tags into manifests. Where there is no lock, the tags of the tree are locked first.
#[derive(Debug, Args)]
#[command(after_help = REWRITE_HELP)]
pub(crate) struct Rewrite {
    /// Manifests, and folders with manifests: *.yaml, *.yml, *.json.
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Write nothing; exit 15 if something would change.
    #[arg(long)]
    pub(crate) check: bool,
    /// Write nothing; print what would change as a unified diff.
    #[arg(long)]
    pub(crate) diff: bool,
    /// Print one JSON object.
    #[arg(long, conflicts_with = "diff")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) targets: DevTargets,
}

const CHECK_HELP: &str = "\
Examples:
  bakery dev check                        the manifests that were rewritten
  bakery dev check k8s/ && kubectl apply -f k8s/";

/// Look whether lock, tree and manifests agree. Exit 15 if they do not.
#[derive(Debug, Args)]
#[command(after_help = CHECK_HELP)]
pub(crate) struct Check {
    /// Manifests, and folders with manifests [default: those that were rewritten].
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Print the findings as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// The image store to look into [default: the one that was built into, else docker, else buildah].
    #[arg(long, value_name = "STORE", value_enum, ignore_case = true)]
    pub(crate) store: Option<BuilderKind>,
    #[command(flatten)]
    pub(crate) targets: DevTargets,
}

const BUILD_HELP: &str = "\
Examples:
  bakery dev build                        build what is missing
  bakery dev build connect --store buildah
  bakery dev build connect --force        build it without the cache, and take its tag
  bakery dev build --import kind --import k3d:dev    and have every node of these clusters have them";

/// Build the images that are missing, under their locked tags. Images that are there are taken only where their key is
/// that of the tree. What changes while it is built gets no tag.
#[derive(Debug, Args)]
#[command(after_help = BUILD_HELP)]
pub(crate) struct Build {
    /// Build this image alone.
    #[arg(value_name = "IMAGE")]
    pub(crate) image: Option<String>,
    /// Build although it is there: this image, several with commas between them, or all [env:
    /// BAKERY_FORCE_REBUILD_DEV_IMAGES].
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    pub(crate) force: Option<String>,
    /// Ask registries for the base images anew, whatever the lock says.
    #[arg(long, conflicts_with = "offline")]
    pub(crate) update_bases: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Where images are built and kept [default: the lock's, else docker where its daemon answers, else
    /// buildah].
    #[arg(long, value_name = "STORE", value_enum, ignore_case = true)]
    pub(crate) store: Option<BuilderKind>,
    /// Import into this cluster, and ask every node whether it has the image: kind[:NAME] or k3d[:NAME]; repeatable.
    #[arg(long, value_name = "CLUSTER", value_parser = cluster)]
    pub(crate) import: Vec<Cluster>,
    /// The images are for this cluster no more; repeatable.
    #[arg(long, value_name = "CLUSTER", value_parser = cluster)]
    pub(crate) forget: Vec<Cluster>,
    #[command(flatten)]
    pub(crate) targets: DevTargets,
}

const PRUNE_HELP: &str = "\
Examples:
  bakery dev prune                        say what would go
  bakery dev prune --yes                  remove it";

/// Remove images that were built here and that no worktree's lock names. Without --yes it only says which.
#[derive(Debug, Args)]
#[command(after_help = PRUNE_HELP)]
pub(crate) struct Prune {
    /// Remove them.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// The image store [default: the lock's, else docker where its daemon answers, else buildah].
    #[arg(long, value_name = "STORE", value_enum, ignore_case = true)]
    pub(crate) store: Option<BuilderKind>,
    #[command(flatten)]
    pub(crate) project: Project,
}
