//! One hop of a guest's request: who may go there, where it really goes, and where it leads. Sends nothing.

use bakery_core::{
    policy::{Denial, Mirrors, follow_location},
    port::{Failure, FailureKind, Reach},
};
use url::Url;

use crate::{fetch::Caller, memo::Answer};

/// A hop that is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hop {
    /// What the caller's grants speak of.
    pub(crate) logical: Url,
    /// Where it goes.
    pub(crate) real: Url,
    pub(crate) reach: Reach,
}

impl Hop {
    /// Checks a URL that a guest or a redirect named.
    pub(crate) fn admit(caller: &Caller, mirrors: &Mirrors, named: &Url) -> Result<Self, Denial> {
        let denial = match caller.grants.check(named) {
            Ok(reach) => return Ok(Self::mapped(mirrors, named.clone(), reach)),
            Err(denial) => denial,
        };
        // A mirror that redirects names itself, and may be read by whoever may read what it stands for.
        let stands_for = mirrors.stands_for(named).find(|logical| caller.grants.check(logical).is_ok());
        let logical = stands_for.ok_or(denial)?;
        Ok(Self { logical, real: named.clone(), reach: Reach::Private })
    }

    fn mapped(mirrors: &Mirrors, logical: Url, reach: Reach) -> Self {
        match mirrors.map(&logical) {
            Some(real) => Self { logical, real, reach: Reach::Private },
            None => Self { real: logical.clone(), logical, reach },
        }
    }

    /// Where the answer leads, where it is a redirect.
    pub(crate) fn next(&self, answer: &Answer) -> Option<Result<Url, Failure>> {
        if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let refuse = |kind, message: String| Some(Err(Failure::new(kind, self.real.as_str(), message)));
        let Some(location) = &answer.location else {
            let message =
                format!("`{}` answered a redirect ({}) without a location", self.real, answer.status);
            return refuse(FailureKind::Internal, message);
        };
        match follow_location(&self.real, location) {
            Err(error) => {
                refuse(FailureKind::Denied, format!("`{}` redirects to a refused URL: {error}", self.real))
            }
            Ok(next) if self.real.scheme() == "https" && next.scheme() == "http" => {
                let message =
                    format!("`{}` redirects to `{next}`, from https to http, which is refused", self.real);
                refuse(FailureKind::Denied, message)
            }
            Ok(next) => Some(Ok(next)),
        }
    }
}
