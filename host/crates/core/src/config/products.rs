//! The products and dependencies that ship with the program: which component answers, with which configuration,
//! and what it may read. It is data (`products.json`) and is read only when somebody asks; it holds no rule about
//! any product.

use std::sync::OnceLock;

use serde::Deserialize;

use super::{Config, DependencyName, SourceEntry};
use crate::model::{Channel, ComponentRef, SourceKey};

/// One row of the dependency table.
#[derive(Clone, Debug, PartialEq)]
pub struct ListEntry {
    /// Which component answers.
    pub component: ComponentRef,
    /// The component's own configuration, a JSON object.
    pub config: serde_json::Value,
    /// What the component may read: `https://host[:port]/path-prefix`.
    pub allow: Vec<String>,
}

/// The embedded products table, in the order in which messages list it. It is parsed on the first call.
#[must_use]
pub fn embedded() -> &'static [SourceEntry] {
    &table().sources
}

/// Every product of the embedded table, once, in its order.
#[must_use]
pub fn product_names() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for entry in embedded() {
        if !names.contains(&entry.key.product.as_str()) {
            names.push(&entry.key.product);
        }
    }
    names
}

/// The row for a product's channel: the file's own `sources` first, then the embedded table.
#[must_use]
pub fn entry(config: &Config, key: &SourceKey) -> Option<SourceEntry> {
    config.sources.iter().chain(embedded()).find(|entry| entry.key == *key).cloned()
}

/// The row for a dependency; every dependency has one.
#[must_use]
pub fn dependency_list(name: DependencyName) -> &'static ListEntry {
    table()
        .dependencies
        .iter()
        .find_map(|(known, entry)| (*known == name).then_some(entry))
        .expect("the embedded table has a row for each dependency name, which a test proves")
}

struct Table {
    sources: Vec<SourceEntry>,
    dependencies: Vec<(DependencyName, ListEntry)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    sources: Vec<SourceRow>,
    dependencies: Vec<DependencyRow>,
}

/// The same shape as an entry of `sources:` in `bakery.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SourceRow {
    product: String,
    channel: String,
    component: String,
    allow: Vec<String>,
    #[serde(default)]
    offline_when_pinned: bool,
    config: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DependencyRow {
    dependency: String,
    component: String,
    allow: Vec<String>,
    config: serde_json::Value,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        parse(include_str!("products.json")).expect("the embedded table is well formed, which a test proves")
    })
}

fn parse(text: &str) -> Result<Table, String> {
    let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let sources = file.sources.into_iter().map(|row| {
        let channel: Channel = row.channel.parse().map_err(|error| format!("{error}"))?;
        Ok(SourceEntry {
            key: SourceKey { product: row.product, channel },
            component: ComponentRef::Builtin(row.component),
            config: row.config,
            allow: row.allow,
            offline_when_pinned: row.offline_when_pinned,
        })
    });
    let dependencies = file.dependencies.into_iter().map(|row| {
        let name = DependencyName::ALL
            .into_iter()
            .find(|name| name.as_str() == row.dependency)
            .ok_or_else(|| format!("`{}` is not a dependency", row.dependency))?;
        let component = ComponentRef::Builtin(row.component);
        Ok((name, ListEntry { component, config: row.config, allow: row.allow }))
    });
    Ok(Table {
        sources: sources.collect::<Result<_, String>>()?,
        dependencies: dependencies.collect::<Result<_, String>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Person, Repository};

    fn config(sources: Vec<SourceEntry>) -> Config {
        let maintainer = Person { name: "A".to_owned(), email: "a@example.org".to_owned() };
        let repository = Repository {
            url: "https://example.org/r".to_owned(),
            vendor: "V".to_owned(),
            maintainer,
            authors: Vec::new(),
        };
        Config {
            repository,
            registries: Vec::new(),
            images: Vec::new(),
            sources,
            publish: crate::config::PublishSettings::default(),
            templates: crate::config::TemplateSettings::default(),
        }
    }

    fn key(product: &str, channel: Channel) -> SourceKey {
        SourceKey { product: product.to_owned(), channel }
    }

    #[test]
    fn the_embedded_table_holds_every_product_and_channel_once() {
        let keys: Vec<String> = embedded().iter().map(|entry| entry.key.to_string()).collect();
        assert_eq!(
            keys,
            [
                "connect (release)",
                "connect (daily)",
                "package-manager (release)",
                "package-manager (preview)",
                "package-manager (daily)",
                "workbench (release)",
                "workbench (preview)",
                "workbench (daily)",
                "workbench-session (release)",
                "workbench-session (preview)",
                "workbench-session (daily)",
            ]
        );
        assert_eq!(product_names(), ["connect", "package-manager", "workbench", "workbench-session"]);
    }

    #[test]
    fn every_row_names_a_shipped_component_an_object_and_https_grants() {
        let rows = embedded()
            .iter()
            .map(|entry| (entry.key.to_string(), &entry.component, &entry.config, &entry.allow));
        let lists = DependencyName::ALL.map(|name| (name, dependency_list(name)));
        let lists =
            lists.iter().map(|(name, e)| (name.as_str().to_owned(), &e.component, &e.config, &e.allow));
        for (name, component, config, allow) in rows.chain(lists) {
            let shipped = ["source-manifest", "source-template", "source-dependency"];
            assert!(shipped.contains(&component.to_string().as_str()), "{name}: {component}");
            assert!(config.is_object(), "{name}");
            assert!(!allow.is_empty(), "{name}");
            for prefix in allow {
                let url = url::Url::parse(prefix).unwrap();
                assert!(
                    url.scheme() == "https" && url.path().len() > 1 && url.as_str() == prefix,
                    "{name}: {prefix}"
                );
            }
        }
    }

    #[test]
    fn every_address_that_a_row_reads_is_granted_by_that_row() {
        for entry in embedded() {
            let address =
                entry.config.get("manifest").or_else(|| entry.config.get("head")).unwrap().as_str().unwrap();
            assert!(entry.allow.iter().any(|prefix| address.starts_with(prefix)), "{}: {address}", entry.key);
        }
        for name in DependencyName::ALL {
            let entry = dependency_list(name);
            for list in entry.config["lists"].as_array().unwrap() {
                let address = list["url"].as_str().unwrap();
                assert!(entry.allow.iter().any(|prefix| address.starts_with(prefix)), "{address}");
            }
        }
    }

    #[test]
    fn only_the_template_products_are_offline_when_pinned() {
        for entry in embedded() {
            let template = entry.component == ComponentRef::Builtin("source-template".to_owned());
            assert_eq!(entry.offline_when_pinned, template, "{}", entry.key);
        }
    }

    #[test]
    fn a_row_of_the_file_comes_before_the_embedded_one() {
        let mut own = entry(&config(Vec::new()), &key("connect", Channel::Daily)).unwrap();
        own.allow = vec!["https://mirror.example.org/".to_owned()];
        let with = config(vec![own.clone()]);
        assert_eq!(entry(&with, &key("connect", Channel::Daily)), Some(own));
        assert!(entry(&with, &key("connect", Channel::Release)).is_some());
        assert_eq!(entry(&with, &key("connect", Channel::Preview)), None);
        assert_eq!(entry(&with, &key("positron", Channel::Daily)), None);
    }

    #[test]
    fn a_table_that_is_wrong_is_refused_with_its_reason() {
        for (text, want) in [
            ("{", "EOF"),
            (r#"{"sources":[],"dependencies":[],"x":1}"#, "unknown field `x`"),
            (
                r#"{"sources":[{"product":"p","channel":"stable","component":"c","allow":[],"config":{}}],"dependencies":[]}"#,
                "`stable` is not a channel",
            ),
            (
                r#"{"sources":[],"dependencies":[{"dependency":"r","component":"c","allow":[],"config":{}}]}"#,
                "`r` is not a dependency",
            ),
        ] {
            let error = parse(text).err().unwrap();
            assert!(error.contains(want), "{error}");
        }
    }
}
