//! Patterns over paths, repositories, tags and digests.
//! It knows nothing of what the texts mean.

/// Whether `text` fits `pattern`: `*` stands for any characters but `/`, `**` for any at all.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    fit(pattern.as_bytes(), text.as_bytes())
}

fn fit(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', b'*', rest @ ..] => (0..=text.len()).any(|skip| fit(rest, &text[skip..])),
        [b'*', rest @ ..] => {
            let segment = text.iter().position(|&byte| byte == b'/').unwrap_or(text.len());
            (0..=segment).any(|skip| fit(rest, &text[skip..]))
        }
        [wanted, rest @ ..] => text.first() == Some(wanted) && fit(rest, &text[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_star_stays_inside_a_segment_and_two_cross_it() {
        for (pattern, text, fits) in [
            ("/v2/*/manifests/*", "/v2/app/manifests/1.0", true),
            ("/v2/*/manifests/*", "/v2/team/app/manifests/1.0", false),
            ("/v2/**/manifests/*", "/v2/team/app/manifests/1.0", true),
            ("**", "", true),
            ("*", "a/b", false),
            ("sha256:ab*", "sha256:abcd", true),
            ("latest", "latest-1", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }
}
