//! `.dockerignore`: which paths of a context are left out, with Docker's rules. Reads no file.

mod pattern;

use pattern::Pattern;

/// Patterns that one file may hold.
const MAX_PATTERNS: usize = 10_000;

/// Bytes that one pattern may have.
const MAX_PATTERN: usize = 4096;

/// What a `.dockerignore` says. The default leaves nothing out.
#[derive(Clone, Debug, Default)]
pub struct Ignore {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    /// `!` stands before it: what it matches is taken in again.
    exception: bool,
    pattern: Pattern,
}

/// A line that is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the ignore file: {problem}")]
pub struct IgnoreError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

/// Which rules match a folder; what lies below inherits them.
#[derive(Clone, Debug, Default)]
pub struct Matched(Vec<bool>);

/// What the rules say about one path.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// It is left out of the context.
    pub ignored: bool,
    /// Something below it could be taken in again, so that a folder that is left out must be looked through.
    pub exceptions_below: bool,
    /// For what lies below it.
    pub matched: Matched,
}

impl Ignore {
    /// Reads the file's text, with or without byte order mark, with any line ends.
    ///
    /// # Errors
    /// A pattern that Docker refuses, one that is too long, and too many of them.
    pub fn parse(text: &[u8]) -> Result<Self, IgnoreError> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut rules = Vec::new();
        for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let wrong = |problem: &str| IgnoreError { line: at + 1, problem: problem.to_owned() };
            // Only the very first character makes a comment: ` #x` is a pattern.
            if line.starts_with(b"#") {
                continue;
            }
            let mut line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            let exception = line.starts_with(b"!");
            if exception {
                line = line[1..].trim_ascii();
            }
            if line.is_empty() {
                return Err(wrong("`!` stands alone; a pattern must follow it"));
            }
            if line.len() > MAX_PATTERN {
                return Err(wrong("the pattern is too long"));
            }
            if rules.len() == MAX_PATTERNS {
                return Err(wrong("there are too many patterns"));
            }
            let clean = clean(line);
            let pattern = Pattern::parse(&clean).map_err(wrong)?;
            rules.push(Rule { exception, pattern });
        }
        Ok(Self { rules })
    }

    /// What the rules say about a path, relative to the context, in a folder of which `parent` is known.
    /// The last rule that matches the path or a folder above it decides.
    #[must_use]
    pub fn judge(&self, path: &[u8], parent: &Matched) -> Verdict {
        let path = pattern::letters(path);
        let mut ignored = false;
        let mut exceptions_below = false;
        let mut matched = Vec::with_capacity(self.rules.len());
        for (at, rule) in self.rules.iter().enumerate() {
            let inherited = parent.0.get(at).copied().unwrap_or_default();
            let matches = inherited || rule.pattern.matches(&path);
            if matches {
                ignored = !rule.exception;
            }
            exceptions_below |= rule.exception;
            matched.push(matches);
        }
        Verdict { ignored, exceptions_below, matched: Matched(matched) }
    }

    /// The same for a path of which nothing is known.
    #[must_use]
    pub fn ignores(&self, path: &[u8]) -> bool {
        let mut above = Matched::default();
        for (at, byte) in path.iter().enumerate() {
            if *byte == b'/' {
                above = self.judge(&path[..at], &above).matched;
            }
        }
        self.judge(path, &above).ignored
    }
}

/// `.`, `..`, doubled and leading slashes and the last slash go, as Docker's path cleaning does it. What goes above the
/// context stays there.
fn clean(line: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in line.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => {
                parts.pop();
            }
            // Above the root there is nothing, above a relative start there is.
            b".." if line.starts_with(b"/") => {}
            other => parts.push(other),
        }
    }
    if parts.is_empty() { b".".to_vec() } else { parts.join(&b'/') }
}

#[cfg(test)]
mod tests;
