//! Real configurations, normalised: what every room above reads.

use std::path::Path;

use bakery_core::{
    config::{self, Config},
    model::{Channel, Platform},
};
use libtest_mimic::Failed;

/// Loads a file, strictly, and counts its warnings.
fn load(folder: &Path, name: &str) -> Result<(Config, usize), Failed> {
    let text = std::fs::read(folder.join(name))?;
    match config::load(name, &text, true) {
        Ok(loaded) => Ok((loaded.config, loaded.warnings.list().len())),
        Err(errors) => Err(errors.render(false).into()),
    }
}

pub(crate) fn connect(folder: &Path) -> Result<(), Failed> {
    let (config, warnings) = load(folder, "images-connect.bakery.yaml")?;
    assert_eq!(warnings, 4, "`sourceType: stream` and `stream:`, twice each");
    assert_eq!(config.repository.url, "https://github.com/posit-dev/images-connect");
    assert_eq!(config.repository.maintainer.to_string(), "Posit Docker Team <docker@posit.co>");
    assert_eq!(config.repository.authors.len(), 2);
    let bases: Vec<_> = config.registries.iter().map(|registry| registry.base_url()).collect();
    assert_eq!(bases, ["docker.io/posit", "ghcr.io/posit-dev"]);
    let names: Vec<_> = config.images.iter().map(|image| image.name.as_str()).collect();
    assert_eq!(names, ["connect", "connect-content", "connect-content-init"]);

    let connect = &config.images[0];
    assert_eq!((connect.display_name.as_str(), connect.subpath.as_str()), ("Posit Connect", "connect"));
    assert_eq!(
        (connect.versions.len(), connect.variants.len(), connect.dependency_constraints.len()),
        (10, 2, 3)
    );
    let newest = &connect.versions[0];
    assert_eq!(
        (newest.name.as_str(), newest.subpath.as_str(), newest.latest),
        ("2026.03.1", "2026.03", true)
    );
    let os: Vec<_> = newest.os.iter().map(|os| (os.name.as_str(), os.primary)).collect();
    assert_eq!(os, [("Ubuntu 22.04", false), ("Ubuntu 24.04", true)]);
    assert_eq!(newest.dependencies[2].versions, ["1.9.36"]);
    assert!(connect.versions[4].os[0].primary, "the only one");
    assert_eq!(connect.variants[0].options[0].fields["wait"], 20);
    let dev = &connect.dev_versions[0];
    assert_eq!((dev.source.product(), dev.source.channel()), ("connect", Some(Channel::Daily)));
    assert_eq!(dev.os[1].platforms, Platform::ALL);
    assert_eq!(dev.registries[0].repository.as_deref(), Some("connect-preview"));
    assert_eq!(dev.registries.len(), 1);

    let matrix = config.images[1].matrix.as_ref().ok_or("a matrix")?;
    assert_eq!(matrix.name_pattern, "R{{ Dependencies.R }}-python{{ Dependencies.python }}");
    assert_eq!(matrix.dependency_constraints.len(), 3);
    assert_eq!(matrix.dependency_constraints[0].constraint.min.as_deref(), Some("4.3"));
    assert_eq!(matrix.dependency_constraints[2].constraint.count, Some(1));
    assert_eq!(
        config.images[1].documentation_url.as_deref(),
        Some("https://docs.posit.co/connect/admin/runtimes/content-images/")
    );
    let arm =
        config.images[2].versions.iter().filter(|v| v.os.iter().any(|os| os.platforms.len() == 2)).count();
    assert_eq!(arm, 2);
    Ok(())
}

pub(crate) fn multiplatform(folder: &Path) -> Result<(), Failed> {
    let (config, warnings) = load(folder, "multiplatform/bakery.yaml")?;
    assert_eq!(warnings, 0);
    let image = &config.images[0];
    assert_eq!((image.name.as_str(), image.display_name.as_str()), ("test-multi", "Test Multi"));
    assert_eq!(image.versions[0].os[1].platforms, Platform::ALL);
    assert_eq!(image.variants[1].options[0].fields["wait"], 1);
    Ok(())
}
