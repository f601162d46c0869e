//! The program builds images with real builders, `FROM scratch`, for two platforms; they are pushed by digest to
//! Debian's `docker-registry`, published, and looked at by `skopeo`. What a machine lacks counts as ignored.
#![expect(clippy::print_stderr, reason = "what is skipped is told")]

mod buildah;
mod docker;
mod world;

use bakery_tests::{DockerRegistry, DockerStore, Dockerd, container_runtime, find_tool, is_root, on_path};
use libtest_mimic::{Arguments, Failed, Trial};

type Case = (&'static str, fn() -> Result<(), Failed>);

const BUILDAH: [Case; 3] = [
    ("buildah_builds_two_platforms_that_are_published_and_pulled", buildah::two_platforms),
    ("buildah_pushes_tags_and_leaves_nothing_but_images", buildah::tags),
    ("a_dispatched_version_is_rendered_built_and_published", buildah::dispatched),
];

const BUILDKIT: [Case; 2] = [
    ("docker_builds_two_platforms_with_both_strategies_that_are_published_and_pulled", docker::two_platforms),
    ("docker_does_not_evaluate_texts_of_a_plan", docker::literal_texts),
];

const DOCKERD: [Case; 1] = [("docker_loads_what_it_builds_and_says_its_size", docker::loaded)];

fn main() {
    let arguments = Arguments::from_args();
    let lacks = |needed: &[(&'static str, bool)]| -> Vec<&'static str> {
        needed.iter().filter(|(_, there)| !there).map(|(name, _)| *name).collect()
    };
    let registry = ("docker-registry", DockerRegistry::is_installed());
    let skopeo = ("skopeo", on_path("skopeo").is_some());
    let docker = ("docker", on_path("docker").is_some());
    let buildx = ("docker-buildx", find_tool("docker-buildx").is_some());
    let buildkit = ("buildkitd", find_tool("buildkitd").is_some() && container_runtime().is_some());
    let root = ("root", is_root());
    let groups: [(&[Case], Vec<&str>); 3] = [
        (&BUILDAH, lacks(&[registry, skopeo, ("buildah", on_path("buildah").is_some())])),
        (&BUILDKIT, lacks(&[registry, skopeo, docker, buildx, buildkit, root])),
        (&DOCKERD, Dockerd::lacks(DockerStore::Graph)),
    ];
    let mut trials = Vec::new();
    for (cases, missing) in groups {
        for (name, case) in cases {
            if !missing.is_empty() {
                eprintln!("skipped: {name}: there is no {}", missing.join(", "));
            }
            trials.push(Trial::test(*name, *case).with_ignored_flag(!missing.is_empty()));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}
