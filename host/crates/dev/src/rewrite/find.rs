//! Which nodes of a manifest are references of managed images, and what must be done to each. Changes no text.
//!
//! Looked for are single texts (`image: name:tag`), Helm's pairs and triples (`registry`, `repository`, `tag`, `digest`),
//! and the entries of kustomize's `images`.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
};

use bakery_core::model::Reference;

use super::{
    Found,
    edit::Edit,
    managed::{Managed, ManagedImage},
    path,
    tree::{Id, Kind, Role, Style, Tree},
};

/// Maps that are merged into one.
const MAX_MERGES: usize = 64;

/// A reference and how it is replaced.
pub(super) struct Site {
    /// Where it begins, in bytes.
    pub(super) at: usize,
    pub(super) found: Found,
    pub(super) edits: Vec<Edit>,
    /// The nodes that make it up; none of them is looked at again.
    pub(super) parts: Vec<Id>,
}

/// Every node that belongs to a reference, aliases and what they stand for alike.
pub(super) fn consumed(sites: &[Site]) -> HashSet<Id> {
    sites.iter().flat_map(|site| site.parts.iter().copied()).collect()
}

pub(super) fn sites(tree: &Tree<'_>, kustomization: bool, managed: &Managed) -> Vec<Site> {
    let mut finder =
        Finder { tree, managed, sites: Vec::new(), consumed: HashSet::new(), always: RefCell::default() };
    let maps: Vec<Id> =
        tree.nodes().filter(|(_, node)| matches!(node.kind, Kind::Map(_))).map(|(id, _)| id).collect();
    let kustomizations = finder.kustomizations(kustomization);
    for id in maps {
        let keys = Keys::of(tree, id);
        let site = finder.kustomize(id, &keys, &kustomizations).or_else(|| finder.pair(id, &keys));
        if let Some(site) = site {
            finder.take(site);
        }
    }
    let values: Vec<Id> = tree
        .nodes()
        .filter(|(_, node)| !matches!(node.kind, Kind::Map(_) | Kind::List(_)) && node.role != Role::Key)
        .map(|(id, _)| id)
        .collect();
    for id in values {
        if !finder.consumed.contains(&id)
            && let Some(site) = finder.single(id)
        {
            finder.take(site);
        }
    }
    finder.sites.sort_by_key(|site| site.at);
    finder.sites
}

/// The entries of a map by key; the first of two with one name, own ones before merged ones.
struct Keys<'t>(HashMap<&'t str, Slot>);

#[derive(Clone, Copy)]
struct Slot {
    key: Id,
    value: Id,
    own: bool,
}

impl<'t> Keys<'t> {
    fn of(tree: &'t Tree<'_>, map: Id) -> Self {
        let mut keys = Self(HashMap::new());
        let mut seen = Vec::new();
        let mut waiting = vec![map];
        // Depth first: what a merged map merges comes before the next merged map.
        while let Some(map) = waiting.pop() {
            if seen.len() <= MAX_MERGES && !seen.contains(&map) {
                seen.push(map);
                keys.add(tree, map, seen.len() == 1, &mut waiting);
            }
        }
        keys
    }

    fn add(&mut self, tree: &'t Tree<'_>, map: Id, own: bool, waiting: &mut Vec<Id>) {
        let Kind::Map(entries) = &tree.node(map).kind else { return };
        for &(key, value) in entries {
            match tree.scalar(key) {
                Some("<<") => {
                    let Some(value) = tree.resolve(value) else { continue };
                    match &tree.node(value).kind {
                        Kind::List(items) => waiting.extend(
                            items.iter().rev().take(MAX_MERGES).filter_map(|item| tree.resolve(*item)),
                        ),
                        _ => waiting.push(value),
                    }
                }
                Some(name) => {
                    self.0.entry(name).or_insert(Slot { key, value, own });
                }
                None => {}
            }
        }
    }

    fn get(&self, name: &str) -> Option<Slot> {
        self.0.get(name).copied()
    }

    /// The first of these keys whose value is a text or nothing.
    fn first(&self, tree: &Tree<'_>, names: &[&'static str]) -> Option<(&'static str, Slot)> {
        let slot = |name: &&'static str| self.get(name).map(|slot| (*name, slot));
        names.iter().filter_map(slot).find(|(_, slot)| tree.scalar(slot.value).is_some())
    }
}

struct Finder<'t, 'm> {
    tree: &'t Tree<'t>,
    managed: &'m Managed,
    sites: Vec<Site>,
    consumed: HashSet<Id>,
    /// Which maps say that their image is always pulled.
    always: RefCell<HashMap<Id, bool>>,
}

impl<'m> Finder<'_, 'm> {
    fn take(&mut self, site: Site) {
        self.consumed.extend(site.parts.iter().copied());
        self.sites.push(site);
    }

    /// Roots of documents that are kustomizations.
    fn kustomizations(&self, by_name: bool) -> HashSet<Id> {
        let is = |root: &Id| {
            let keys = Keys::of(self.tree, *root);
            let kind = keys.get("kind").and_then(|slot| self.tree.scalar(slot.value));
            match kind {
                Some(kind) => kind == "Kustomization" || kind == "Component",
                None => by_name,
            }
        };
        self.tree.roots.iter().copied().filter(is).collect()
    }

    /// An item of `images:` of kustomize.
    fn kustomize(&self, map: Id, keys: &Keys<'_>, kustomizations: &HashSet<Id>) -> Option<Site> {
        let tree = self.tree;
        let Role::Item(_) = tree.node(map).role else { return None };
        let list = tree.node(map).parent?;
        if path::own_key(tree, list) != Some("images") {
            return None;
        }
        let name = keys.get("name")?;
        let (tag, digest) = (keys.get("newTag"), keys.get("digest"));
        let in_kustomization = tree.node(list).parent.is_some_and(|root| kustomizations.contains(&root));
        let new_name = keys.get("newName");
        if !in_kustomization && tag.is_none() && new_name.is_none() {
            return None;
        }
        let target = new_name.unwrap_or(name);
        let repository = tree.scalar(target.value)?;
        let (reference, image) = self.managed.reference(repository)?;
        if reference.tag().is_some() || reference.digest().is_some() {
            return None;
        }
        let slots = Slots { map, repository: name, shown: target, tag, digest, tag_key: "newTag" };
        Some(self.site_of_pair(&slots, repository, image))
    }

    /// `repository` and `tag` of Helm's values, with or without `registry` and `digest`.
    fn pair(&self, map: Id, keys: &Keys<'_>) -> Option<Site> {
        let tree = self.tree;
        let (name, repository) = keys.first(tree, &["repository", "repo", "image", "name"])?;
        let text = tree.scalar(repository.value)?;
        let registry = keys.first(tree, &["registry", "imageRegistry"]).filter(|_| name != "name");
        let joined = registry
            .and_then(|(_, slot)| tree.scalar(slot.value))
            .filter(|registry| !registry.is_empty())
            .map(|registry| format!("{}/{text}", registry.trim_end_matches('/')));
        let found = joined
            .as_deref()
            .and_then(|joined| self.managed.reference(joined))
            .or_else(|| self.managed.reference(text));
        let (reference, image) = found?;
        if reference.tag().is_some() || reference.digest().is_some() {
            return None;
        }
        let tag = keys.first(tree, &["tag", "imageTag"]);
        let digest = keys.first(tree, &["digest", "sha256"]).map(|(_, slot)| slot);
        // Other words than `repository` mean many things; only a tag or a digest beside them makes them a pair.
        if !matches!(name, "repository" | "repo") && tag.is_none() && digest.is_none() {
            return None;
        }
        let own =
            repository.own || tag.is_some_and(|(_, slot)| slot.own) || digest.is_some_and(|slot| slot.own);
        // What is merged as a whole is handled where it is written.
        if !own {
            return None;
        }
        let (tag_key, tag) = tag.map_or(("tag", None), |(key, slot)| (key, Some(slot)));
        let slots = Slots { map, repository, shown: repository, tag, digest, tag_key };
        Some(self.site_of_pair(&slots, joined.as_deref().unwrap_or(text), image))
    }

    fn site_of_pair(&self, slots: &Slots, repository: &str, image: &ManagedImage) -> Site {
        let tree = self.tree;
        let value = |slot: Option<Slot>| {
            slot.and_then(|slot| Some((slot, tree.scalar(slot.value)?)))
                .filter(|(slot, text)| !is_nothing(tree, slot.value, text))
        };
        let (tag, digest) = (value(slots.tag), value(slots.digest));
        let written_digest = digest.map(|(_, text)| match text.split_once(':') {
            Some(_) => text.to_owned(),
            None => format!("sha256:{text}"),
        });
        let mut parts = vec![slots.repository.value, slots.shown.value];
        parts.extend([slots.tag, slots.digest].into_iter().flatten().map(|slot| slot.value));
        let mut edits = Vec::new();
        if let Some(wanted) = &image.tag {
            let wanted = wanted.as_str();
            match (slots.tag, digest) {
                (Some(slot), _) if slot.own => {
                    if tag.is_none_or(|(_, text)| text != wanted) {
                        edits.push(Edit::Set { node: slot.value, text: wanted.to_owned() });
                    }
                }
                // The merged tag is right already, or is made right where it is written.
                (Some(slot), _) if self.is_right_elsewhere(slot, repository, wanted) => {}
                (_, Some((slot, _))) if slot.own && slots.tag.is_none() => {
                    edits.push(Edit::Rename { key: slot.key, text: slots.tag_key.to_owned() });
                    edits.push(Edit::Set { node: slot.value, text: wanted.to_owned() });
                }
                _ => edits.push(Edit::Insert {
                    map: slots.map,
                    after: slots.shown.value,
                    key: slots.shown.key,
                    line: format!("{}: {wanted}", slots.tag_key),
                }),
            }
            if let Some((slot, _)) = digest.filter(|(slot, _)| slot.own && slots.tag.is_some()) {
                edits.push(Edit::Clear { node: slot.value });
            }
        }
        let written = written(repository, tag.map(|(_, text)| text), written_digest.as_deref());
        Site {
            at: tree.node(slots.shown.value).start,
            found: Found {
                image: image.image.clone(),
                line: 0,
                path: path::describe(tree, slots.shown.value),
                written,
                wanted: image.tag.as_ref().map(|tag| format!("{repository}:{tag}")),
                tag: tag.map(|(_, text)| text.to_owned()),
                pinned: digest.is_some(),
                always_pulled: self.always(slots.map),
            },
            edits,
            parts,
        }
    }

    /// Whether a merged tag needs nothing here.
    fn is_right_elsewhere(&self, slot: Slot, repository: &str, wanted: &str) -> bool {
        let tree = self.tree;
        if tree.scalar(slot.value) == Some(wanted) {
            return true;
        }
        let Some(owner) = tree.node(slot.value).parent else { return false };
        let theirs = Keys::of(tree, owner).get("repository").and_then(|slot| tree.scalar(slot.value));
        theirs == Some(repository)
    }

    /// A text that is a whole reference.
    fn single(&self, id: Id) -> Option<Site> {
        let tree = self.tree;
        let text = tree.scalar(id)?;
        let trimmed = match tree.node(tree.resolve(id)?).kind {
            Kind::Scalar { style: Style::Literal | Style::Folded, .. } => text.trim_end_matches('\n'),
            _ => text,
        };
        let (reference, image) = self.managed.reference(trimmed)?;
        if !self.is_image_key(id) && !is_unmistakable(trimmed, &reference) {
            return None;
        }
        let repository = without_suffix(trimmed, &reference);
        let wanted = image.tag.as_ref().map(|tag| format!("{repository}:{tag}"));
        let edits = match &wanted {
            Some(wanted) if wanted != trimmed => vec![Edit::Reference {
                node: id,
                old: trimmed[repository.len()..].to_owned(),
                new: wanted[repository.len()..].to_owned(),
                whole: (trimmed.to_owned(), wanted.clone()),
            }],
            _ => Vec::new(),
        };
        Some(Site {
            at: tree.node(id).start,
            found: Found {
                image: image.image.clone(),
                line: 0,
                path: path::describe(tree, id),
                written: trimmed.to_owned(),
                wanted,
                tag: reference.tag().map(ToString::to_string),
                pinned: reference.digest().is_some(),
                always_pulled: tree.node(id).parent.is_some_and(|map| self.always(map)),
            },
            edits,
            parts: vec![id],
        })
    }

    /// `image`, `baseImage`, `container_image`; `reference` of a volume that is an image.
    fn is_image_key(&self, id: Id) -> bool {
        let Some(key) = path::own_key(self.tree, id) else { return false };
        let inside = || self.tree.node(id).parent.and_then(|map| path::key(self.tree, map));
        key.to_ascii_lowercase().ends_with("image") || (key == "reference" && inside() == Some("image"))
    }

    fn always(&self, map: Id) -> bool {
        let says = |map| {
            let keys = Keys::of(self.tree, map);
            let policy = keys.first(self.tree, &["imagePullPolicy", "pullPolicy"]);
            policy.is_some_and(|(_, slot)| self.tree.scalar(slot.value) == Some("Always"))
        };
        *self.always.borrow_mut().entry(map).or_insert_with(|| says(map))
    }
}

struct Slots {
    map: Id,
    /// What is matched.
    repository: Slot,
    /// What names the repository in the end.
    shown: Slot,
    tag: Option<Slot>,
    digest: Option<Slot>,
    tag_key: &'static str,
}

/// Under any key: a repository with a slash, and a tag or a digest. `connect:1` could be anything.
fn is_unmistakable(text: &str, reference: &Reference) -> bool {
    text.contains('/') && (reference.tag().is_some() || reference.digest().is_some())
}

/// The repository as it is written.
fn without_suffix<'t>(text: &'t str, reference: &Reference) -> &'t str {
    let named = text.split_once('@').map_or(text, |(named, _)| named);
    match reference.tag() {
        Some(tag) => named.strip_suffix(tag.as_str()).and_then(|n| n.strip_suffix(':')).unwrap_or(named),
        None => named,
    }
}

fn written(repository: &str, tag: Option<&str>, digest: Option<&str>) -> String {
    let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
    let digest = digest.map(|digest| format!("@{digest}")).unwrap_or_default();
    format!("{repository}{tag}{digest}")
}

/// An empty text, or YAML's null.
fn is_nothing(tree: &Tree<'_>, id: Id, text: &str) -> bool {
    let plain = tree
        .resolve(id)
        .is_some_and(|id| matches!(tree.node(id).kind, Kind::Scalar { style: Style::Plain, .. }));
    text.is_empty() || (plain && matches!(text, "~" | "null" | "Null" | "NULL"))
}
