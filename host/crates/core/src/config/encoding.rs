//! Bytes to text: UTF-8 with or without byte order mark; every other encoding is recognised and named, not decoded.

/// Why the bytes are no text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotText {
    /// What the bytes look like.
    pub(super) message: String,
    /// What to do.
    pub(super) hint: String,
    /// The text as far as it can be shown, and the byte in it that does not fit.
    pub(super) shown: Option<(String, usize)>,
}

/// Reads UTF-8; a byte order mark is dropped.
///
/// # Errors
/// Names UTF-16 and UTF-32, and for other bytes the one that is not UTF-8 and what it would be in Latin-1.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, NotText> {
    if let Some(name) = wide(bytes) {
        return Err(NotText {
            message: format!("the file is {name}, not UTF-8"),
            hint: format!("save it as UTF-8, for example with `iconv -f {name} -t UTF-8`"),
            shown: None,
        });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let byte = bytes.get(at).copied().unwrap_or_default();
        // Bytes from 0xA0 on are printable in Latin-1, which is what such a file usually is.
        let guess =
            if byte >= 0xa0 { format!(" (in Latin-1 it is `{}`)", char::from(byte)) } else { String::new() };
        NotText {
            message: format!("the file is not UTF-8: byte 0x{byte:02x} does not fit here{guess}"),
            hint: "save it as UTF-8, for example with `iconv -f ISO-8859-1 -t UTF-8`".to_owned(),
            shown: Some((String::from_utf8_lossy(bytes).into_owned(), at)),
        }
    })
}

/// The name of a wide encoding that the first bytes give away, by their mark or by the zeros of ASCII text.
fn wide(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [1..=0x7f, 0, 0, 0, ..] => Some("UTF-32LE"),
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, 1..=0x7f, ..] => Some("UTF-32BE"),
        [0xff, 0xfe, ..] | [1..=0x7f, 0, ..] => Some("UTF-16LE"),
        [0xfe, 0xff, ..] | [0, 1..=0x7f, ..] => Some("UTF-16BE"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_8_is_read_with_and_without_mark() {
        assert_eq!(decode(b"a: b").unwrap(), "a: b");
        assert_eq!(decode("\u{feff}é".as_bytes()).unwrap(), "é");
        assert_eq!(decode(b"").unwrap(), "");
    }

    #[test]
    fn other_encodings_are_named() {
        let utf16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        for (bytes, want) in [
            (utf16("\u{feff}images: []"), "the file is UTF-16LE, not UTF-8"),
            (utf16("images: []"), "the file is UTF-16LE, not UTF-8"),
            (vec![0xfe, 0xff, 0, b'a'], "the file is UTF-16BE, not UTF-8"),
            (vec![0xff, 0xfe, 0, 0, b'a', 0, 0, 0], "the file is UTF-32LE, not UTF-8"),
            (vec![0, 0, 0, b'a'], "the file is UTF-32BE, not UTF-8"),
            (
                b"name: caf\xe9\n".to_vec(),
                "the file is not UTF-8: byte 0xe9 does not fit here (in Latin-1 it is `é`)",
            ),
            (b"a: \x80".to_vec(), "the file is not UTF-8: byte 0x80 does not fit here"),
        ] {
            assert_eq!(decode(&bytes).unwrap_err().message, want);
        }
        assert_eq!(
            decode(b"name: caf\xe9\n").unwrap_err().shown,
            Some(("name: caf\u{fffd}\n".to_owned(), 9))
        );
    }
}
