//! Finds the word that was probably meant. It only compares; it never decides what is valid.

/// The candidate closest to `word`, where one is close enough to be worth a suggestion.
///
/// Case, `-`, `_` and spaces do not count; beyond them one edit in three bytes is allowed, swapped neighbours being one. Words of one or two characters are suggested only for a difference in case.
pub(super) fn near_miss<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // A very long key is no typing error, and the distance costs the product of both lengths.
    if word.len() > 64 {
        return None;
    }
    let folded = fold(word);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .filter_map(|candidate| {
            let other = fold(candidate);
            let (shorter, longer) = (folded.len().min(other.len()), folded.len().max(other.len()));
            // The distance is at least the difference in length, which costs nothing to find.
            if longer - shorter > shorter / 3 {
                return None;
            }
            let distance = strsim::osa_distance(&folded, &other);
            (distance <= shorter / 3).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn fold(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggestion_is_the_closest_word_or_nothing() {
        let keys = ["name", "devVersions", "versions", "displayName", "os", "R", "python"];
        for (word, want) in [
            ("devVersion", Some("devVersions")),
            ("dev_versions", Some("devVersions")),
            ("version", Some("versions")),
            ("verisons", Some("versions")),
            ("Name", Some("name")),
            ("nmae", Some("name")),
            ("display-name", Some("displayName")),
            ("OS", Some("os")),
            ("r", Some("R")),
            ("pyton", Some("python")),
            ("colour", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(near_miss(word, keys), want, "{word}");
        }
        assert_eq!(near_miss(&"name".repeat(1000), keys), None);
    }
}
