//! The door from a layout into a repository: everything below its one manifest, by digest, children before parents.
//! Nothing is written before all of the layout's manifests were read. Moves no tag.

use std::path::Path;

use bakery_core::{
    model::Repository,
    port::{Failure, layout::Layouts},
};

use crate::{
    Transfer, budget::Budget, caller::Caller, copied::Copied, copy::Way, layout::OpenLayout, words::at,
};

impl Transfer {
    /// Brings the image of a layout into a repository. What is known to be there is not sent again, and what lies in
    /// another repository of the same registry that the caller may read is mounted.
    ///
    /// # Errors
    /// The layout is broken or names another number of images than one, or the registry did not take it.
    pub async fn import(
        &self,
        caller: &Caller,
        layouts: &dyn Layouts,
        path: &Path,
        to: &Repository,
    ) -> Result<Copied, Failure> {
        self.may_push(caller, to, &[])?;
        let reading = async { OpenLayout::read(layouts.open(path).await?, path).await };
        let layout = self.within(caller, &to.to_string(), reading).await??;
        let budget = Budget::default();
        let way = Way { caller, from: None, to, layout: Some(&layout), budget: &budget };
        let root = layout.root();
        let bringing = self.bring(&way, &root.digest, 0);
        let tally = self.within(caller, &at(to, &root.digest), bringing).await??;
        for manifest in layout.manifests() {
            // One that finds no room is read again when it is needed again.
            let _ = self.memory.keep(manifest.clone(), Some(to.clone()));
        }
        let manifest = layout.manifest(&root.digest);
        Ok(tally.of(manifest.map_or_else(|| root.clone(), |manifest| manifest.descriptor())))
    }
}
