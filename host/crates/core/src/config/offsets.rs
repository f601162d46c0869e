//! Positions in a text of YAML: the parser counts characters, spans count bytes. Parses nothing.

/// Turns the parser's positions in characters into positions in bytes.
pub struct Offsets {
    /// Where each character begins; none for ASCII, where both agree.
    starts: Option<Vec<u32>>,
    end: usize,
}

impl Offsets {
    /// For one text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let starts = (!text.is_ascii())
            .then(|| text.char_indices().map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect());
        Self { starts, end: text.len() }
    }

    /// Where the character of this index begins; the end of the text for what lies behind it.
    #[must_use]
    pub fn byte(&self, index: usize) -> usize {
        match &self.starts {
            None => index.min(self.end),
            Some(starts) => starts.get(index).map_or(self.end, |at| *at as usize),
        }
    }
}
