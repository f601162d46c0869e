//! Images that a build takes by digest although its Containerfile names them by tag. Finds out no digest.

use std::collections::BTreeSet;

use super::docker::Words;
use crate::model::Reference;

/// What names in a Containerfile stand for in one build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    /// Images that stages begin with or copy from.
    pub images: Vec<Pin>,
    /// The image that reads the Containerfile; `buildah` has none.
    pub frontend: Option<Reference>,
}

/// One image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Its name, variables replaced.
    pub name: String,
    /// What stands in the Containerfile.
    pub written: BTreeSet<String>,
    /// The image, by digest.
    pub reference: Reference,
}

impl Pins {
    /// Named contexts, which take the place of images. docker finds them by the name.
    pub(super) fn contexts(&self, words: &mut Words) {
        for pin in &self.images {
            context(words, &pin.name, &pin.reference);
        }
    }

    /// `buildah` finds them by the name in some versions, and by what is written in others (1.28).
    pub(super) fn contexts_as_written(&self, words: &mut Words) {
        self.contexts(words);
        for pin in &self.images {
            // A name ends at the first `=`.
            for name in pin.written.iter().filter(|name| **name != pin.name && !name.contains('=')) {
                context(words, name, &pin.reference);
            }
        }
    }

    /// BuildKit's own argument for what `# syntax` names.
    pub(super) fn frontend(&self, words: &mut Words) {
        if let Some(reference) = &self.frontend {
            words.pair("--build-arg", format!("BUILDKIT_SYNTAX={reference}"));
        }
    }
}

fn context(words: &mut Words, name: &str, reference: &Reference) {
    words.pair("--build-context", format!("{name}=docker-image://{reference}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(say: impl Fn(&Pins, &mut Words)) -> Vec<String> {
        let digest = format!("localhost:5000/base@sha256:{}", "a".repeat(64));
        let reference: Reference = digest.parse().unwrap();
        let written = ["$B:1".to_owned(), "b:1".to_owned(), "${B:-x=y}:1".to_owned()].into();
        let images = vec![Pin { name: "b:1".to_owned(), written, reference: reference.clone() }];
        let mut words = Words::new(&[]);
        say(&Pins { images, frontend: Some(reference) }, &mut words);
        words.0.into_iter().map(|word| word.into_string().unwrap().replace(&digest, "PINNED")).collect()
    }

    #[test]
    fn each_builder_hears_the_names_that_it_looks_for() {
        assert_eq!(said(Pins::contexts), ["--build-context", "b:1=docker-image://PINNED"]);
        assert_eq!(
            said(Pins::contexts_as_written),
            ["--build-context", "b:1=docker-image://PINNED", "--build-context", "$B:1=docker-image://PINNED"]
        );
        assert_eq!(said(Pins::frontend), ["--build-arg", "BUILDKIT_SYNTAX=PINNED"]);
    }
}
