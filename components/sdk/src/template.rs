//! Texts with `{placeholders}`, as configurations of sources write addresses and names.
//! It is substitution and nothing more: no conditions, no nesting, no escapes.

/// A text that was split once, so that a mistake in it is found before anything is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Name(String),
}

impl Template {
    /// Splits a text.
    ///
    /// # Errors
    /// A sentence that names the text, for a brace without its partner or a name that is not of
    /// lower-case letters, digits and `-`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            if rest[at..].starts_with('}') {
                return Err(format!("`{text}` has a `}}` without its `{{`"));
            }
            let (before, after) = (&rest[..at], &rest[at + 1..]);
            let end = after.find(['{', '}']).filter(|end| after[*end..].starts_with('}'));
            let end = end.ok_or_else(|| format!("`{text}` has a `{{` without its `}}`"))?;
            let name = &after[..end];
            let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            if name.is_empty() || !name.bytes().all(word) {
                return Err(format!("`{text}` has the placeholder `{{{name}}}`, which is not a name"));
            }
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::Name(name.to_owned()));
            rest = &after[end + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// Every placeholder, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Name(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// Whether the text has no placeholder.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.names().next().is_none()
    }

    /// Fills the placeholders.
    ///
    /// # Errors
    /// The name of the first placeholder that `value` does not know.
    pub fn render(&self, value: impl Fn(&str) -> Option<String>) -> Result<String, &str> {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Name(name) => out.push_str(&value(name).ok_or(name.as_str())?),
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_unknown_ones_are_named() {
        let template = Template::parse("a{x}{y-2}b").unwrap();
        assert_eq!(template.names().collect::<Vec<_>>(), ["x", "y-2"]);
        assert_eq!(template.render(|name| Some(name.to_uppercase())), Ok("aXY-2b".to_owned()));
        assert_eq!(template.render(|name| (name == "x").then(String::new)), Err("y-2"));
        assert!(Template::parse("").unwrap().is_literal());
    }

    #[test]
    fn a_text_that_cannot_be_split_is_refused() {
        for (text, want) in [
            ("a{", "`a{` has a `{` without its `}`"),
            ("a}", "`a}` has a `}` without its `{`"),
            ("{a{b}}", "`{a{b}}` has a `{` without its `}`"),
            ("{}", "`{}` has the placeholder `{}`, which is not a name"),
            ("{A b}", "`{A b}` has the placeholder `{A b}`, which is not a name"),
        ] {
            assert_eq!(Template::parse(text).unwrap_err(), want);
        }
    }
}
