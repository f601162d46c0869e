//! Versions as PEP 440 reads and orders them, the text kept as it was written.
//! Must not normalise what it shows: the text becomes a build argument.

use std::cmp::Ordering;

/// A version; ordered as PEP 440 says, with the text left out of it.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    text: String,
    epoch: u64,
    release: Vec<u64>,
    pre: Option<(char, u64)>,
    post: Option<u64>,
    dev: Option<u64>,
    local: Vec<Local>,
}

/// Epoch, release without trailing zeros, prerelease, post release, development release, local version.
type Key<'a> = (u64, &'a [u64], (u8, Option<(char, u64)>), Option<u64>, (bool, Option<u64>), &'a [Local]);

/// One part of a local version: a number is higher than a word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Local {
    Word(String),
    Number(u64),
}

impl Version {
    /// Reads a text; a leading `v` is dropped.
    pub(crate) fn parse(written: &str) -> Option<Self> {
        let text = written.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let lower = text.to_ascii_lowercase();
        let (rest, local) = match lower.split_once('+') {
            Some((rest, local)) => (rest, locals(local)?),
            None => (lower.as_str(), Vec::new()),
        };
        let mut rest = Rest(rest);
        let first = rest.number()?;
        let (epoch, first) = if rest.take("!") { (first, rest.number()?) } else { (0, first) };
        let mut release = vec![first];
        while let Some(number) = rest.after_dot() {
            release.push(number);
        }
        let pre = rest.tagged(&[
            ("alpha", 'a'),
            ("beta", 'b'),
            ("preview", 'c'),
            ("pre", 'c'),
            ("rc", 'c'),
            ("a", 'a'),
            ("b", 'b'),
            ("c", 'c'),
        ]);
        let post = rest
            .implicit_post()
            .or_else(|| rest.tagged(&[("post", 'p'), ("rev", 'p'), ("r", 'p')]).map(|(_, number)| number));
        let dev = rest.tagged(&[("dev", 'd')]).map(|(_, number)| number);
        rest.0.is_empty().then(|| Self { text: text.to_owned(), epoch, release, pre, post, dev, local })
    }

    /// The text as it was written, without a leading `v`.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The numbers before any suffix, as written.
    pub(crate) fn release(&self) -> &[u64] {
        &self.release
    }

    /// Whether there is nothing but the release numbers.
    pub(crate) fn is_plain(&self) -> bool {
        self.epoch == 0
            && self.pre.is_none()
            && self.post.is_none()
            && self.dev.is_none()
            && self.local.is_empty()
    }

    /// First and second number.
    pub(crate) fn minor(&self) -> (u64, u64) {
        (self.release[0], self.release.get(1).copied().unwrap_or(0))
    }

    fn key(&self) -> Key<'_> {
        let zeros = self.release.iter().rev().take_while(|number| **number == 0).count();
        // A bare development release comes before every prerelease, and a release after them.
        let pre = match self.pre {
            None if self.post.is_none() && self.dev.is_some() => 0,
            Some(_) => 1,
            None => 2,
        };
        let release = &self.release[..self.release.len() - zeros];
        (self.epoch, release, (pre, self.pre), self.post, (self.dev.is_none(), self.dev), &self.local)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// What is still to be read.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn take(&mut self, prefix: &str) -> bool {
        match self.0.strip_prefix(prefix) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn number(&mut self) -> Option<u64> {
        let end = self.0.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(self.0.len());
        let number = self.0[..end].parse().ok()?;
        self.0 = &self.0[end..];
        Some(number)
    }

    fn after_dot(&mut self) -> Option<u64> {
        let mut rest = Rest(self.0.strip_prefix('.')?);
        let number = rest.number()?;
        self.0 = rest.0;
        Some(number)
    }

    /// `-55` without a word is a post release.
    fn implicit_post(&mut self) -> Option<u64> {
        let mut rest = Rest(self.0.strip_prefix('-')?);
        let number = rest.number()?;
        self.0 = rest.0;
        Some(number)
    }

    /// A word and its number, with or without a separator before each; no number means 0.
    fn tagged(&mut self, words: &[(&str, char)]) -> Option<(char, u64)> {
        let rest = self.0.strip_prefix(['-', '_', '.']).unwrap_or(self.0);
        let (kind, rest) = words.iter().find_map(|(word, kind)| Some((*kind, rest.strip_prefix(word)?)))?;
        let mut numbered = Rest(rest.strip_prefix(['-', '_', '.']).unwrap_or(rest));
        let number = numbered.number();
        self.0 = if number.is_some() { numbered.0 } else { rest };
        Some((kind, number.unwrap_or(0)))
    }
}

fn locals(text: &str) -> Option<Vec<Local>> {
    text.split(['-', '_', '.'])
        .map(|part| match part.parse() {
            Ok(number) if part.bytes().all(|b| b.is_ascii_digit()) => Some(Local::Number(number)),
            _ if !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                Some(Local::Word(part.to_owned()))
            }
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_the_standard_says() {
        let ascending = [
            "1.dev0",
            "1.0.dev456",
            "1.0a1",
            "1.0a2.dev456",
            "1.0a12.dev456",
            "1.0a12",
            "1.0b1.dev456",
            "1.0b2",
            "1.0b2.post345.dev456",
            "1.0b2.post345",
            "1.0rc1.dev456",
            "1.0rc1",
            "1.0",
            "1.0+abc.5",
            "1.0+abc.7",
            "1.0+5",
            "1.0.post456.dev34",
            "1.0.post456",
            "1.0.15",
            "1.1.dev1",
            "2026.02.0-100",
            "2026.02.1-5",
            "2026.03.0-212",
            "2026.07.0-55",
            "1!0.1",
        ];
        for pair in ascending.windows(2) {
            let [low, high] = pair else { unreachable!() };
            assert!(Version::parse(low).unwrap() < Version::parse(high).unwrap(), "{low} < {high}");
        }
    }

    #[test]
    fn different_notations_of_one_version_are_equal() {
        for (one, other) in [
            ("1.0", "1.0.0"),
            ("v1.7.34", "1.7.34"),
            ("1.0-1", "1.0.post1"),
            ("1.0rc1", "1.0-RC.1"),
            ("1.0c1", "1.0pre1"),
            ("1.0alpha", "1.0a0"),
            ("1.0r4", "1.0.rev4"),
            ("2026.04.0", "2026.4"),
            ("1.0+ubuntu-1", "1.0+ubuntu.1"),
        ] {
            assert_eq!(Version::parse(one), Version::parse(other), "{one} {other}");
        }
    }

    #[test]
    fn the_text_is_kept_and_the_numbers_are_read() {
        for (text, kept, release) in [
            ("v1.7.34", "1.7.34", &[1, 7, 34][..]),
            ("1.4", "1.4", &[1, 4]),
            ("2026.07.0-55", "2026.07.0-55", &[2026, 7, 0]),
            ("4.6.0rc1", "4.6.0rc1", &[4, 6, 0]),
            (" 4.5.1 ", "4.5.1", &[4, 5, 1]),
        ] {
            let version = Version::parse(text).unwrap();
            assert_eq!((version.as_str(), version.release()), (kept, release));
        }
        assert!(Version::parse("4").unwrap().is_plain() && !Version::parse("4-1").unwrap().is_plain());
    }

    #[test]
    fn what_is_not_a_version_is_not_read() {
        for text in [
            "",
            "abc",
            "devel",
            "next",
            "1.",
            "1..2",
            "1.0-",
            "1.0+",
            "1.0+a_",
            "1.0 1",
            "1.0x",
            "-1",
            "99999999999999999999999",
            "1.0rc1rc2",
            "١.٢",
        ] {
            assert!(Version::parse(text).is_none(), "{text}");
        }
    }
}
