//! The stable names of everything that can be found in a `bakery.yaml`. A name is never given a second meaning.

macro_rules! codes {
    ($($(#[$doc:meta])+ $name:ident = $code:literal;)+) => {
        $($(#[$doc])+ pub(super) const $name: &str = concat!("bakery::config::", $code);)+
        /// Every code.
        pub const ALL: &[&str] = &[$($name),+];
    };
}

codes! {
    /// The bytes are not UTF-8.
    ENCODING = "encoding";
    /// The file or one text is too large.
    TOO_LARGE = "too_large";
    /// Lists and maps are nested too deeply.
    TOO_DEEP = "too_deep";
    /// Too many values or aliases.
    TOO_MANY = "too_many";
    /// The text is not YAML.
    SYNTAX = "syntax";
    /// A tab is used for indentation.
    TAB = "tab";
    /// There is more than one document.
    DOCUMENTS = "multiple_documents";
    /// An alias without anchor, or inside its own anchor.
    ALIAS = "alias";
    /// A tag outside the core schema.
    TAG = "tag";
    /// A key that is not text.
    KEY = "bad_key";
    /// A key given twice.
    DUPLICATE_KEY = "duplicate_key";
    /// `<<` with something else than maps.
    MERGE = "merge";
    /// A key that must be there is not.
    MISSING_KEY = "missing_key";
    /// A key without meaning.
    UNKNOWN_KEY = "unknown_key";
    /// Text where a map is expected, and the like.
    WRONG_TYPE = "wrong_type";
    /// A value outside what the key allows.
    BAD_VALUE = "bad_value";
    /// Not a URL of the kind that is needed.
    BAD_URL = "bad_url";
    /// Not a mail address.
    BAD_MAIL = "bad_mail";
    /// A path that is absolute or leaves its directory.
    BAD_PATH = "bad_path";
    /// A tag or name pattern that cannot be rendered.
    BAD_PATTERN = "bad_pattern";
    /// A combination of bounds that a constraint cannot have.
    CONSTRAINT = "constraint";
    /// Two entries with the same name.
    DUPLICATE_NAME = "duplicate_name";
    /// Two keys that exclude each other.
    CONFLICT = "conflict";
    /// A product that no source knows.
    UNKNOWN_PRODUCT = "unknown_product";
    /// Something that existed once.
    REMOVED = "removed";
    /// Something that has a new name.
    DEPRECATED = "deprecated";
    /// Something that has no effect.
    NO_EFFECT = "no_effect";
    /// None or more than one is primary or latest.
    PRIMARY = "primary";
    /// A list without entries where some are expected.
    EMPTY = "empty";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn no_code_is_used_twice() {
        let unique: BTreeSet<_> = super::ALL.iter().collect();
        assert_eq!(unique.len(), super::ALL.len());
    }
}
