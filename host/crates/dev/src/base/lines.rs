//! The instructions of a Containerfile: lines that go on joined, comments and here-documents left out. Knows no
//! instruction but for those that have here-documents.

/// Instructions that have here-documents.
const WITH_DOCUMENTS: [&str; 3] = ["ADD", "COPY", "RUN"];

/// A Containerfile in parts.
pub(super) struct Source {
    /// What `# syntax` names.
    pub(super) syntax: Option<String>,
    /// The character that makes a line go on.
    pub(super) escape: char,
    /// In order.
    pub(super) instructions: Vec<Instruction>,
}

/// One instruction.
pub(super) struct Instruction {
    /// In capitals.
    pub(super) name: String,
    /// Words that begin with `--`, before any other.
    flags: Vec<String>,
    /// The words after them. What is quoted is one word, with its quotes.
    words: Vec<String>,
}

impl Source {
    pub(super) fn read(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (syntax, escape) = directives(text);
        let mut instructions = Vec::new();
        let mut lines = text.lines();
        while let Some(first) = lines.find(|line| says_something(line)) {
            let mut whole = String::new();
            let mut part = Some(first);
            while let Some(line) = part {
                let (line, goes_on) = match line.trim_end().strip_suffix(escape) {
                    Some(start) => (start, true),
                    None => (line, false),
                };
                whole.push_str(line);
                part = if goes_on { lines.find(|line| says_something(line)) } else { None };
            }
            let instruction = Instruction::read(&whole, escape);
            for document in instruction.documents() {
                // To its last line, or to the end of the file.
                let _ = lines.by_ref().find(|line| document.ends_at(line));
            }
            instructions.push(instruction);
        }
        Self { syntax, escape, instructions }
    }
}

impl Instruction {
    fn read(line: &str, escape: char) -> Self {
        let mut all = split(line, escape).into_iter();
        let name = all.next().unwrap_or_default().to_ascii_uppercase();
        let mut words: Vec<String> = all.collect();
        let flags = words.iter().take_while(|word| word.starts_with("--")).count();
        let rest = words.split_off(flags);
        Self { name, flags: words, words: rest }
    }

    /// The words after the flags, without quotes.
    pub(super) fn words(&self) -> impl Iterator<Item = String> {
        self.words.iter().map(|word| unquoted(word))
    }

    /// The values of a flag: `--name=value`.
    pub(super) fn flags(&self, name: &str) -> impl Iterator<Item = String> {
        self.flags.iter().filter_map(move |flag| {
            let (flag, value) = flag.strip_prefix("--")?.split_once('=')?;
            (flag == name).then(|| unquoted(value))
        })
    }

    /// The here-documents that begin on its line, in their order.
    fn documents(&self) -> Vec<Document> {
        if !WITH_DOCUMENTS.contains(&self.name.as_str()) {
            return Vec::new();
        }
        self.words.iter().filter_map(|word| Document::read(word)).collect()
    }
}

/// A here-document.
struct Document {
    /// Its last line.
    end: String,
    /// Whether tabs before it count as nothing: `<<-`.
    indented: bool,
}

impl Document {
    /// `<<NAME`, with the number of a file before it or not, and NAME quoted or not.
    fn read(word: &str) -> Option<Self> {
        let rest = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
        let (rest, indented) = match rest.strip_prefix('-') {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let end = unquoted(rest);
        (!end.is_empty() && !end.contains('<')).then_some(Self { end, indented })
    }

    fn ends_at(&self, line: &str) -> bool {
        let line = if self.indented { line.trim_start_matches('\t') } else { line };
        line == self.end
    }
}

/// Directives are the comments before anything else.
fn directives(text: &str) -> (Option<String>, char) {
    let (mut syntax, mut escape) = (None, '\\');
    for line in text.lines() {
        let Some((key, value)) = line.trim().strip_prefix('#').and_then(|line| line.split_once('=')) else {
            break;
        };
        match key.trim().to_ascii_lowercase().as_str() {
            "syntax" => syntax = value.split_whitespace().next().map(str::to_owned),
            "escape" if value.trim() == "`" => escape = '`',
            "escape" | "check" => {}
            _ => break,
        }
    }
    (syntax, escape)
}

fn says_something(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with('#')
}

/// Words between blanks; blanks in quotes and after the escape character separate nothing.
fn split(line: &str, escape: char) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        if quote.is_none() && c.is_whitespace() {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        word.push(c);
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            // In single quotes it is a character as any other.
            None | Some('"') if c == escape => word.extend(characters.next()),
            _ => {}
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Without the quotes around a word or a part of it.
fn unquoted(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '"' | '\'')).collect()
}
