//! The door that pushes: a manifest of this target under its digest or under tags. Copies nothing.

use bakery_core::{
    model::{Descriptor, Digest, Manifest, Repository, Tag},
    port::{Failure, FailureKind},
};
use futures_util::future::join_all;

use crate::{
    Transfer,
    budget::Budget,
    caller::Caller,
    copy::Way,
    words::{at, listed},
};

impl Transfer {
    /// Puts a manifest that this target holds or has read: under these tags, or by its digest if there are none.
    ///
    /// # Errors
    /// The registry did not take it under all of them.
    pub async fn push(
        &self,
        caller: &Caller,
        to: &Repository,
        digest: &Digest,
        tags: &[Tag],
    ) -> Result<Descriptor, Failure> {
        self.may_push(caller, to, tags)?;
        let Some(manifest) = self.memory.get(digest) else {
            let message =
                format!("`{digest}` cannot be pushed: this target neither holds it nor has read it");
            return Err(Failure::new(FailureKind::InvalidInput, at(to, digest), message));
        };
        let budget = Budget::default();
        let way = Way { caller, from: None, to, layout: None, budget: &budget };
        if tags.is_empty() {
            self.push_root(&way, &manifest).await?;
        } else {
            self.push_tags(&way, &manifest, tags).await?;
        }
        Ok(manifest.descriptor())
    }

    async fn push_root(&self, way: &Way<'_>, manifest: &Manifest) -> Result<(), Failure> {
        if self.registry.holds(way.to, manifest.digest()) {
            return Ok(());
        }
        self.put(way, manifest, &[]).await?;
        self.effect_at("push", way.to, manifest.digest(), manifest.media_type().to_owned());
        Ok(())
    }

    async fn push_tags(&self, way: &Way<'_>, manifest: &Manifest, tags: &[Tag]) -> Result<(), Failure> {
        let mut wanted: Vec<&Tag> = Vec::new();
        for tag in tags {
            if !wanted.contains(&tag) {
                wanted.push(tag);
            }
        }
        if self.goes_together(way.to, wanted.len()) {
            let written = self.push_together(way, manifest, &wanted).await?;
            wanted.retain(|tag| !written.contains(tag));
        }
        let outcomes = join_all(wanted.iter().map(|tag| self.push_tag(way, manifest, tag))).await;
        let mut missed =
            wanted.iter().zip(outcomes).filter_map(|(tag, outcome)| Some((*tag, outcome.err()?)));
        let Some((tag, failure)) = missed.next() else { return Ok(()) };
        let missed: Vec<&Tag> = std::iter::once(tag).chain(missed.map(|(tag, _)| tag)).collect();
        Err(partly(way.to, tags, &missed, failure))
    }

    /// Whether several tags are worth one request: where the registry takes that, or where it is time to find out.
    fn goes_together(&self, to: &Repository, tags: usize) -> bool {
        tags > 1
            && match self.registry.takes_many_tags(to.registry()) {
                Some(takes) => takes,
                None => self.shared.try_tags(to.registry(), self.options.single_tags),
            }
    }

    /// Puts the manifest under all tags with one request; says which ones the registry acknowledged.
    async fn push_together(
        &self,
        way: &Way<'_>,
        manifest: &Manifest,
        wanted: &[&Tag],
    ) -> Result<Vec<Tag>, Failure> {
        let sure = self.registry.takes_many_tags(way.to.registry()) == Some(true);
        let tags: Vec<Tag> = wanted.iter().copied().cloned().collect();
        match self.put(way, manifest, &tags).await {
            Ok(pushed) => {
                pushed.tags.iter().for_each(|tag| self.tagged(way.to, tag, manifest));
                Ok(pushed.tags)
            }
            // It may be the form that it does not understand.
            Err(failure) if !sure && failure.kind == FailureKind::InvalidInput => Ok(Vec::new()),
            Err(failure) => Err(partly(way.to, &tags, wanted, failure)),
        }
    }

    async fn push_tag(&self, way: &Way<'_>, manifest: &Manifest, tag: &Tag) -> Result<(), Failure> {
        self.put(way, manifest, std::slice::from_ref(tag)).await?;
        self.shared.single_tag(way.to.registry());
        self.tagged(way.to, tag, manifest);
        Ok(())
    }

    fn tagged(&self, to: &Repository, tag: &Tag, manifest: &Manifest) {
        self.effect("tag", format!("{to}:{tag}"), format!("at `{}`", manifest.digest()));
    }
}

/// Some tags were not acknowledged: says which. Whether a lost answer was a yes is not known here.
fn partly(to: &Repository, tags: &[Tag], missed: &[&Tag], failure: Failure) -> Failure {
    let written: Vec<&Tag> = tags.iter().filter(|tag| !missed.contains(tag)).collect();
    let outcome = if written.is_empty() {
        format!("`{to}` did not acknowledge {}", tags_of(missed))
    } else {
        format!("`{to}` acknowledged {}, but not {}", tags_of(&written), listed(missed))
    };
    Failure { message: format!("{outcome}: {}", failure.message), ..failure }
}

/// ``the tags `a`, `b` ``.
fn tags_of(tags: &[&Tag]) -> String {
    let noun = if tags.len() == 1 { "tag" } else { "tags" };
    format!("the {noun} {}", listed(tags))
}
