//! A project in memory, and its templates rendered. Asserts nothing.

use bakery_core::{
    config::{Config, Dependency, DependencyName, load},
    model::Platform,
    plan::{PlatformArtifact, ResolvedOs, VersionFolder},
};
use bakery_render::{Faults, File, Rendered, Tree, render};

/// One image with two variants.
pub(crate) const VARIANTS: &str = "
repository: {url: github.com/example/images}
images:
  - name: connect
    displayName: Example Connect
    variants: [{name: Standard, extension: std, primary: true}, {name: Minimal, extension: min}]
    devVersions:
      - sourceType: channel
        product: connect
        channel: daily
        values: {port: '3939'}
        os:
          - {name: Ubuntu 22.04}
          - {name: Ubuntu 24.04, primary: true, platforms: [linux/amd64, linux/arm64]}
";

/// The same without variants.
pub(crate) const PLAIN: &str = "
repository: {url: github.com/example/images}
images:
  - name: connect
    devVersions:
      - {sourceType: channel, product: connect, channel: daily, os: [{name: Ubuntu 24.04}]}
";

/// What `bakery.yaml` says.
pub(crate) fn config(yaml: &str) -> Config {
    load("bakery.yaml", yaml.as_bytes(), true).unwrap().config
}

/// The development version of the first image, as a dispatch would have pinned it.
pub(crate) fn folder(config: &Config) -> VersionFolder<'_> {
    let image = &config.images[0];
    let dev = &image.dev_versions[0];
    let artifact = |platform: Platform, name: &str| PlatformArtifact {
        platform,
        url: format!("https://cdn.example/{name}/connect_2026.05.0_{}.deb", platform.architecture()),
        digest: None,
        size: None,
    };
    let systems = dev.os.iter().map(|os| ResolvedOs {
        os: os.clone(),
        artifacts: os.platforms.iter().map(|platform| artifact(*platform, &os.extension)).collect(),
    });
    VersionFolder {
        image,
        subpath: ".dev-2026.05.0-dev+185-gsha".to_owned(),
        version: "2026.05.0-dev+185-gSHA".to_owned(),
        dev: true,
        systems: systems.collect(),
        dependencies: vec![
            Dependency {
                name: DependencyName::Python,
                versions: vec!["3.14.6".to_owned(), "3.13.9".to_owned()],
            },
            Dependency { name: DependencyName::R, versions: vec!["4.6.1".to_owned()] },
            Dependency { name: DependencyName::Quarto, versions: vec!["1.8.27".to_owned()] },
        ],
        values: &dev.values,
    }
}

/// A folder of these files.
pub(crate) fn tree(path: &str, files: &[(&str, &str)]) -> Tree {
    let file = |(path, text): &(&str, &str)| File {
        path: (*path).to_owned(),
        bytes: text.as_bytes().to_vec(),
        mode: 0o644,
    };
    Tree { path: path.to_owned(), files: files.iter().map(file).collect() }
}

/// Renders these templates for the first image of `yaml`.
pub(crate) fn rendered(yaml: &str, files: &[(&str, &str)]) -> Result<Rendered, Faults> {
    render(&folder(&config(yaml)), &tree("connect/template", files), &[])
}

/// The text of a template that is no Containerfile.
pub(crate) fn text(template: &str) -> Result<String, String> {
    let rendered =
        rendered(PLAIN, &[("x.jinja2", template)]).map_err(|faults| faults.list[0].message.clone())?;
    Ok(String::from_utf8(rendered.tree.file("x").unwrap().bytes.clone()).unwrap())
}

/// The text of an expression, without the line end that every file gets.
pub(crate) fn printed(template: &str) -> Result<String, String> {
    text(&format!("[{template}]")).map(|text| {
        text.strip_prefix('[').and_then(|text| text.strip_suffix("]\n")).unwrap_or(&text).to_owned()
    })
}
