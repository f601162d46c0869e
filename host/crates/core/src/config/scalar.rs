//! The YAML 1.2 core schema: what an unquoted word means. `yes`, `on` and `1:30` are text, as that schema says.

/// What a scalar is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    /// Also integers that need more than 64 bits.
    Float(f64),
    Text,
}

impl Kind {
    /// The kind of an unquoted scalar.
    pub(super) fn of_plain(text: &str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Self::Null,
            "true" | "True" | "TRUE" => Self::Bool(true),
            "false" | "False" | "FALSE" => Self::Bool(false),
            _ => number(text).unwrap_or(Self::Text),
        }
    }

    /// With an article, for messages.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text => "text",
        }
    }
}

fn number(text: &str) -> Option<Kind> {
    let first = *text.as_bytes().first()?;
    if !matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.') {
        return None;
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit()) {
        let int = text.strip_prefix('+').unwrap_or(text).parse().map(Kind::Int);
        return int.ok().or_else(|| text.parse().ok().map(Kind::Float));
    }
    match unsigned {
        ".inf" | ".Inf" | ".INF" if text.starts_with('-') => return Some(Kind::Float(f64::NEG_INFINITY)),
        ".inf" | ".Inf" | ".INF" => return Some(Kind::Float(f64::INFINITY)),
        _ if matches!(text, ".nan" | ".NaN" | ".NAN") => return Some(Kind::Float(f64::NAN)),
        _ => {}
    }
    is_float(unsigned).then(|| text.parse().ok().map(Kind::Float)).flatten()
}

fn radix(digits: &str, base: u32) -> Option<Kind> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return None;
    }
    Some(i64::from_str_radix(digits, base).map_or_else(
        |_| {
            Kind::Float(
                digits
                    .chars()
                    .filter_map(|c| c.to_digit(base))
                    .fold(0.0, |sum, d| sum * f64::from(base) + f64::from(d)),
            )
        },
        Kind::Int,
    ))
}

/// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`, the core schema's expression without its sign.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let some_digits = |s: &str| !s.is_empty() && digits(s);
    let good_mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => some_digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => some_digits(mantissa),
    };
    good_mantissa && exponent.is_none_or(|e| some_digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_mean_what_yaml_1_2_says() {
        for (text, want) in [
            ("", Kind::Null),
            ("~", Kind::Null),
            ("null", Kind::Null),
            ("nULL", Kind::Text),
            ("true", Kind::Bool(true)),
            ("False", Kind::Bool(false)),
            ("yes", Kind::Text),
            ("no", Kind::Text),
            ("on", Kind::Text),
            ("off", Kind::Text),
            ("y", Kind::Text),
            ("10", Kind::Int(10)),
            ("010", Kind::Int(10)),
            ("0o17", Kind::Int(15)),
            ("0x1F", Kind::Int(31)),
            ("0o8", Kind::Text),
            ("0b1", Kind::Text),
            ("-12", Kind::Int(-12)),
            ("+12", Kind::Int(12)),
            ("99999999999999999999", Kind::Float(1e20)),
            ("24.04", Kind::Float(24.04)),
            ("1.10", Kind::Float(1.1)),
            ("1e3", Kind::Float(1000.0)),
            ("1.", Kind::Float(1.0)),
            (".5", Kind::Float(0.5)),
            ("-.5E-1", Kind::Float(-0.05)),
            (".inf", Kind::Float(f64::INFINITY)),
            ("-.Inf", Kind::Float(f64::NEG_INFINITY)),
            (".", Kind::Text),
            ("1e", Kind::Text),
            ("e3", Kind::Text),
            ("+", Kind::Text),
            ("-", Kind::Text),
            ("inf", Kind::Text),
            ("1_000", Kind::Text),
            ("1:30", Kind::Text),
            ("2026-01-01", Kind::Text),
            ("2026.03.1", Kind::Text),
            ("٣", Kind::Text),
        ] {
            assert_eq!(Kind::of_plain(text), want, "{text}");
        }
        assert!(matches!(Kind::of_plain(".nan"), Kind::Float(nan) if nan.is_nan()));
    }
}
