//! Gets what a registry wants to see: a token, or a name and password. Checks the token server before anything is
//! sent to it.

use bakery_core::port::{Failure, FailureKind, registry::Party};
use reqwest::header::HeaderValue;

use super::{
    challenge::Challenge,
    client::Inner,
    context::Context,
    host::{Host, Wants},
    realm,
    scope::Scopes,
    secret::Credential,
    token::{self, Question},
    tokens::Key,
};

/// What goes into `Authorization`, and what else there is to try when it is refused.
pub(super) struct Ticket {
    pub(super) authorization: Option<HeaderValue>,
    pub(super) grade: Grade,
}

/// How much a ticket can still be improved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Grade {
    /// Nothing was asked for yet.
    None,
    /// A token from an earlier request: it may have run out.
    Kept(Key, u64),
    /// A new token for more than is needed: the server may have granted less.
    FreshWide,
    /// The best there is.
    Final,
}

impl Ticket {
    pub(super) fn none() -> Self {
        Self { authorization: None, grade: Grade::None }
    }

    fn last(authorization: Option<HeaderValue>) -> Self {
        Self { authorization, grade: Grade::Final }
    }
}

impl Inner {
    /// The next ticket to try for `needed`, after `before` was refused; `None` when nothing is left to try.
    pub(super) async fn next_ticket(
        &self,
        context: &Context<'_>,
        host: &Host,
        needed: &Scopes,
        before: &Ticket,
    ) -> Result<Option<Ticket>, Failure> {
        let Some(Wants::Challenged(challenge)) = host.wants() else { return Ok(None) };
        let credential = self.options.credentials.of(&host.name).await.map_err(|reason| {
            let message = format!("there are no credentials for `{}`: {reason}", host.name);
            context.failure(FailureKind::Unauthorized, Party::Bakery, message)
        })?;
        let (realm, service) = match (&before.grade, &credential.credential, challenge) {
            (Grade::Final, ..) => return Ok(None),
            (_, Credential::Password { username, secret }, Challenge::Basic) => {
                return Ok(Some(Ticket::last(Some(token::basic(username, secret)))));
            }
            (_, Credential::IdentityToken { username, secret }, Challenge::Basic) => {
                let name = if username.is_empty() { "<token>" } else { username };
                return Ok(Some(Ticket::last(Some(token::basic(name, secret)))));
            }
            (_, Credential::RegistryToken(secret), _) => {
                return Ok(Some(Ticket::last(token::bearer(secret.expose()))));
            }
            (_, Credential::Anonymous, Challenge::Basic) => return Ok(None),
            (_, _, Challenge::Bearer { realm, service }) => (realm, service),
        };
        let checked =
            realm::check(&realm, &host.name, &host.base, &self.options.realms).map_err(|reason| {
                context.refused(format!("no credentials were sent for `{}`: {reason}", host.name))
            })?;
        let key = |scopes: Scopes| Key { realm: realm.clone(), service: service.clone(), scopes };
        let buy = |key: Key, stale: Option<u64>| {
            let (checked, credential) = (&checked, &credential);
            async move {
                let question = Question {
                    realm: checked,
                    service: key.service.as_deref(),
                    scopes: &key.scopes,
                    first: needed,
                    credential: &credential.credential,
                    source: &credential.source,
                };
                host.tokens.get(&key, stale, || token::buy(&self.transport, context, &question)).await
            }
        };
        let wide = host.together(needed);
        let held = match &before.grade {
            Grade::None => match host.tokens.covering(&realm, service.as_deref(), needed) {
                Some((key, held)) => {
                    let grade = Grade::Kept(key, held.purchase);
                    return Ok(Some(Ticket { authorization: Some(held.authorization), grade }));
                }
                None if wide == *needed => buy(key(wide.clone()), None).await?,
                None => match buy(key(wide.clone()), None).await {
                    Ok(held) => held,
                    // A server that refuses the whole because of a part may still give the part.
                    Err(failure) if is_refusal(&failure) => {
                        let held = buy(key(needed.clone()), None).await?;
                        return Ok(Some(Ticket::last(Some(held.authorization))));
                    }
                    Err(failure) => return Err(failure),
                },
            },
            Grade::Kept(key, purchase) => {
                let held = buy(key.clone(), Some(*purchase)).await?;
                let grade = if key.scopes == *needed { Grade::Final } else { Grade::FreshWide };
                return Ok(Some(Ticket { authorization: Some(held.authorization), grade }));
            }
            Grade::FreshWide => {
                let held = buy(key(needed.clone()), None).await?;
                return Ok(Some(Ticket::last(Some(held.authorization))));
            }
            Grade::Final => return Ok(None),
        };
        let grade = match (held.fresh, wide == *needed) {
            (false, _) => Grade::Kept(key(wide), held.purchase),
            (true, true) => Grade::Final,
            (true, false) => Grade::FreshWide,
        };
        Ok(Some(Ticket { authorization: Some(held.authorization), grade }))
    }
}

/// Whether a token server said no, rather than stumbled.
fn is_refusal(failure: &Failure) -> bool {
    let spoke = failure.registry.as_ref().is_some_and(|fault| fault.party == Party::TokenServer);
    let kinds =
        [FailureKind::Unauthorized, FailureKind::Denied, FailureKind::InvalidInput, FailureKind::NotFound];
    spoke && kinds.contains(&failure.kind)
}
