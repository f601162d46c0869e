//! What a run adds to every target that it builds.

use crate::plan::bake::BakeOptions;

/// How targets are built.
#[derive(Clone, Copy)]
pub struct BuildSettings<'a> {
    /// Registries, push, labels of the run, secrets.
    pub bake: BakeOptions<'a>,
    /// Whether what is built goes to the builder's own store.
    pub load: bool,
    /// Whether base images are looked for anew.
    pub pull: bool,
    /// Whether layers of earlier builds may be used.
    pub cache: bool,
}

impl BuildSettings<'_> {
    /// Whether images are pushed without a tag, to be published later.
    #[must_use]
    pub fn pushes_by_digest(&self) -> bool {
        self.bake.push && self.bake.temp_registry.is_some()
    }

    /// Names under which a target is built: its tags, or the one in the temporary registry.
    pub(super) fn names(&self, target: &crate::plan::Target) -> Vec<String> {
        match self.bake.temp_registry {
            Some(registry) => vec![target.temp_repository(registry)],
            None => target.references.clone(),
        }
    }
}
