//! Texts that name a managed image without being a reference: variables, templates, scripts. They are told, never
//! changed.

use super::{
    LeftReason,
    managed::Managed,
    path,
    tree::{Id, Kind, Role, Tree},
};

/// Bytes of a text that are looked through.
const MAX_TEXT: usize = 1 << 20;

/// The repositories that a scalar names with a tag or a digest, and why they stay.
pub(super) fn mentions<'t>(
    tree: &'t Tree<'_>,
    id: Id,
    managed: &'t Managed,
) -> impl Iterator<Item = (String, LeftReason)> + 't {
    let node = tree.node(id);
    let text = match &node.kind {
        Kind::Scalar { text, .. } if node.role != Role::Key && text.len() <= MAX_TEXT => text.as_str(),
        _ => "",
    };
    let text = if managed.may_be_in(text) { text } else { "" };
    let image = path::own_key(tree, id).is_some_and(|key| key.to_ascii_lowercase().ends_with("image"));
    words(text).filter_map(move |(word, next)| {
        let variable = matches!(next, Some('$' | '{'));
        let repository = repository(word, variable)?;
        managed.get(&repository.parse().ok()?)?;
        let whole = text.starts_with(word) && !text.contains(char::is_whitespace);
        let reason = if (image || whole) && variable { LeftReason::Variable } else { LeftReason::InsideText };
        Some((repository.to_owned(), reason))
    })
}

/// Words of characters that a reference can have, with the character that follows.
fn words(text: &str) -> impl Iterator<Item = (&str, Option<char>)> {
    let part =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/' | ':' | '@' | '-' | '[' | ']');
    text.split_inclusive(move |c| !part(c)).map(move |word| match word.char_indices().next_back() {
        Some((at, c)) if !part(c) => (&word[..at], Some(c)),
        _ => (word, None),
    })
}

/// The repository of a word that has a tag or a digest, or the beginning of one.
fn repository(word: &str, variable: bool) -> Option<&str> {
    let word = word.rsplit_once("://").map_or(word, |(_, rest)| rest);
    let named = word.split_once('@').map_or(word, |(named, _)| named);
    let name_at = named.rfind('/')?;
    match named[name_at..].find(':') {
        Some(at) => Some(&named[..name_at + at]),
        None if named.len() < word.len() || variable => Some(named),
        None => None,
    }
}
