//! Variables in a word of a Containerfile. Those forms that stand for one text whatever the builder is; any other one
//! makes the word unclear.

/// Replaces `$NAME`, `${NAME}`, `${NAME:-word}`, `${NAME-word}`, `${NAME:+word}` and `${NAME+word}`. None where a variable
/// has no value, or where the form is another one.
pub(super) fn expand(word: &str, escape: char, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut out = String::new();
    let mut rest = word;
    while let Some(at) = rest.find(['$', escape]) {
        out.push_str(&rest[..at]);
        let after = &rest[at..];
        if let Some(after) = after.strip_prefix(escape) {
            let mut characters = after.chars();
            out.extend(characters.next());
            rest = characters.as_str();
            continue;
        }
        let after = &after[1..];
        let (text, left) = match after.strip_prefix('{') {
            Some(inside) => braces(inside, escape, value)?,
            None => {
                let (name, left) = name(after)?;
                (value(name)?, left)
            }
        };
        out.push_str(&text);
        rest = left;
    }
    out.push_str(rest);
    Some(out)
}

/// What stands after `${`, to the brace that closes it, and what comes after that.
fn braces<'w>(
    inside: &'w str,
    escape: char,
    value: &dyn Fn(&str) -> Option<String>,
) -> Option<(String, &'w str)> {
    let (name, rest) = name(inside)?;
    let end = closing(rest)?;
    let (form, left) = (&rest[..end], &rest[end + 1..]);
    let known = value(name);
    let nothing_counts = form.starts_with(':');
    let known = known.filter(|text| !(nothing_counts && text.is_empty()));
    let form = form.strip_prefix(':').unwrap_or(form);
    let text = match (form.chars().next(), known) {
        (None, Some(known)) if !nothing_counts => known,
        (Some('-'), Some(known)) => known,
        (Some('-'), None) | (Some('+'), Some(_)) => expand(&form[1..], escape, value)?,
        (Some('+'), None) => String::new(),
        _ => return None,
    };
    Some((text, left))
}

/// Where the brace closes: others may be open in between.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    let good = end > 0 && !text.starts_with(|c: char| c.is_ascii_digit());
    good.then(|| text.split_at(end))
}
