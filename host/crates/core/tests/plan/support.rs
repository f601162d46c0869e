//! A configuration and answers for the tests. The answers are made up; nothing is asked of a network.

use std::time::Duration;

use bakery_core::{
    config::{self, Config, DependencyName, SourceEntry},
    model::{ComponentRef, SourceKey},
    plan::{
        self, Builds, Catalogue, Detail, Facts, ListSource, Pin, PlanError, Questions, Selection, Target,
    },
    port::{Artifact, ListQuery, Resolution, SourceError, SourceQuery},
};

pub(crate) fn config(text: impl AsRef<[u8]>) -> Config {
    match config::load("bakery.yaml", text.as_ref(), false) {
        Ok(loaded) => loaded.config,
        Err(diagnostics) => panic!("{}", diagnostics.render(false)),
    }
}

/// `images:` with the rest of a small file around it.
pub(crate) fn images(images: &str) -> Config {
    config(format!(
        "repository: {{url: example.com/images}}\nregistries: [{{host: ghcr.io, namespace: example}}]\nimages:\n{images}"
    ))
}

/// How sources and lists answer.
pub(crate) struct Upstream<'a> {
    pub(crate) source: &'a dyn Fn(&SourceQuery) -> Result<Resolution, SourceError>,
    pub(crate) list: &'a dyn Fn(&ListQuery) -> Result<Vec<String>, SourceError>,
}

impl Default for Upstream<'_> {
    /// Every source is at `2026.05.0-dev+7`, or at the pin; the lists are short.
    fn default() -> Self {
        Self {
            source: &|query| Ok(answer(query, query.pinned.as_deref().unwrap_or("2026.05.0-dev+7"))),
            list: &|query| Ok(versions(query.dependency)),
        }
    }
}

pub(crate) fn versions(dependency: DependencyName) -> Vec<String> {
    let versions: &[&str] = match dependency {
        DependencyName::R => &["4.5.2", "4.4.3"],
        DependencyName::Python => &["3.14.1", "3.13.9", "3.12.12"],
        DependencyName::Quarto => &["1.8.26"],
        DependencyName::Positron => &["2026.07.0-55"],
    };
    versions.iter().map(|version| (*version).to_owned()).collect()
}

pub(crate) fn answer(query: &SourceQuery, version: &str) -> Resolution {
    let artifacts = query.targets.iter().map(|target| {
        let (os, architecture) = (&target.os, target.platform.architecture());
        Ok(Artifact {
            version: version.to_owned(),
            url: format!(
                "https://cdn.example/{}/{}{}_{architecture}.deb",
                query.product, os.name, os.version
            ),
            digest: None,
            size: None,
        })
    });
    Resolution {
        artifacts: artifacts.collect(),
        head: Some(version.to_owned()),
        origin: Some(format!("https://cdn.example/{}.json", query.product)),
        published: None,
        waited: Duration::ZERO,
        attempts: 1,
    }
}

/// The products table: everything but connect's preview; package-manager is offline when pinned.
fn entry(key: &SourceKey) -> Option<SourceEntry> {
    (key.to_string() != "connect (preview)").then(|| SourceEntry {
        key: key.clone(),
        component: ComponentRef::Builtin("source-test".to_owned()),
        config: serde_json::json!({ "product": key.product }),
        allow: vec![format!("https://cdn.example/{}", key.product)],
        offline_when_pinned: key.product == "package-manager",
    })
}

pub(crate) fn questions(
    config: &Config,
    selection: &Selection,
    pins: &[Pin],
    detail: Detail,
) -> Result<Questions, PlanError> {
    let list = |name: DependencyName| ListSource {
        component: ComponentRef::Builtin("source-dependency".to_owned()),
        config: format!("{{\"name\":\"{}\"}}", name.as_str()),
        allow: vec!["https://lists.example/".to_owned()],
    };
    plan::questions(config, selection, pins, detail, Catalogue { source: &entry, list: &list })
}

/// Asks every question once and puts the builds together.
pub(crate) fn select<'c>(
    config: &'c Config,
    selection: &Selection,
    pins: &[Pin],
    upstream: &Upstream<'_>,
) -> Result<Builds<'c>, PlanError> {
    let questions = questions(config, selection, pins, Detail::Labels)?;
    let mut facts = Facts::default();
    for query in &questions.sources {
        facts.answer_source(query.clone(), (upstream.source)(query));
    }
    for query in &questions.lists {
        facts.answer_list(query.clone(), (upstream.list)(query));
    }
    plan::select(config, selection, &questions, &facts)
}

/// The targets of a selection without pins, where everything resolves.
pub(crate) fn targets(config: &Config, selection: &Selection) -> Vec<Target> {
    let builds = select(config, selection, &[], &Upstream::default()).unwrap();
    assert_eq!(builds.skipped, []);
    plan::targets(&builds).unwrap()
}

/// `image version platform`, one row per line.
pub(crate) fn rows(builds: &Builds<'_>, selection: &Selection) -> String {
    let rows = plan::matrix(builds, selection, &[]).unwrap();
    let text = |row: &plan::Row| {
        let dev = if row.dev == Some(true) { " dev" } else { "" };
        format!("{} {}{dev} {}", row.image, row.version.as_deref().unwrap(), row.platform.unwrap())
    };
    rows.iter().map(text).collect::<Vec<_>>().join("\n")
}

/// The selection of a run that takes everything along.
pub(crate) fn everything() -> Selection {
    Selection {
        dev_versions: plan::Inclusion::Include,
        matrix_versions: plan::Inclusion::Include,
        ..Selection::default()
    }
}
