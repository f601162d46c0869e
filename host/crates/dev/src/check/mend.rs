//! The lines that mend what does not agree, in words that a shell reads as they are.

/// The command that builds an image where it is missing.
pub(super) fn build_line(image: &str) -> String {
    format!("bakery dev build {}", shell_word(image))
}

/// The command that builds an image and takes its names.
pub(super) fn force_line(image: &str) -> String {
    format!("{} --force", build_line(image))
}

pub(super) fn files(paths: &[String]) -> String {
    match paths {
        [only] => format!("`{only}`"),
        [first, rest @ ..] => format!("`{first}` and {} more files", rest.len()),
        [] => String::new(),
    }
}

/// The command that rewrites files.
pub(super) fn rewrite_line(paths: &[String]) -> String {
    let words: Vec<String> = paths.iter().map(|path| shell_word(path)).collect();
    let dashes = if paths.iter().any(|path| path.starts_with('-')) { "-- " } else { "" };
    format!("bakery dev rewrite {dashes}{}", words.join(" "))
}

/// A word that a shell reads as it is.
fn shell_word(word: &str) -> String {
    let safe =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | '@' | '%');
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(safe) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
