//! What the operator writes: where the head is named, how an address is made, and the words per package family.
//! Checks everything before anything is fetched.

use bakery_sdk::{
    SourceError,
    config::{Object, invalid},
    resolver::Target,
    target,
    template::Template,
};

use crate::resolve::NAME;

/// Placeholders that every target has.
const BUILT_IN: [&str; 4] = ["version", "os", "os-version", "codename"];

/// The checked configuration.
pub(crate) struct Config {
    /// A text file of one line: the version that the channel points to.
    pub(crate) head: Option<String>,
    url: Template,
    families: Object,
}

impl Config {
    /// Reads a query's `config`.
    pub(crate) fn read(text: &str) -> Result<Self, SourceError> {
        let written = Object::read(NAME, text, &["head", "url", "families"])?;
        let refuse = |why: String| invalid(NAME, why);
        let address = written.text("url")?;
        let url = Template::parse(&address).map_err(|why| refuse(format!("`url`: {why}")))?;
        if !url.names().any(|name| name == "version") {
            return Err(refuse(format!("`url`: `{address}` has no `{{version}}`")));
        }
        let families = written.object("families")?.only(&["debian", "redhat", "suse", "other"])?;
        for family in families.keys() {
            let words = families.object(family)?;
            for name in url.names().filter(|name| !BUILT_IN.contains(name)) {
                if !words.has(name) {
                    let place = families.place(family);
                    return Err(refuse(format!("`url` needs `{{{name}}}`, which `{place}` does not have")));
                }
                for architecture in ["amd64", "arm64"] {
                    word(&words, name, architecture)?;
                }
            }
        }
        let head = written.optional_text("head")?;
        if let Some(head) = &head {
            bakery_sdk::url::normalize(head).map_err(|why| refuse(format!("`head`: {why}")))?;
        }
        Ok(Self { head, url, families })
    }

    /// The address of a version's artifact for a target.
    pub(crate) fn address(
        &self,
        product: &str,
        version: &str,
        target: &Target,
    ) -> Result<String, SourceError> {
        let system = target::system(target);
        let unsupported = |why: String| Err(SourceError::Unsupported(format!("`{product}` {why}")));
        let family = target::family(target);
        if !self.families.has(family) {
            let families: Vec<&str> = self.families.keys().collect();
            let families = families.join("`, `");
            return unsupported(format!(
                "has no package for `{system}`: its packages are for the families `{families}`"
            ));
        }
        let words = self.families.object(family)?;
        let value = |name: &str| match name {
            "version" => Some(bakery_sdk::url::encode(version)),
            "os" => Some(target.os.clone()),
            "os-version" => Some(target.version.clone()).filter(|version| !version.is_empty()),
            "codename" => target.codename.clone(),
            name => word(&words, name, &target.architecture).ok().flatten(),
        };
        match self.url.render(value) {
            Ok(url) => bakery_sdk::url::normalize(&url).map_err(|why| invalid(NAME, format!("`url`: {why}"))),
            Err("codename") => unsupported(format!("has no package for `{system}`: it has no code name")),
            Err("os-version") => unsupported(format!("has no package for `{system}`: it has no version")),
            Err(_) => unsupported(format!("has no package for `{system}` on `{}`", target.architecture)),
        }
    }
}

/// The value of a placeholder: one for all architectures, or the architecture's own.
fn word(words: &Object, name: &str, architecture: &str) -> Result<Option<String>, SourceError> {
    match words.object(name) {
        Ok(texts) => texts.optional_text(architecture),
        Err(_) => words.text(name).map(Some),
    }
}
