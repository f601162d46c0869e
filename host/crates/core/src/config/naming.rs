//! Names that follow from other names: labels, directories, file endings and tag texts. Pure text, nothing is checked.

/// `posit-connect` becomes `Posit Connect`: every run of letters starts with a capital, the rest is lower case.
/// A digit or an apostrophe ends a run, as in Python's `str.title`.
pub(super) fn title_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut inside = false;
    for c in name.chars() {
        let cased = c.is_lowercase() || c.is_uppercase();
        if inside || !cased {
            out.extend(c.to_lowercase());
        } else {
            let mut upper = c.to_uppercase();
            out.extend(upper.next());
            out.extend(upper.flat_map(char::to_lowercase));
        }
        inside = cased;
    }
    out
}

/// The default `displayName` of an image.
pub(super) fn display_name(name: &str) -> String {
    title_case(&name.replace('-', " "))
}

/// The default `subpath`: lower case, `-` for spaces.
pub(super) fn subpath(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

/// The default `extension`: lower case, only `[a-z0-9_-]`; empty where nothing is left.
pub(super) fn extension(name: &str) -> String {
    name.to_lowercase().chars().filter(|c| is_extension_char(*c)).collect()
}

/// Whether an `extension` may hold the character.
pub(super) fn is_extension_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// The default `tagDisplayName`: lower case, `-` for everything that a tag cannot hold.
pub(super) fn tag_display_name(name: &str) -> String {
    name.to_lowercase().chars().map(|c| if is_tag_char(c) { c } else { '-' }).collect()
}

/// Whether a tag may hold the character.
pub(super) fn is_tag_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_are_title_cased_word_by_word() {
        for (name, want) in [
            ("connect", "Connect"),
            ("connect-content-init", "Connect Content Init"),
            ("r-session-COMPLETE", "R Session Complete"),
            ("connect2go", "Connect2Go"),
            ("they're", "They'Re"),
            ("über-straße", "Über Straße"),
            ("ßa", "Ssa"),
            ("a_b.c", "A_B.C"),
            ("", ""),
        ] {
            assert_eq!(display_name(name), want);
        }
    }

    #[test]
    fn endings_tag_texts_and_directories_follow_from_the_name() {
        for (name, ext, tag, dir) in [
            ("Ubuntu 24.04", "ubuntu2404", "ubuntu-24.04", "ubuntu-24.04"),
            ("Standard", "standard", "standard", "standard"),
            ("Red Hat 9", "redhat9", "red-hat-9", "red-hat-9"),
            ("a_b-c+d", "a_b-cd", "a_b-c-d", "a_b-c+d"),
            ("日本", "", "--", "日本"),
        ] {
            assert_eq!(
                (extension(name), tag_display_name(name), subpath(name)),
                (ext.into(), tag.into(), dir.into())
            );
        }
    }
}
