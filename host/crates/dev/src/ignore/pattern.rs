//! One pattern of an ignore file, compiled. Matches in time proportional to pattern times path, whatever they hold.

/// A character, or a byte that belongs to none.
type Letter = u32;

/// Above every character: bytes that are no UTF-8.
const STRAY: Letter = 0x0011_0000;

/// A path in letters.
pub(super) fn letters(bytes: &[u8]) -> Vec<Letter> {
    bytes
        .utf8_chunks()
        .flat_map(|chunk| {
            let valid = chunk.valid().chars().map(Letter::from);
            valid.chain(chunk.invalid().iter().map(|byte| STRAY + Letter::from(*byte)))
        })
        .collect()
}

#[derive(Clone, Debug)]
enum Token {
    /// This letter.
    Is(Letter),
    /// `?`: one letter that is no slash.
    One,
    /// `*`: any letters that are no slash.
    Some,
    /// `**` at the end: anything.
    Rest,
    /// `**/`: nothing, or anything that ends with a slash. Its second half follows it as a token of its own.
    Folders,
    /// The second half of `**/`: something was taken, and only a slash can end it.
    UpToSlash,
    /// `[a-z]`, `[^a-z]`.
    Class { negated: bool, ranges: Vec<(Letter, Letter)> },
}

#[derive(Clone, Debug)]
pub(super) struct Pattern(Vec<Token>);

impl Pattern {
    pub(super) fn parse(text: &[u8]) -> Result<Self, &'static str> {
        let text = letters(text);
        let is = |at: usize, c: char| text.get(at) == Some(&Letter::from(c));
        let mut tokens = Vec::new();
        let mut at = 0;
        while let Some(&letter) = text.get(at) {
            at += 1;
            let token = match char::from_u32(letter) {
                Some('*') if is(at, '*') => {
                    at += 1;
                    if is(at, '/') {
                        at += 1;
                    }
                    if at == text.len() { Token::Rest } else { Token::Folders }
                }
                Some('*') => Token::Some,
                Some('?') => Token::One,
                Some('[') => class(&text, &mut at)?,
                Some('\\') => {
                    let escaped = *text.get(at).ok_or("nothing follows the last `\\`")?;
                    at += 1;
                    Token::Is(escaped)
                }
                _ => Token::Is(letter),
            };
            let folders = matches!(token, Token::Folders);
            tokens.push(token);
            if folders {
                tokens.push(Token::UpToSlash);
            }
        }
        Ok(Self(tokens))
    }

    /// Whether it matches all of a path. Every place of the pattern that the path can have reached is kept.
    pub(super) fn matches(&self, path: &[Letter]) -> bool {
        let slash = Letter::from('/');
        let mut reached = vec![false; self.0.len() + 1];
        reached[0] = true;
        self.skip(&mut reached);
        let mut next = vec![false; self.0.len() + 1];
        for &letter in path {
            next.fill(false);
            for (place, token) in self.0.iter().enumerate().filter(|(place, _)| reached[*place]) {
                match token {
                    Token::Is(wanted) => next[place + 1] |= *wanted == letter,
                    Token::One => next[place + 1] |= letter != slash,
                    Token::Some => next[place] |= letter != slash,
                    Token::Rest => next[place] = true,
                    Token::Folders => {}
                    Token::UpToSlash => {
                        next[place] = true;
                        next[place + 1] |= letter == slash;
                    }
                    Token::Class { negated, ranges } => {
                        let inside = ranges.iter().any(|(low, high)| (*low..=*high).contains(&letter));
                        next[place + 1] |= letter != slash && inside != *negated;
                    }
                }
            }
            std::mem::swap(&mut reached, &mut next);
            self.skip(&mut reached);
            if !reached.contains(&true) {
                return false;
            }
        }
        reached[self.0.len()]
    }

    /// Adds the places after tokens that need no letter.
    fn skip(&self, reached: &mut [bool]) {
        for (place, token) in self.0.iter().enumerate() {
            match token {
                Token::Some | Token::Rest if reached[place] => reached[place + 1] = true,
                Token::Folders if reached[place] => {
                    reached[place + 1] = true;
                    reached[place + 2] = true;
                }
                _ => {}
            }
        }
    }
}

fn class(text: &[Letter], at: &mut usize) -> Result<Token, &'static str> {
    const OPEN: &str = "`[` is not closed";
    let negated = text.get(*at) == Some(&Letter::from('^'));
    if negated {
        *at += 1;
    }
    let mut ranges = Vec::new();
    let one = |at: &mut usize| -> Result<Letter, &'static str> {
        let mut letter = *text.get(*at).ok_or(OPEN)?;
        *at += 1;
        if letter == Letter::from('\\') {
            letter = *text.get(*at).ok_or(OPEN)?;
            *at += 1;
        } else if letter == Letter::from('-') || letter == Letter::from(']') {
            return Err("a `-` or `]` inside `[ ]` needs a `\\` before it");
        }
        Ok(letter)
    };
    loop {
        if text.get(*at) == Some(&Letter::from(']')) && !ranges.is_empty() {
            *at += 1;
            return Ok(Token::Class { negated, ranges });
        }
        let low = one(at)?;
        let high = if text.get(*at) == Some(&Letter::from('-')) {
            *at += 1;
            one(at)?
        } else {
            low
        };
        ranges.push((low, high));
    }
}
