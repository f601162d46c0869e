//! Prepares the text of a template for the engine: line ends, and one escape that the engine reads otherwise than
//! Jinja. Remembers what it changed, so that messages show what was written. Understands no expression.

use std::ops::Range;

use crate::limits;

/// A template as it was written and as the engine reads it.
#[derive(Debug)]
pub(crate) struct Source {
    /// As written, but every line ends with `\n`.
    pub(crate) written: String,
    /// As the engine reads it.
    pub(crate) prepared: String,
    /// Expressions and statements, as parts of `prepared`.
    pub(crate) tags: Vec<Range<usize>>,
    /// Where a backslash was put in, in bytes of `prepared`.
    inserted: Vec<usize>,
}

/// Why a text is no template, with its place in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfit {
    pub(crate) at: Range<usize>,
    pub(crate) message: String,
}

impl Source {
    /// Reads a text.
    ///
    /// The engine drops the backslash of `\/` in a string, as JSON does; Jinja keeps it. Only strings inside of tags
    /// are changed: comments and raw blocks are left alone.
    pub(crate) fn new(text: &str) -> Result<Self, Unfit> {
        if text.len() > limits::SOURCE {
            let message = format!("has {} bytes, at most {} are read", text.len(), limits::SOURCE);
            return Err(Unfit { at: 0..0, message });
        }
        let written = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut scan = Scan {
            text: &written,
            at: 0,
            copied: 0,
            out: String::new(),
            tags: Vec::new(),
            inserted: Vec::new(),
        };
        scan.run()?;
        let Scan { mut out, copied, tags, inserted, .. } = scan;
        out.push_str(&written[copied..]);
        Ok(Self { prepared: out, tags, inserted, written })
    }

    /// A part of `prepared` as a part of `written`.
    pub(crate) fn as_written(&self, part: &Range<usize>) -> Range<usize> {
        let back = |at: usize| at - self.inserted.partition_point(|inserted| *inserted < at);
        back(part.start)..back(part.end)
    }

    /// A line of `written`, without its blanks, as a part of it.
    pub(crate) fn line(&self, number: usize) -> Range<usize> {
        let mut start = 0;
        for (at, line) in self.written.split('\n').enumerate() {
            if at + 1 == number {
                let indent = line.len() - line.trim_start().len();
                return start + indent..(start + line.trim_end().len()).max(start + indent);
            }
            start += line.len() + 1;
        }
        self.written.len()..self.written.len()
    }
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    /// Up to here the text is in `out`.
    copied: usize,
    out: String,
    tags: Vec<Range<usize>>,
    inserted: Vec<usize>,
}

impl Scan<'_> {
    fn run(&mut self) -> Result<(), Unfit> {
        while let Some(found) = self.text[self.at..].find('{') {
            self.at += found;
            match self.text.as_bytes().get(self.at + 1) {
                Some(b'#') => self.skip_behind("#}"),
                Some(b'{') => self.tag(b'}')?,
                Some(b'%') => {
                    let begin = self.at;
                    self.tag(b'%')?;
                    if word(&self.text[begin..self.at]) == "raw" {
                        self.skip_raw();
                    }
                }
                _ => self.at += 1,
            }
        }
        Ok(())
    }

    fn skip_behind(&mut self, end: &str) {
        self.at = self.text[self.at..].find(end).map_or(self.text.len(), |found| self.at + found + end.len());
    }

    fn skip_raw(&mut self) {
        while let Some(found) = self.text[self.at..].find("{%") {
            self.at += found;
            let rest = &self.text[self.at..];
            let end = rest.find("%}").map_or(rest.len(), |end| end + 2);
            let is_end = word(&rest[..end]) == "endraw";
            self.at += if is_end { end } else { 2 };
            if is_end {
                return;
            }
        }
        self.at = self.text.len();
    }

    /// Goes behind a tag that ends with `end` and `}`, and prepares its strings.
    fn tag(&mut self, end: u8) -> Result<(), Unfit> {
        let begin = self.at;
        let prepared = self.out.len() + begin - self.copied;
        let bytes = self.text.as_bytes();
        self.at += 2;
        let mut open = 0_usize;
        while let Some(&byte) = bytes.get(self.at) {
            if self.at - begin > limits::TAG {
                let message = format!("has more than {} bytes between its brackets", limits::TAG);
                return Err(Unfit { at: begin..begin + 2, message });
            }
            match byte {
                b'\'' | b'"' => {
                    self.string(byte);
                    continue;
                }
                _ if open == 0 && byte == end && bytes.get(self.at + 1) == Some(&b'}') => {
                    self.at += 2;
                    break;
                }
                b'{' => open += 1,
                b'}' => open = open.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
        self.tags.push(prepared..self.out.len() + self.at - self.copied);
        Ok(())
    }

    fn string(&mut self, quote: u8) {
        let bytes = self.text.as_bytes();
        self.at += 1;
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'\\' => {
                    if bytes.get(self.at + 1) == Some(&b'/') {
                        self.out.push_str(&self.text[self.copied..self.at]);
                        self.inserted.push(self.out.len());
                        self.out.push('\\');
                        self.copied = self.at;
                    }
                    self.at += 2;
                }
                _ => self.at += 1,
            }
            if byte == quote {
                return;
            }
        }
        self.at = self.at.min(bytes.len());
    }
}

/// The only word of a tag, or nothing.
fn word(tag: &str) -> &str {
    let inside = tag.trim_start_matches("{%").trim_end_matches("%}");
    inside.trim_start_matches(['-', '+']).trim_end_matches(['-', '+']).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(text: &str) -> String {
        Source::new(text).unwrap().prepared
    }

    #[test]
    fn line_ends_become_one_kind() {
        assert_eq!(prepared("a\r\nb\rc\n"), "a\nb\nc\n");
    }

    #[test]
    fn a_backslash_before_a_slash_is_kept_in_strings_of_tags_and_nowhere_else() {
        for (text, want) in [
            (r#"{{ x | replace("/", "\/") }}"#, r#"{{ x | replace("/", "\\/") }}"#),
            (r#"{{ x | replace('/', '\/') }}\/"#, r#"{{ x | replace('/', '\\/') }}\/"#),
            (r#"{% set a = "\/\/" %}"#, r#"{% set a = "\\/\\/" %}"#),
            (r#"{{ "\\/" }}"#, r#"{{ "\\/" }}"#),
            (r#"{{ "\"\/" }}"#, r#"{{ "\"\\/" }}"#),
            (r#"{# it's "\/" #}{{ "\/" }}"#, r#"{# it's "\/" #}{{ "\\/" }}"#),
            (r#"{% raw %}{{ "\/" }}{% endraw %}{{ "\/" }}"#, r#"{% raw %}{{ "\/" }}{% endraw %}{{ "\\/" }}"#),
            (r#"{%- raw -%}{% "\/" %}{%- endraw -%}"#, r#"{%- raw -%}{% "\/" %}{%- endraw -%}"#),
            (r#"{{ {"a": {"b": "\/"}} }}"#, r#"{{ {"a": {"b": "\\/"}} }}"#),
            (r#"{{ "}}\/" }}"#, r#"{{ "}}\\/" }}"#),
            (r#""\/" { "\/" }"#, r#""\/" { "\/" }"#),
            (r#"é {{ "é\/" }}"#, r#"é {{ "é\\/" }}"#),
        ] {
            assert_eq!(prepared(text), want);
        }
    }

    #[test]
    fn what_is_unfinished_does_not_confuse() {
        for text in [
            "{{",
            "{%",
            "{#",
            "{{ \"",
            "{{ \"\\",
            "{{ '\\/",
            "{% raw %}",
            "{% raw %}{%",
            "{",
            "{{ }",
            "{{ \"é\\",
        ] {
            Source::new(text).unwrap();
        }
    }

    #[test]
    fn parts_are_found_again_in_what_was_written() {
        let source = Source::new("{{ a | f(\"\\/\", \"\\/\") }} {{ b }}").unwrap();
        let part = source.prepared.find("b }}").map(|at| at..at + 1).unwrap();
        assert_eq!(&source.written[source.as_written(&part)], "b");
        let tags: Vec<&str> = source.tags.iter().map(|tag| &source.written[source.as_written(tag)]).collect();
        assert_eq!(tags, ["{{ a | f(\"\\/\", \"\\/\") }}", "{{ b }}"]);
        assert_eq!(&source.written[source.line(1)], source.written);
        assert!(source.line(9).is_empty());
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let long = format!("a\n{{{{ {} }}}}", "1+".repeat(limits::TAG));
        assert_eq!(Source::new(&long).unwrap_err().at, 2..4);
        assert!(Source::new(&format!("{{{{ {} }}}}", "1+".repeat(100))).is_ok());
        let refused = Source::new(&"a".repeat(limits::SOURCE + 1)).unwrap_err();
        assert_eq!(refused.message, "has 262145 bytes, at most 262144 are read");
    }
}
