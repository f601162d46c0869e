//! Which names of a store no worktree needs any more. Removes nothing.

use std::collections::BTreeSet;

use bakery_core::model::{Reference, Repository};

use crate::{
    lock::{Lock, LockedImage},
    store::{Image, Listed, TEMPORARY},
    tag::is_dev_tag,
};

/// A name that can go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unneeded {
    /// The name in the store.
    pub name: String,
    /// The image that it names.
    pub id: String,
}

/// Names that the locks do not have, of images that were built for these names. Everything else stays: names that
/// somebody else gave, images without a name, images that only inherited our labels.
#[must_use]
pub fn unneeded(images: &[(Listed, Image)], locks: &[Lock]) -> Vec<Unneeded> {
    let needed: BTreeSet<String> = locks.iter().flat_map(names).map(|name| name.to_string()).collect();
    let mut all = Vec::new();
    for (listed, image) in images.iter().filter(|(_, image)| image.key().is_some()) {
        for name in &listed.names {
            let Ok(reference) = name.parse::<Reference>() else { continue };
            let Some(tag) = reference.tag() else { continue };
            let temporary = is_temporary(reference.repository());
            let ours = temporary || (is_dev_tag(tag.as_str()) && image.was_built_for(&reference));
            if ours && !needed.contains(&reference.to_string()) {
                all.push(Unneeded { name: name.clone(), id: listed.id.clone() });
            }
        }
    }
    all.sort();
    all.dedup();
    all
}

fn is_temporary(repository: &Repository) -> bool {
    TEMPORARY.parse::<Repository>().is_ok_and(|temporary| temporary == *repository)
}

fn names(lock: &Lock) -> impl Iterator<Item = Reference> {
    let all = lock.images.values().flat_map(LockedImage::references);
    all.filter_map(|name| name.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        lock::tests::sample,
        store::{KEY, NAMES},
    };

    fn image(built_for: &str, names: &[&str]) -> (Listed, Image) {
        let labels = [(KEY.to_owned(), "a".repeat(64)), (NAMES.to_owned(), built_for.to_owned())];
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        (
            Listed { id: "1".to_owned(), names },
            Image { id: "1".to_owned(), labels: labels.into(), config: None },
        )
    }

    fn gone(images: &[(Listed, Image)], locks: &[Lock]) -> Vec<String> {
        unneeded(images, locks).into_iter().map(|one| one.name).collect()
    }

    const OLD: &str = "ghcr.io/posit-dev/connect:dev-aaaaaaaaaaaa";
    const LOCKED: &str = "ghcr.io/posit-dev/connect:dev-0123456789ab";

    #[test]
    fn what_no_lock_names_goes_and_what_any_lock_names_stays() {
        let images = [image(OLD, &[OLD]), image(LOCKED, &[LOCKED])];
        assert_eq!(gone(&images, &[sample()]), [OLD]);
        assert_eq!(gone(&images, &[]), [LOCKED, OLD]);
    }

    #[test]
    fn names_that_somebody_else_gave_stay() {
        let mine = "ghcr.io/posit-dev/connect:mine";
        let images =
            [image(OLD, &[OLD, mine, "other:dev-aaaaaaaaaaaa"]), image(mine, &[mine]), image(OLD, &[])];
        assert_eq!(gone(&images, &[]), [OLD]);
    }

    #[test]
    fn an_image_without_our_key_stays() {
        let mut image = image(OLD, &[OLD]);
        image.1.labels.remove(KEY);
        assert_eq!(gone(&[image], &[]), [""; 0]);
    }

    #[test]
    fn what_a_stopped_build_left_goes() {
        let left = format!("{TEMPORARY}:a-1");
        assert_eq!(gone(&[image(OLD, &[&left])], &[sample()]), [left]);
    }
}
