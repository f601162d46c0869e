//! What the operator writes: the manifest's address, the way to an entry, the words per target, the fields.
//! Checks everything before anything is fetched.

use bakery_sdk::{
    SourceError,
    config::{Object, invalid, is_branch},
    excerpt, nearby,
    resolver::{Query, Target},
    target,
    template::Template,
};
use serde_json::Value;

use crate::resolve::NAME;

/// The checked configuration.
pub(crate) struct Config {
    manifest: Template,
    branch: Option<String>,
    entry: Vec<Step>,
    names: Vec<(String, Template)>,
    architectures: Object,
    /// Which fields of an entry matter.
    pub(crate) fields: Fields,
    /// Where the manifest says when it was written, as member names from its root.
    pub(crate) published: Vec<String>,
}

/// One step from the manifest's root to an entry.
pub(crate) enum Step {
    /// Into the member of an object.
    Member(Template),
    /// Into the element of an array whose member has this value.
    Element(String, Template),
}

/// Names of an entry's members.
pub(crate) struct Fields {
    /// The version.
    pub(crate) version: String,
    /// The artifact's address.
    pub(crate) url: String,
    /// 64 hexadecimal digits.
    pub(crate) sha256: Option<String>,
    /// Bytes.
    pub(crate) size: Option<String>,
    /// When the artifact was published, in any notation.
    pub(crate) published: Option<String>,
}

impl Config {
    /// Reads a query's `config`.
    pub(crate) fn read(text: &str) -> Result<Self, SourceError> {
        let keys = ["manifest", "branch", "entry", "names", "architectures", "fields", "published"];
        let written = Object::read(NAME, text, &keys)?;
        let manifest = template("manifest", &written.text("manifest")?, &["branch"])?;
        let words = written.object("names")?;
        let mut names = Vec::new();
        for key in words.keys() {
            names.push((
                key.to_owned(),
                template("names", &words.text(key)?, &["os", "os-version", "codename"])?,
            ));
        }
        let entry = written.list("entry")?.iter().map(step).collect::<Result<Vec<_>, _>>()?;
        if entry.is_empty() {
            return Err(invalid(NAME, "`entry` is empty: expected the steps to an entry of the manifest"));
        }
        let architectures = written.object("architectures")?.only(&["debian", "redhat", "suse", "other"])?;
        for family in architectures.keys() {
            let words = architectures.object(family)?.only(&["amd64", "arm64"])?;
            words.keys().try_for_each(|key| words.text(key).map(drop))?;
        }
        let fields = written.object("fields")?.only(&["version", "url", "sha256", "size", "published"])?;
        Ok(Self {
            manifest,
            branch: written.optional_text("branch")?,
            entry,
            names,
            architectures,
            fields: Fields {
                version: fields.text("version")?,
                url: fields.text("url")?,
                sha256: fields.optional_text("sha256")?,
                size: fields.optional_text("size")?,
                published: fields.optional_text("published")?,
            },
            published: written.texts("published")?,
        })
    }

    /// The manifest's address for a query.
    pub(crate) fn address(&self, query: &Query) -> Result<String, SourceError> {
        let branch = query.branch.as_ref().or(self.branch.as_ref());
        if let Some(branch) = branch.filter(|branch| !is_branch(branch)) {
            return Err(SourceError::InvalidConfig(format!(
                "the release branch {} cannot be part of an address: \
                 expected letters, digits, `.`, `_` and `-`, for example `2026.05` or `latest`",
                excerpt(branch.as_bytes())
            )));
        }
        let url = self.manifest.render(|_| branch.cloned()).map_err(|_| {
            SourceError::InvalidConfig(format!(
                "`{}` (`{}`) needs a release branch: set `release_branch`",
                query.product, query.channel
            ))
        })?;
        bakery_sdk::url::normalize(&url).map_err(|why| invalid(NAME, format!("`manifest`: {why}")))
    }

    /// The steps to a target's entry, filled in; each says whether it depends on the target.
    pub(crate) fn steps(&self, query: &Query, target: &Target) -> Result<Vec<Filled<'_>>, SourceError> {
        let system = target::system(target);
        let unsupported = |why: &str| {
            SourceError::Unsupported(format!(
                "`{}` (`{}`) has no package for {why}",
                query.product, query.channel
            ))
        };
        let os = |name: &str| match name {
            "os" => Some(target.os.clone()),
            "os-version" => Some(target.version.clone()),
            _ => target.codename.clone(),
        };
        let keys = target::keys(target);
        let word = keys.iter().find_map(|key| self.names.iter().find(|(known, _)| known == key));
        let name = word.and_then(|(_, word)| word.render(os).ok()).ok_or_else(|| {
            let known = nearby::list(&system, self.names.iter().map(|(known, _)| known.as_str()));
            unsupported(&format!("`{system}`: its packages are for {known}"))
        })?;
        let family = self.architectures.object(target::family(target)).ok();
        let arch = family.and_then(|words| words.text(&target.architecture).ok());
        let arch = arch.ok_or_else(|| unsupported(&format!("`{system}` on `{}`", target.architecture)))?;
        let fill = |template: &Template| {
            let value = |placeholder: &str| match placeholder {
                "name" => Some(name.clone()),
                "arch" => Some(arch.clone()),
                placeholder => os(placeholder),
            };
            template.render(value).map_err(|_| unsupported(&format!("`{system}`: it has no code name")))
        };
        let filled = self.entry.iter().map(|step| match step {
            Step::Member(member) => {
                Ok(Filled { key: None, value: fill(member)?, depends: !member.is_literal() })
            }
            Step::Element(key, value) => {
                Ok(Filled { key: Some(key), value: fill(value)?, depends: !value.is_literal() })
            }
        });
        filled.collect()
    }
}

/// A step for one target.
pub(crate) struct Filled<'a> {
    /// For a step into an array: the member that is compared.
    pub(crate) key: Option<&'a str>,
    /// The member's name, or the value that is compared.
    pub(crate) value: String,
    /// Whether the value comes from the target: then its absence is an answer, not a broken manifest.
    pub(crate) depends: bool,
}

fn step(written: &Value) -> Result<Step, SourceError> {
    const NAMES: [&str; 5] = ["name", "arch", "os", "os-version", "codename"];
    match written {
        Value::String(member) => Ok(Step::Member(template("entry", member, &NAMES)?)),
        Value::Object(members) if members.len() == 1 => match members.iter().next() {
            Some((key, Value::String(value))) => {
                Ok(Step::Element(key.clone(), template("entry", value, &NAMES)?))
            }
            _ => Err(invalid(NAME, "`entry`: the value to look for in an array must be a text")),
        },
        other => {
            let found = bakery_sdk::json::describe(other);
            Err(invalid(
                NAME,
                format!(
                    "`entry`: expected a member's name, or one `{{\"member\": \"value\"}}`, found {found}"
                ),
            ))
        }
    }
}

fn template(key: &str, text: &str, names: &[&str]) -> Result<Template, SourceError> {
    let template = Template::parse(text).map_err(|why| invalid(NAME, format!("`{key}`: {why}")))?;
    if let Some(unknown) = template.names().find(|name| !names.contains(name)) {
        let known: Vec<String> = names.iter().map(|name| format!("`{{{name}}}`")).collect();
        let known = known.join(", ");
        return Err(invalid(
            NAME,
            format!("`{key}`: `{text}` has the placeholder `{{{unknown}}}`: expected {known}"),
        ));
    }
    Ok(template)
}
