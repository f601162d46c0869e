//! The order of Python's version specification (PEP 440), for finding the highest value of a matrix axis.
//! Reads what dependency lists contain; everything else is `None` and has no place in the order.

/// A version that can be ordered; the fields are compared from the first to the last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pep440 {
    epoch: u64,
    /// Without trailing zeros: `4.5` and `4.5.0` are equal.
    release: Vec<u64>,
    phase: Phase,
    post: Option<u64>,
    dev: Dev,
    local: Vec<LocalPart>,
}

/// A development release of nothing sorts before every prerelease; a final release after them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    OnlyDev,
    Alpha(u64),
    Beta(u64),
    Candidate(u64),
    Final,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Dev {
    Number(u64),
    Absent,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum LocalPart {
    Word(String),
    Number(u64),
}

impl Pep440 {
    /// Reads `4.5.2`, `v1.7.34`, `2026.07.0-55`, `4.6.0rc1`, `3.0.dev2`, `1.2.post3+local.1`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let (public, local) = match lower.split_once('+') {
            Some((public, local)) => (public, Some(local)),
            None => (lower.as_str(), None),
        };
        let mut rest = public.strip_prefix('v').unwrap_or(public);
        let mut epoch = 0;
        if let Some((before, after)) = rest.split_once('!') {
            epoch = before.parse().ok()?;
            rest = after;
        }
        let mut release = vec![take_number(&mut rest)?];
        while let Some(after) =
            rest.strip_prefix('.').filter(|after| after.starts_with(|c: char| c.is_ascii_digit()))
        {
            rest = after;
            release.push(take_number(&mut rest)?);
        }
        while release.len() > 1 && release.last() == Some(&0) {
            release.pop();
        }
        let pre = take_labelled(&mut rest, &PRE)?;
        let post = take_post(&mut rest)?;
        let dev = take_labelled(&mut rest, &["dev"])?.map(|(_, number)| number);
        if !rest.is_empty() {
            return None;
        }
        let phase = match (pre, post, dev) {
            (Some((label, number)), ..) => match label {
                "a" | "alpha" => Phase::Alpha(number),
                "b" | "beta" => Phase::Beta(number),
                _ => Phase::Candidate(number),
            },
            (None, None, Some(_)) => Phase::OnlyDev,
            (None, ..) => Phase::Final,
        };
        let local = match local {
            Some(local) => local.split(['.', '-', '_']).map(local_part).collect::<Option<_>>()?,
            None => Vec::new(),
        };
        Some(Self { epoch, release, phase, post, dev: dev.map_or(Dev::Absent, Dev::Number), local })
    }
}

/// Longer labels first, because a shorter one may begin a longer one.
const PRE: [&str; 8] = ["alpha", "beta", "preview", "pre", "rc", "a", "b", "c"];

fn take_number(rest: &mut &str) -> Option<u64> {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let number = rest[..end].parse().ok()?;
    *rest = &rest[end..];
    Some(number)
}

/// `[.-_]label[.-_]number`; the number may be missing and is then 0. The outer `None` is a number that is too large.
fn take_labelled<'a>(rest: &mut &str, labels: &[&'a str]) -> Option<Option<(&'a str, u64)>> {
    let text = rest.strip_prefix(['.', '-', '_']).unwrap_or(rest);
    let Some((label, after)) = labels.iter().find_map(|label| Some((*label, text.strip_prefix(label)?)))
    else {
        return Some(None);
    };
    let digits = after.strip_prefix(['.', '-', '_']).unwrap_or(after);
    let numbered = digits.starts_with(|c: char| c.is_ascii_digit());
    *rest = if numbered { digits } else { after };
    let number = if numbered { take_number(rest)? } else { 0 };
    Some(Some((label, number)))
}

fn take_post(rest: &mut &str) -> Option<Option<u64>> {
    if let Some(after) =
        rest.strip_prefix('-').filter(|after| after.starts_with(|c: char| c.is_ascii_digit()))
    {
        *rest = after;
        return take_number(rest).map(Some);
    }
    Some(take_labelled(rest, &["post", "rev", "r"])?.map(|(_, number)| number))
}

fn local_part(part: &str) -> Option<LocalPart> {
    match part.bytes().all(|b| b.is_ascii_digit()) {
        _ if part.is_empty() => None,
        true => part.parse().ok().map(LocalPart::Number),
        false => part.bytes().all(|b| b.is_ascii_alphanumeric()).then(|| LocalPart::Word(part.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_pep_440_orders_them() {
        let ordered = [
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
            "1.1.dev1",
            "3.9.20",
            "3.10.1",
            "4.4.3",
            "4.6.0rc1",
            "4.6.0",
            "2026.02.0-100",
            "2026.02.1-5",
            "2026.07.0-55",
            "1!0.5",
        ];
        let parsed: Vec<Pep440> = ordered.iter().map(|text| Pep440::parse(text).expect(text)).collect();
        for (i, a) in parsed.iter().enumerate() {
            for (j, b) in parsed.iter().enumerate() {
                assert_eq!(a.cmp(b), i.cmp(&j), "{} {}", ordered[i], ordered[j]);
            }
        }
    }

    #[test]
    fn spellings_of_one_version_are_equal() {
        for (a, b) in [
            ("v1.7.34", "1.7.34"),
            ("4.5", "4.5.0"),
            ("1.0-1", "1.0.post1"),
            ("1.0c1", "1.0rc1"),
            ("1.0.RC.1", "1.0rc1"),
            ("1.0alpha", "1.0a0"),
            ("01.05", "1.5"),
        ] {
            assert_eq!(Pep440::parse(a), Pep440::parse(b), "{a} {b}");
            assert!(Pep440::parse(a).is_some(), "{a}");
        }
    }

    #[test]
    fn what_is_no_version_has_no_place() {
        for text in [
            "",
            "abc",
            "jammy",
            "1.x",
            "1..2",
            "1.0+",
            "99999999999999999999",
            "1.0a99999999999999999999",
            "1.0 2",
        ] {
            assert_eq!(Pep440::parse(text), None, "{text}");
        }
    }
}
