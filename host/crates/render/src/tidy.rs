//! What is done to every rendered text: blanks at the ends of lines go, and the last line ends once.

/// Removes spaces and tabs before each line end; a text that is not empty ends with exactly one line end.
pub(crate) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        out.push_str(line.trim_end_matches([' ', '\t']));
        out.push_str(end);
    }
    if !text.is_empty() {
        out.truncate(out.trim_end_matches('\n').len());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_tidied_as_in_the_predecessor() {
        for (text, want) in [
            ("", ""),
            ("\n\n\n", "\n"),
            ("a", "a\n"),
            ("a \t\n b\t \n\n\n", "a\n b\n"),
            ("a\u{b}\nb\u{c}", "a\u{b}\nb\u{c}\n"),
            ("  \t", "\n"),
            ("a\n  \nb\n", "a\n\nb\n"),
        ] {
            assert_eq!(tidy(text), want, "{text:?}");
        }
    }
}
