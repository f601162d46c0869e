//! Cuts a stream of bytes into lines for people: bounded, without endings, blank ones left out. Keeps no line.

/// Ends a line that was cut.
const CUT: char = '…';

/// A line in the making.
#[derive(Debug)]
pub(super) struct Lines {
    max: usize,
    pending: Vec<u8>,
    /// The line goes on, but nobody will see how.
    cut: bool,
}

impl Lines {
    /// Lines of at most `max` bytes.
    pub(super) fn new(max: usize) -> Self {
        Self { max, pending: Vec::new(), cut: false }
    }

    /// Takes bytes and gives every line that they complete. A lone carriage return ends a line too: progress bars
    /// have no other ending.
    pub(super) fn push(&mut self, bytes: &[u8], mut give: impl FnMut(String)) {
        let mut parts = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).peekable();
        while let Some(part) = parts.next() {
            let room = self.max - self.pending.len();
            self.pending.extend_from_slice(&part[..part.len().min(room)]);
            self.cut |= part.len() > room;
            if parts.peek().is_some() {
                self.end(&mut give);
            }
        }
    }

    /// Gives what stands there without an ending.
    pub(super) fn end(&mut self, mut give: impl FnMut(String)) {
        let mut line = String::from_utf8_lossy(&self.pending).into_owned();
        if self.cut {
            line.push(CUT);
        }
        self.pending.clear();
        self.cut = false;
        if !line.trim().is_empty() {
            give(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let mut given = Vec::new();
        let mut lines = Lines::new(8);
        for piece in pieces {
            lines.push(piece, |line| given.push(line));
            assert!(lines.pending.len() <= 8);
        }
        lines.end(|line| given.push(line));
        given
    }

    #[test]
    fn lines_are_the_same_however_the_bytes_arrive() {
        let text = b"#1 DONE\r\n\n  \r\nab\rcd\r\n last";
        let expected = ["#1 DONE", "ab", "cd", " last"];
        assert_eq!(lines(&[text]), expected);
        let single: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(lines(&single), expected);
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_one_is_whole() {
        assert_eq!(lines(&[b"12345678\n123456789\nx\n"]), ["12345678", "12345678…", "x"]);
        assert_eq!(lines(&[b"1234", b"56789", b"0", b"\nx"]), ["12345678…", "x"]);
        let flood = vec![b'a'; 1 << 20];
        assert_eq!(lines(&[&flood, &flood]), ["aaaaaaaa…"]);
    }

    #[test]
    fn what_is_no_text_is_replaced() {
        assert_eq!(lines(&[b"a\xffb\n"]), ["a\u{fffd}b"]);
    }
}
