//! Filters that the engine has otherwise than Jinja, or with another engine for regular expressions. What tag patterns
//! have as well comes from the core.

use std::borrow::Cow;

use bakery_core::plan::template;
use minijinja::{
    Environment, Error, ErrorKind, State, Value, filters,
    value::{Kwargs, StringInput},
};

use crate::limits;

/// Adds every filter and function that templates have beyond the engine's own.
pub(crate) fn add(environment: &mut Environment<'_>) {
    template::add_filters(environment);
    environment.add_filter("regexReplace", regex_replace);
    environment.add_filter("indent", indent);
    environment.add_filter("int", int);
    environment.add_filter("float", float);
    environment.add_filter("join", join);
}

/// All matches, with look-around and references back.
fn regex_replace(text: Cow<'_, str>, find: &str, replace: &str) -> Result<String, Error> {
    let failed = |problem: String| Error::new(ErrorKind::InvalidOperation, problem);
    let regex = fancy_regex::RegexBuilder::new(find)
        .backtrack_limit(limits::BACKTRACKS)
        .build()
        .map_err(|error| failed(format!("`{find}` is not a regular expression: {error}")))?;
    let replaced = regex
        .try_replacen(&text, 0, template::replacement(replace).as_str())
        .map_err(|error| failed(format!("`{find}` cannot be searched for: {error}")))?;
    Ok(replaced.into_owned())
}

/// Indents lines as Jinja does: what ends with a line end goes on ending with one. `width` may be a text.
fn indent(
    text: StringInput<'_>,
    width: Option<Value>,
    first: Option<bool>,
    blank: Option<bool>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    let width = match width {
        Some(width) => Some(width),
        None => kwargs.get::<Option<Value>>("width")?,
    };
    let first = first.or(kwargs.get("first")?).unwrap_or(false);
    let blank = blank.or(kwargs.get("blank")?).unwrap_or(false);
    kwargs.assert_all_used()?;
    let lines = lines(text.as_str());
    let too_wide = || Error::new(ErrorKind::InvalidOperation, "`indent` would make the text too large");
    let room = |width: usize| width.saturating_mul(lines.len()) <= limits::OUTPUT;
    let by = match &width {
        None => " ".repeat(4),
        Some(width) => match (width.as_str(), width.as_usize()) {
            (Some(text), _) if room(text.len()) => text.to_owned(),
            (None, Some(width)) if room(width) => " ".repeat(width),
            (Some(_), _) | (None, Some(_)) => return Err(too_wide()),
            (None, None) => {
                let message = format!("`indent` needs a number or a text, not {}", width.kind());
                return Err(Error::new(ErrorKind::InvalidOperation, message));
            }
        },
    };
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        if if at == 0 { first } else { blank || !line.is_empty() } {
            out.push_str(&by);
        }
        out.push_str(line);
    }
    Ok(Value::from(out))
}

/// Lines as Python splits them; a text that ends with a line end has an empty last one.
fn lines(text: &str) -> Vec<&str> {
    let ends = |c: char| {
        matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((line, end)) = rest.find(ends).map(|at| rest.split_at(at)) {
        lines.push(line);
        let end_length =
            if end.starts_with("\r\n") { 2 } else { end.chars().next().map_or(0, char::len_utf8) };
        rest = &end[end_length..];
    }
    lines.push(rest);
    lines
}

/// A whole number; 0, or the default, for what is none.
fn int(
    state: &State<'_, '_>,
    value: &Value,
    default: Option<Value>,
    base: Option<u32>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    let default = fallback(default, &kwargs, || Value::from(0));
    filters::int(state, &trimmed(value), default, base, kwargs)
}

/// A number; 0.0, or the default, for what is none.
fn float(
    state: &State<'_, '_>,
    value: &Value,
    default: Option<Value>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    let default = fallback(default, &kwargs, || Value::from(0.0));
    filters::float(state, &trimmed(value), default, kwargs)
}

fn fallback(default: Option<Value>, kwargs: &Kwargs, zero: impl FnOnce() -> Value) -> Option<Value> {
    default.or_else(|| (!kwargs.has("default")).then(zero))
}

fn trimmed(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |text| Value::from(text.trim()))
}

/// Refuses what is undefined, which the engine's own prints as nothing.
fn join(
    state: &mut State<'_, '_>,
    value: &Value,
    joiner: Option<StringInput<'_>>,
    attribute: Option<&str>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    let undefined = value.is_undefined()
        || (value.as_str().is_none() && value.try_iter()?.any(|item| item.is_undefined()));
    if undefined {
        return Err(Error::new(ErrorKind::UndefinedError, "`join` was given something that is undefined"));
    }
    filters::join(state, value, joiner, attribute, kwargs)
}
