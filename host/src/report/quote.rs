//! A command line as it was typed, ready to be pasted into a shell again.

use std::ffi::OsString;

/// The words, each quoted where a POSIX shell would read it otherwise. One line, without control characters.
#[must_use]
pub(crate) fn shell(words: &[OsString]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(&word.to_string_lossy())).collect();
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else if word.chars().any(|c| c.is_control() || super::escape::is_hidden(c)) {
        // Bash, zsh and ksh read this form.
        let escaped: String = word.chars().map(ansi_c).collect();
        format!("$'{escaped}'")
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn ansi_c(c: char) -> String {
    match c {
        '\\' => r"\\".to_owned(),
        '\'' => r"\'".to_owned(),
        '\n' => r"\n".to_owned(),
        c if c.is_control() || super::escape::is_hidden(c) => {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes).bytes().map(|byte| format!("\\{byte:03o}")).collect()
        }
        c => c.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_where_a_shell_needs_it() {
        for (word, quoted) in [
            ("bakery", "bakery"),
            ("--image-name", "--image-name"),
            ("ghcr.io/example", "ghcr.io/example"),
            ("./*-metadata.json", "'./*-metadata.json'"),
            ("^connect$", "'^connect$'"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("~", "'~'"),
            (r#"{"version":"1"}"#, r#"'{"version":"1"}'"#),
            ("a\nb'", r"$'a\nb\''"),
            ("\u{1b}[2J", r"$'\033[2J'"),
            ("\u{202e}x", r"$'\342\200\256x'"),
        ] {
            assert_eq!(shell(&[OsString::from(word)]), quoted);
        }
        assert_eq!(shell(&["a".into(), "b c".into()]), "a 'b c'");
    }
}
