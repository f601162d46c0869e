//! What the operator writes: where the head is named, how an address is made, and the words per package family.
//! Checks everything before anything is fetched.

use std::{collections::BTreeMap, fmt};

use bakery_sdk::{
    SourceError,
    config::{invalid, parse},
    resolver::Target,
    target,
    template::Template,
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

/// Placeholders that every target has.
const BUILT_IN: [&str; 4] = ["version", "os", "os-version", "codename"];

/// The checked configuration.
pub(crate) struct Config {
    /// A text file of one line: the version that the channel points to.
    pub(crate) head: Option<String>,
    url: Template,
    families: BTreeMap<String, BTreeMap<String, Word>>,
}

/// The value of a placeholder: one, or one per architecture.
enum Word {
    Always(String),
    PerArchitecture(BTreeMap<String, String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    head: Option<String>,
    url: String,
    families: BTreeMap<String, BTreeMap<String, Word>>,
}

impl Config {
    /// Reads a query's `config`.
    pub(crate) fn read(text: &str) -> Result<Self, SourceError> {
        let written: Written = parse(crate::resolve::NAME, text)?;
        let refuse = |why: String| invalid(crate::resolve::NAME, why);
        let url = Template::parse(&written.url).map_err(|why| refuse(format!("`url`: {why}")))?;
        if !url.names().any(|name| name == "version") {
            return Err(refuse(format!("`url`: `{}` has no `{{version}}`", written.url)));
        }
        for (family, words) in &written.families {
            if !["debian", "redhat", "suse", "other"].contains(&family.as_str()) {
                return Err(refuse(format!(
                    "`families`: `{family}` is not a family: expected `debian`, `redhat`, `suse` or `other`"
                )));
            }
            if let Some(name) =
                url.names().find(|name| !BUILT_IN.contains(name) && !words.contains_key(*name))
            {
                return Err(refuse(format!(
                    "`url` needs `{{{name}}}`, which `families.{family}` does not have"
                )));
            }
        }
        if let Some(head) = &written.head {
            bakery_sdk::url::normalize(head).map_err(|why| refuse(format!("`head`: {why}")))?;
        }
        Ok(Self { head: written.head, url, families: written.families })
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
        let Some(words) = self.families.get(target::family(target)) else {
            let families: Vec<&str> = self.families.keys().map(String::as_str).collect();
            let families = families.join("`, `");
            return unsupported(format!(
                "has no package for `{system}`: its packages are for the families `{families}`"
            ));
        };
        let word = |name: &str| match name {
            "version" => Some(bakery_sdk::url::encode(version)),
            "os" => Some(target.os.clone()),
            "os-version" => Some(target.version.clone()).filter(|version| !version.is_empty()),
            "codename" => target.codename.clone(),
            name => match words.get(name)? {
                Word::Always(text) => Some(text.clone()),
                Word::PerArchitecture(texts) => texts.get(&target.architecture).cloned(),
            },
        };
        match self.url.render(word) {
            Ok(url) => bakery_sdk::url::normalize(&url)
                .map_err(|why| invalid(crate::resolve::NAME, format!("`url`: {why}"))),
            Err("codename") => unsupported(format!("has no package for `{system}`: it has no code name")),
            Err("os-version") => unsupported(format!("has no package for `{system}`: it has no version")),
            Err(_) => unsupported(format!("has no package for `{system}` on `{}`", target.architecture)),
        }
    }
}

/// Written by hand: an untagged enum would triple the code and lose the reason.
impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;

        impl<'de> Visitor<'de> for Words {
            type Value = Word;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a text for each architecture")
            }

            fn visit_str<E>(self, text: &str) -> Result<Word, E> {
                Ok(Word::Always(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Word, A::Error> {
                let mut texts = BTreeMap::new();
                while let Some((architecture, text)) = map.next_entry()? {
                    texts.insert(architecture, text);
                }
                Ok(Word::PerArchitecture(texts))
            }
        }

        deserializer.deserialize_any(Words)
    }
}
