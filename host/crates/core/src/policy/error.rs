//! Why a URL, a grant or a mirror is refused. Knows the words, not the rules.

/// What is wrong with a URL; fits after the URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlProblem {
    /// No scheme and host, or another scheme.
    #[error("is not an absolute `http://` or `https://` URL")]
    NotAbsolute,
    /// `user:password@`.
    #[error("contains user information: credentials do not belong in a URL")]
    UserInfo,
    /// `#...`.
    #[error("contains a fragment (`#`)")]
    Fragment,
    /// A space, a tab, a line break, another control character.
    #[error("contains white space or a control character: write a space as `%20`")]
    Whitespace,
    /// `\`, which some readers take for `/`.
    #[error("contains a backslash")]
    Backslash,
    /// `.` or `..`, also encoded.
    #[error("contains a `.` or `..` path segment: write the path that is meant")]
    DotSegment,
    /// `//` inside the path.
    #[error("contains `//` in its path")]
    EmptySegment,
    /// `%2F`, `%5C` or an encoded control character in the path.
    #[error("contains an encoded slash, backslash or control character in its path")]
    EncodedSeparator,
    /// A host that no name server has, for example a wildcard.
    #[error("has a host with characters other than letters, digits, `-`, `_` and `.`")]
    Host,
    /// `host.`.
    #[error("has a host that ends with a dot")]
    TrailingDot,
    /// Port 0.
    #[error("has port 0, which nothing listens on")]
    PortZero,
    /// Longer than anyone needs.
    #[error("is longer than {limit} bytes")]
    TooLong {
        /// Bytes.
        limit: usize,
    },
    /// A prefix with `?`.
    #[error("contains a query (`?`): a prefix ends with its path")]
    Query,
    /// A cloud's metadata service.
    #[error("names a cloud metadata service, which nothing may read")]
    Metadata,
    /// What the URL parser says.
    #[error("is not a URL: {0}")]
    Syntax(String),
}

/// Why the operator's or a guest's text is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A URL.
    #[error("`{url}` {problem}")]
    Url {
        /// As given, cut where it is long.
        url: String,
        /// What is wrong.
        problem: UrlProblem,
    },
    /// An entry of `allow:`.
    #[error("the grant `{grant}` {problem}")]
    Grant {
        /// As given, cut where it is long.
        grant: String,
        /// What is wrong.
        problem: UrlProblem,
    },
    /// A mirror without two sides.
    #[error("the mirror `{mirror}` does not have the form `FROM=TO`, two `http://` or `https://` prefixes")]
    MirrorForm {
        /// As given, cut where it is long.
        mirror: String,
    },
    /// One side of a mirror.
    #[error("the mirror `{mirror}` is refused: `{side}` {problem}")]
    Mirror {
        /// As given, cut where it is long.
        mirror: String,
        /// FROM or TO, as given.
        side: String,
        /// What is wrong.
        problem: UrlProblem,
    },
    /// Two mirrors for one prefix.
    #[error("two mirrors map `{from}`: to `{first}` and to `{second}`; keep one")]
    MirrorTwice {
        /// The prefix.
        from: String,
        /// The one given first.
        first: String,
        /// The one given later.
        second: String,
    },
    /// An `Accept` header that is more than one.
    #[error("the `accept` value `{accept}` is not printable ASCII of at most {limit} bytes")]
    Accept {
        /// As given, escaped, cut where it is long.
        accept: String,
        /// Bytes.
        limit: usize,
    },
}

impl PolicyError {
    /// The stable name of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Url { .. } => "bakery::policy::url",
            Self::Grant { .. } => "bakery::policy::grant",
            Self::MirrorForm { .. } | Self::Mirror { .. } => "bakery::policy::mirror",
            Self::MirrorTwice { .. } => "bakery::policy::mirror_twice",
            Self::Accept { .. } => "bakery::policy::accept",
        }
    }
}

/// The first 200 characters, so that an error stays a sentence whatever it quotes.
pub(super) fn quote(text: &str) -> String {
    const SHOWN: usize = 200;
    let mut quoted: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        quoted.push('…');
    }
    quoted
}
