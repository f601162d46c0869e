//! The `title` of each entry of a YAML list, which is how Quarto keeps its older releases.
//! It is not a YAML parser: whatever is not a plain list of maps is refused with its line, never half read.

/// Reads the titles.
///
/// # Errors
/// A sentence with the line.
pub(crate) fn read(text: &str) -> Result<Vec<String>, String> {
    let mut titles = Vec::new();
    // Column of the dash, column of the keys, line of the entry, whether its title was seen.
    let mut entry: Option<(usize, usize, usize, bool)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let content = line.trim_start();
        if content.is_empty() || content.starts_with('#') || (entry.is_none() && content == "---") {
            continue;
        }
        let column = line.len() - content.len();
        let (key_column, content) = match content.strip_prefix('-') {
            Some(rest) if rest.starts_with(' ') && entry.is_none_or(|(dash, ..)| dash == column) => {
                finished(entry)?;
                let rest = rest.trim_start();
                let keys = line.len() - rest.len();
                entry = Some((column, keys, number, false));
                (keys, rest)
            }
            _ => (column, content),
        };
        let Some((dash, keys, start, seen)) = entry else {
            return Err(format!("line {number} does not begin a list: expected `- title: …`"));
        };
        if key_column <= dash {
            return Err(format!("line {number} is not part of the list"));
        }
        if key_column != keys {
            continue;
        }
        if let Some(value) = content.strip_prefix("title:") {
            if seen {
                return Err(format!("the entry at line {start} has two titles"));
            }
            titles.push(
                scalar(value).ok_or_else(|| format!("the title in line {number} is not a plain text"))?,
            );
            entry = Some((dash, keys, start, true));
        }
    }
    finished(entry)?;
    if titles.is_empty() { Err("there is no entry".to_owned()) } else { Ok(titles) }
}

fn finished(entry: Option<(usize, usize, usize, bool)>) -> Result<(), String> {
    match entry {
        Some((_, _, start, false)) => Err(format!("the entry at line {start} has no title")),
        _ => Ok(()),
    }
}

/// A plain or quoted text on one line, without escapes.
fn scalar(value: &str) -> Option<String> {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            let (text, after) = rest.split_once(quote)?;
            let after = after.trim_start();
            return (!text.contains('\\') && (after.is_empty() || after.starts_with('#')))
                .then(|| text.to_owned());
        }
    }
    let plain = value.split(" #").next().unwrap_or_default().trim_end();
    let good =
        !plain.is_empty() && !plain.starts_with(['&', '*', '!', '|', '>', '{', '[', '#', '%', '@', '`']);
    good.then(|| plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_read_in_every_plain_notation() {
        let text = "---\n# older\n- title: \"1.6.43\"\n  date: 2025-01-01\n  path: https://h/v1.6.43\n\
                    - date: x\n  title: v1.5.57 # note\n  assets:\n    - title: not this one\n    - name: a\n\n\
                    - title: '1.4.0'\n  changelog: |\n    title: nor this\n";
        assert_eq!(read(text), Ok(["1.6.43", "v1.5.57", "1.4.0"].map(str::to_owned).to_vec()));
        assert_eq!(read("  - title: 1.0\r\n    a: b\r\n"), Ok(vec!["1.0".to_owned()]));
    }

    #[test]
    fn what_is_not_such_a_list_is_refused_with_its_line() {
        for (text, want) in [
            ("", "there is no entry"),
            ("# only a comment\n", "there is no entry"),
            ("<!DOCTYPE html>", "line 1 does not begin a list: expected `- title: …`"),
            ("title: 1.0", "line 1 does not begin a list: expected `- title: …`"),
            ("- date: x\n- title: 1.0", "the entry at line 1 has no title"),
            ("- title: 1.0\n- date: x", "the entry at line 2 has no title"),
            ("- title: 1.0\nmore: x", "line 2 is not part of the list"),
            ("- title: 1.0\n  title: 1.1", "the entry at line 1 has two titles"),
            ("- title:", "the title in line 1 is not a plain text"),
            ("- title: [1.0]", "the title in line 1 is not a plain text"),
            ("- title: \"1.0", "the title in line 1 is not a plain text"),
            ("- title: \"1.0\" x", "the title in line 1 is not a plain text"),
        ] {
            assert_eq!(read(text), Err(want.to_owned()), "{text}");
        }
    }
}
