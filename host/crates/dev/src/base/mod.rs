//! The images that a Containerfile builds on: what its `FROM`, `COPY --from`, `RUN --mount` and `# syntax` name.
//! Asks nobody what they are now, and follows no rule of a builder but those that say what a name means.
//!
//! The rules are those of the Dockerfile reference: directives before anything else, a line goes on after the escape
//! character, comments between lines that go on count as nothing, here-documents are text. `FROM` sees the arguments that
//! stand before the first one, and no others.

mod lines;
mod variables;

use std::collections::{BTreeMap, BTreeSet};

use bakery_core::model::Reference;

use self::{
    lines::{Instruction, Source},
    variables::expand,
};

/// What a Containerfile builds on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bases {
    /// Images by their names, variables replaced. Without those that a digest pins: the Containerfile says all of them.
    pub images: BTreeMap<String, Base>,
    /// The image that reads the Containerfile, where `# syntax` names one without a digest.
    pub frontend: Option<Reference>,
    /// Names that say an image only to a builder, as they stand there.
    pub unclear: BTreeSet<String>,
}

/// One image that something is built on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// The image.
    pub reference: Reference,
    /// What stands there, with variables.
    pub written: BTreeSet<String>,
}

impl Bases {
    /// Every image that a registry can be asked for.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.images.values().map(|base| &base.reference).chain(&self.frontend)
    }
}

/// Reads a Containerfile. `arguments` are the build's.
#[must_use]
pub fn bases(containerfile: &[u8], arguments: &[(String, String)]) -> Bases {
    let text = String::from_utf8_lossy(containerfile);
    let source = Source::read(&text);
    let mut reader = Reader { arguments, globals: Vec::new(), stages: Vec::new(), found: Bases::default() };
    let frontend = source.syntax.and_then(|name| name.parse::<Reference>().ok());
    reader.found.frontend = frontend.filter(|reference| reference.digest().is_none());
    for instruction in &source.instructions {
        reader.take(instruction, source.escape);
    }
    reader.found
}

struct Reader<'a> {
    arguments: &'a [(String, String)],
    /// Arguments before the first `FROM`; none for those without a value.
    globals: Vec<(String, Option<String>)>,
    /// Names of stages, in lower case.
    stages: Vec<String>,
    found: Bases,
}

impl Reader<'_> {
    fn take(&mut self, instruction: &Instruction, escape: char) {
        match instruction.name.as_str() {
            "ARG" if self.stages.is_empty() => self.argument(instruction, escape),
            "FROM" => self.stage(instruction, escape),
            "COPY" => {
                for name in instruction.flags("from") {
                    self.image(&name, &name);
                }
            }
            "RUN" => {
                for mount in instruction.flags("mount") {
                    let from = mount.split(',').find_map(|field| field.trim().strip_prefix("from="));
                    if let Some(name) = from {
                        self.image(name, name);
                    }
                }
            }
            _ => {}
        }
    }

    fn argument(&mut self, instruction: &Instruction, escape: char) {
        for word in instruction.words() {
            let (name, default) = match word.split_once('=') {
                Some((name, value)) => (name.to_owned(), expand(value, escape, &|name| self.value(name))),
                None => (word.clone(), None),
            };
            let given = self.arguments.iter().find(|(known, _)| *known == name);
            let value = given.map(|(_, value)| value.clone()).or(default);
            self.globals.push((name, value));
        }
    }

    fn value(&self, name: &str) -> Option<String> {
        self.globals.iter().rev().find(|(known, _)| known == name)?.1.clone()
    }

    fn stage(&mut self, instruction: &Instruction, escape: char) {
        let words: Vec<String> = instruction.words().collect();
        let name = match &words[..] {
            [_, word, name] if word.eq_ignore_ascii_case("as") => name.to_ascii_lowercase(),
            // What no name can be, so that it counts and is never found.
            _ => String::new(),
        };
        if let Some(written) = words.first() {
            match expand(written, escape, &|name| self.value(name)) {
                Some(image) if !image.is_empty() => self.image(&image, written),
                _ => {
                    self.found.unclear.insert(written.clone());
                }
            }
        }
        self.stages.push(name);
    }

    /// A stage by name or number is none, and neither is the empty image.
    fn image(&mut self, name: &str, written: &str) {
        let lower = name.to_ascii_lowercase();
        let number = name.parse::<usize>().is_ok_and(|number| number < self.stages.len());
        if lower == "scratch" || number || self.stages.contains(&lower) {
            return;
        }
        match name.parse::<Reference>() {
            Ok(reference) if reference.digest().is_none() => {
                let base = || Base { reference, written: BTreeSet::new() };
                let base = self.found.images.entry(name.to_owned()).or_insert_with(base);
                base.written.insert(written.to_owned());
            }
            Ok(_) => {}
            Err(_) => {
                self.found.unclear.insert(name.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests;
