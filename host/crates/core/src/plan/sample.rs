//! Small configurations for the tests of this room, built by hand so that they do not depend on reading YAML.

use std::collections::BTreeMap;

use crate::{
    config::{
        Config, Dependency, DependencyName, DevSource, DevVersion, Image, Matrix, Os, Person, PinPolicy,
        Registry, Repository, Version,
    },
    model::{Channel, Platform, SourceKey},
};

pub(super) fn config(images: Vec<Image>) -> Config {
    let person = Person { name: "Image Team".to_owned(), email: "images@example.com".to_owned() };
    Config {
        repository: Repository {
            url: "https://example.com/images".to_owned(),
            vendor: "Example".to_owned(),
            maintainer: person.clone(),
            authors: vec![person],
        },
        registries: vec![registry("ghcr.io", Some("example"))],
        images,
        sources: Vec::new(),
        publish: crate::config::PublishSettings::default(),
        templates: crate::config::TemplateSettings::default(),
    }
}

pub(super) fn registry(host: &str, namespace: Option<&str>) -> Registry {
    Registry { host: host.to_owned(), namespace: namespace.map(str::to_owned), repository: None }
}

pub(super) fn image(name: &str) -> Image {
    Image {
        name: name.to_owned(),
        display_name: format!("The {name}"),
        description: None,
        documentation_url: None,
        subpath: name.to_owned(),
        registries: vec![registry("ghcr.io", Some("example"))],
        dependency_constraints: Vec::new(),
        variants: Vec::new(),
        versions: Vec::new(),
        dev_versions: Vec::new(),
        matrix: None,
        tag_patterns: None,
        build_target: None,
        build_secrets: Vec::new(),
        options: Vec::new(),
    }
}

/// Not primary, for amd64.
pub(super) fn os(name: &str) -> Os {
    Os {
        name: name.to_owned(),
        primary: false,
        platforms: vec![Platform::LinuxAmd64],
        extension: name.to_lowercase().replace([' ', '.'], ""),
        tag_display_name: name.to_lowercase().replace(' ', "-"),
        artifact_download_url: None,
    }
}

pub(super) fn primary(os: Os) -> Os {
    Os { primary: true, ..os }
}

pub(super) fn both_platforms(os: Os) -> Os {
    Os { platforms: Platform::ALL.to_vec(), ..os }
}

pub(super) fn version(name: &str, systems: &[Os]) -> Version {
    Version {
        name: name.to_owned(),
        subpath: name.to_owned(),
        latest: false,
        os: systems.to_vec(),
        dependencies: Vec::new(),
        values: BTreeMap::new(),
        build_target: None,
        registries: vec![registry("ghcr.io", Some("example"))],
    }
}

/// Ubuntu 22.04, and Ubuntu 24.04 as the primary one.
pub(super) fn dev(product: &str, channel: Channel) -> DevVersion {
    let key = SourceKey { product: product.to_owned(), channel };
    dev_version(
        DevSource::Channel { key, release_branch: None },
        vec![os("Ubuntu 22.04"), primary(os("Ubuntu 24.04"))],
    )
}

/// Follows positron, without a channel.
pub(super) fn dependency_dev() -> DevVersion {
    let source = DevSource::Dependency { name: DependencyName::Positron, prerelease: false, channel: None };
    dev_version(source, vec![primary(os("Ubuntu 24.04"))])
}

fn dev_version(source: DevSource, os: Vec<Os>) -> DevVersion {
    DevVersion {
        source,
        os,
        values: BTreeMap::new(),
        registries: vec![registry("ghcr.io", Some("preview"))],
        pin_policy: PinPolicy::Equal,
        line: 7,
    }
}

/// An image with pinned axes, named like the predecessor names rows by default.
pub(super) fn matrix_image(name: &str, axes: &[(&str, &[&str])]) -> Image {
    let dependencies = axes.iter().map(|(name, versions)| Dependency {
        name: DependencyName::ALL
            .into_iter()
            .find(|known| known.as_str() == *name)
            .expect("a dependency that exists"),
        versions: versions.iter().map(|version| (*version).to_owned()).collect(),
    });
    let pattern: Vec<String> =
        axes.iter().map(|(name, _)| format!("{name}{{{{ Dependencies.{name} }}}}")).collect();
    let matrix = Matrix {
        subpath: "matrix".to_owned(),
        name_pattern: pattern.join("-"),
        dependencies: dependencies.collect(),
        dependency_constraints: Vec::new(),
        values: Vec::new(),
        os: vec![primary(os("Ubuntu 24.04"))],
        registries: vec![registry("ghcr.io", Some("example"))],
        build_target: None,
    };
    Image { matrix: Some(matrix), ..image(name) }
}
