//! The template language of tag patterns and row names: Jinja with bakery's filters, bounded.
//! Renders single lines only; files are rendered by another crate, which takes its filters from here.

use std::{borrow::Cow, sync::LazyLock};

use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};
use regex::Regex;

/// Instructions per pattern: a pattern of the default sets needs fewer than fifty.
const FUEL: u64 = 50_000;

/// An environment with the filters `tagSafe`, `stripMetadata`, `stripPatch`, `condense`, `regexReplace`, `quote`,
/// `split` and the function `raise`. An undefined variable is an error.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    add_filters(&mut environment);
    environment
}

/// Adds what bakery has beyond Jinja: the filters named above, and `raise`.
pub fn add_filters(environment: &mut Environment<'_>) {
    environment.add_filter("tagSafe", |text: Cow<'_, str>| tag_safe(&text));
    environment.add_filter("stripMetadata", |text: Cow<'_, str>| strip_metadata(&text).to_owned());
    environment.add_filter("stripPatch", |text: Cow<'_, str>| strip_patch(&text));
    environment.add_filter("condense", |text: Cow<'_, str>| text.replace([' ', '.', '-'], ""));
    environment.add_filter("regexReplace", regex_replace);
    environment.add_filter("quote", quote);
    environment.add_filter("split", split);
    environment.add_function("raise", |message: Cow<'_, str>| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, message.into_owned()))
    });
}

/// The sentence of a template error, without the engine's own name for the template.
#[must_use]
pub fn sentence(error: &Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

/// Replaces what a tag may not contain by `-`, and cuts `-`, `.` and `_` from both ends.
pub(super) fn tag_safe(text: &str) -> String {
    replace_unsafe(text).trim_matches(['-', '.', '_']).to_owned()
}

/// Replaces what a tag may not contain by `-`.
pub(super) fn replace_unsafe(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    text.chars().map(|c| if safe(c) { c } else { '-' }).collect()
}

/// Cuts from the last `+` or `-`.
fn strip_metadata(text: &str) -> &str {
    text.rfind(['+', '-']).map_or(text, |at| &text[..at])
}

/// Keeps the first two of every dotted run of three and more numbers.
pub(super) fn strip_patch(text: &str) -> String {
    static RUN: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"([0-9]+\.[0-9]+)(?:\.[0-9]+)+").expect("a constant expression"));
    RUN.replace_all(text, "$1").into_owned()
}

/// All matches. The replacement is written as in Python: `\1`, `\g<name>`, and `$` is a dollar.
fn regex_replace(text: Cow<'_, str>, find: &str, replace: &str) -> Result<String, Error> {
    let regex = Regex::new(find).map_err(|error| {
        let message =
            format!("`{find}` is not an expression that bakery can run (look-around is not supported)");
        Error::new(ErrorKind::InvalidOperation, message).with_source(error)
    })?;
    Ok(regex.replace_all(&text, replacement(replace).as_str()).into_owned())
}

/// A replacement that is written as in Python (`\1`, `\g<name>`, and `$` is a dollar), as `regex` and its relatives
/// read it.
#[must_use]
pub fn replacement(python: &str) -> String {
    static GROUP: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\\(?:([0-9]{1,2})|g<(\w+)>)").expect("a constant expression"));
    let dollars = python.replace('$', "$$");
    let replaced = GROUP.replace_all(&dollars, |found: &regex::Captures<'_>| {
        let group = found.get(1).or_else(|| found.get(2)).map_or("0", |group| group.as_str());
        format!("${{{group}}}")
    });
    replaced.into_owned()
}

fn quote(value: &Value) -> Result<String, Error> {
    let text =
        value.as_str().ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "`quote` needs a string"))?;
    Ok(format!("\"{text}\""))
}

fn split(text: Cow<'_, str>, separator: &str) -> Result<Vec<String>, Error> {
    if separator.is_empty() {
        return Err(Error::new(ErrorKind::InvalidOperation, "`split` needs a separator that is not empty"));
    }
    Ok(text.split(separator).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(template: &str, value: &str) -> Result<String, String> {
        environment()
            .render_str(template, minijinja::context! { v => value })
            .map_err(|error| sentence(&error))
    }

    #[test]
    fn filters_answer_as_in_the_predecessor_s_table() {
        for (template, value, want) in [
            ("{{ v | tagSafe }}", "2026.04.0+526.pro2", "2026.04.0-526.pro2"),
            ("{{ v | tagSafe }}", "-a b-", "a-b"),
            ("{{ v | tagSafe }}", "Ubuntu 22.04_x+", "Ubuntu-22.04_x"),
            ("{{ v | stripMetadata }}", "2026.04.0+526.pro2", "2026.04.0"),
            ("{{ v | stripMetadata }}", "2026.05.0-dev+185-gSHA", "2026.05.0-dev+185"),
            ("{{ v | stripMetadata }}", "2025.12.0-14", "2025.12.0"),
            ("{{ v | stripMetadata }}", "1.2.3", "1.2.3"),
            ("{{ v | stripMetadata }}", "1.0+", "1.0"),
            ("{{ v | stripMetadata }}", "2026.05.0-dev", "2026.05.0"),
            ("{{ v | stripMetadata }}", "2025.04.0-daily+404.pro4", "2025.04.0-daily"),
            ("{{ v | stripMetadata }}", "R4.5.1-python3.13.7", "R4.5.1"),
            ("{{ v | stripPatch }}", "R4.5.1-python3.13.7", "R4.5-python3.13"),
            ("{{ v | stripPatch }}", "1.2.3.4", "1.2"),
            ("{{ v | stripPatch }}", "1.2", "1.2"),
            ("{{ v | stripPatch }}", "go1.24-lib2.3.1", "go1.24-lib2.3"),
            ("{{ v | condense }}", "Ubuntu 24.04-x_y", "Ubuntu2404x_y"),
            ("{{ v | condense }}", "a b-.c", "abc"),
            ("{{ v | quote }}", "a\"b", "\"a\"b\""),
            ("{{ v | split(',') | join('|') }}", "a,b", "a|b"),
            ("{{ v | regexReplace('a+', 'X') }}", "caab", "cXb"),
            (r"{{ v | regexReplace('(a)(?P<n>b)', '\\g<n>$\\1') }}", "xab", "xb$a"),
            ("{{ v | upper }}<{{ v }}>", "a&b", "A&B<a&b>"),
        ] {
            assert_eq!(render(template, value).as_deref(), Ok(want), "{template} {value}");
        }
    }

    #[test]
    fn faults_are_sentences() {
        for (template, want) in [
            ("{{ w }}", "undefined value"),
            ("{{ v | nope }}", "unknown filter: filter nope is unknown"),
            ("{{ raise('not for you') }}", "invalid operation: not for you"),
            ("{{ 1 | quote }}", "invalid operation: `quote` needs a string"),
            ("{{ v | split('') }}", "invalid operation: `split` needs a separator that is not empty"),
            (
                "{{ v | regexReplace('(?=a)', '') }}",
                "invalid operation: `(?=a)` is not an expression that bakery can run (look-around is not supported)",
            ),
            (
                "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
                "engine ran out of fuel",
            ),
        ] {
            assert_eq!(render(template, "a").as_ref().map_err(String::as_str), Err(want), "{template}");
        }
    }
}
