//! Sends a request with what the registry wants to see, and follows it where it may go. The one place that attaches
//! credentials: only ever to the registry's own origin.

use std::sync::Arc;

use bakery_core::port::{
    Failure, FailureKind,
    registry::{Party, RegistryVerb},
};
use reqwest::{
    Method,
    header::{HeaderMap, WARNING, WWW_AUTHENTICATE},
};
use url::Url;

use super::{
    answer::Answer,
    challenge,
    client::Inner,
    context::Context,
    host::{Host, Wants},
    payload::Payload,
    redirect::{self, same_origin},
    refusal::one_line,
    scope::Scopes,
    ticket::{Grade, Ticket},
    transport::{Lane, Outgoing},
};

/// One request of a verb.
pub(super) struct Call<'a> {
    pub(super) context: Context<'a>,
    pub(super) host: Arc<Host>,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) payload: Payload,
    /// What a token must be good for.
    pub(super) scopes: Scopes,
}

impl Inner {
    /// One exchange. Any final status is an answer; a 401 is one only when nothing is left to show.
    pub(super) async fn exchange(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        let mut url = call.url.clone();
        let mut at_home = same_origin(&url, &call.host.base);
        let mut answer = self.hop(call, &url, at_home).await?;
        let mut hops = 0;
        while let Some(location) = answer.redirect() {
            let refuse = |reason: String| {
                call.context.refused(format!("{} was answered with {reason}", answer.what()))
            };
            if !matches!(call.method, Method::GET | Method::HEAD) {
                return Err(refuse("a redirect, which only reads follow".to_owned()));
            }
            hops += 1;
            if hops > redirect::MAX_HOPS {
                return Err(refuse("one redirect too many".to_owned()));
            }
            url = redirect::target(&url, location).map_err(refuse)?;
            answer.let_go(&call.context).await;
            // Once away from home nothing is shown any more, even if a later hop leads back.
            at_home = at_home && same_origin(&url, &call.host.base);
            answer = self.hop(call, &url, at_home).await?;
        }
        Ok(answer)
    }

    async fn hop(&self, call: &Call<'_>, url: &Url, at_home: bool) -> Result<Answer, Failure> {
        if at_home { self.authorised(call, url).await } else { self.abroad(call, url).await }
    }

    /// To another origin, without credentials. A registry on the public internet cannot send us into a private net.
    async fn abroad(&self, call: &Call<'_>, url: &Url) -> Result<Answer, Failure> {
        let lane = if call.host.public.get() == Some(false) { Lane::Chosen } else { Lane::Guarded };
        self.send(call, url, &call.payload, None, lane, Party::Storage).await
    }

    async fn authorised(&self, call: &Call<'_>, url: &Url) -> Result<Answer, Failure> {
        let mut ticket = Ticket::none();
        let mut first = None;
        if call.host.wants().is_none() {
            first = self.discover(call, url).await?;
        }
        let mut answer = match first {
            Some(answer) => answer,
            None => {
                let context = &call.context;
                if let Some(next) = self.next_ticket(context, &call.host, &call.scopes, &ticket).await? {
                    ticket = next;
                }
                self.at_home(call, url, &call.payload, &ticket).await?
            }
        };
        while self.may_help(call, &mut answer, &ticket).await {
            self.learn(&call.host, &answer);
            let Some(next) = self.next_ticket(&call.context, &call.host, &call.scopes, &ticket).await? else {
                break;
            };
            ticket = next;
            answer = self.at_home(call, url, &call.payload, &ticket).await?;
        }
        Ok(answer)
    }

    /// Finds out what the registry wants to see, once, however many callers begin at the same time. The first light
    /// request is its own question; before a blob is sent, a small question is asked instead.
    async fn discover(&self, call: &Call<'_>, url: &Url) -> Result<Option<Answer>, Failure> {
        let _first = call.host.discovery.lock().await;
        if call.host.wants().is_some() {
            return Ok(None);
        }
        if !call.payload.is_heavy() {
            let answer = self.at_home(call, url, &call.payload, &Ticket::none()).await?;
            self.learn(&call.host, &answer);
            return Ok(Some(answer));
        }
        let ping = Call {
            method: Method::GET,
            url: call.host.base.join("v2/").expect("a base URL can be joined with a path"),
            headers: HeaderMap::new(),
            payload: Payload::Empty,
            scopes: Scopes::default(),
            host: call.host.clone(),
            context: call.context,
        };
        let mut answer = self.at_home(&ping, &ping.url, &ping.payload, &Ticket::none()).await?;
        self.learn(&call.host, &answer);
        answer.let_go(&call.context).await;
        Ok(None)
    }

    /// Whether another ticket could change the answer.
    async fn may_help(&self, call: &Call<'_>, answer: &mut Answer, ticket: &Ticket) -> bool {
        match answer.status() {
            401 => {
                answer.let_go(&call.context).await;
                true
            }
            // A token may grant less than was asked, which some registries only say this way. A refused mount is an
            // answer: the blob is copied instead.
            403 if call.context.verb != RegistryVerb::Mount => {
                matches!(ticket.grade, Grade::Kept(..) | Grade::FreshWide)
                    && !answer.reason(&call.context).await.throttles(403)
            }
            _ => false,
        }
    }

    fn learn(&self, host: &Host, answer: &Answer) {
        let challenge = challenge::read(answer.headers(&WWW_AUTHENTICATE));
        match (answer.status(), challenge) {
            (401, Some(challenge)) => host.learn(Wants::Challenged(challenge)),
            // A server that stumbles has said nothing about what it wants.
            (401 | 429 | 500.., _) => {}
            _ => host.learn(Wants::Nothing),
        }
    }

    async fn at_home(
        &self,
        call: &Call<'_>,
        url: &Url,
        payload: &Payload,
        ticket: &Ticket,
    ) -> Result<Answer, Failure> {
        let answer = self.send(call, url, payload, Some(ticket), Lane::Chosen, Party::Registry).await?;
        if let Some(peer) = answer.peer() {
            call.host.public.set(self.transport.is_public(peer));
        }
        for warning in answer.headers(&WARNING).filter(|text| text.starts_with("299")) {
            let text = one_line(warning);
            if call.host.is_new_warning(&text) {
                tracing::warn!(registry = %call.host.name, warning = %text, "the registry warns");
            }
        }
        Ok(answer)
    }

    async fn send(
        &self,
        call: &Call<'_>,
        url: &Url,
        payload: &Payload,
        ticket: Option<&Ticket>,
        lane: Lane,
        party: Party,
    ) -> Result<Answer, Failure> {
        let authorization = ticket.and_then(|ticket| ticket.authorization.as_ref());
        let outgoing = Outgoing {
            method: call.method.clone(),
            url,
            headers: call.headers.clone(),
            payload,
            authorization,
            lane,
            party,
        };
        self.transport.send(&call.context, outgoing).await
    }

    /// The failure that an answer is. Says which credentials were in use where that is what was refused.
    pub(super) async fn refusal(&self, call: &Call<'_>, answer: Answer) -> Failure {
        let spoke = answer.party();
        let failure = answer.refusal(&call.context).await;
        let access = matches!(failure.kind, FailureKind::Unauthorized | FailureKind::Denied);
        if !access || spoke != Party::Registry {
            return failure;
        }
        let host = &call.host.name;
        let needed = call.scopes.texts(&Scopes::default()).join(" ");
        match self.options.credentials.of(host).await {
            Ok(found) if found.is_anonymous() => failure.with_hint(format!(
                "no credentials for `{host}` were found: run `docker login {host}`, or check `DOCKER_CONFIG`"
            )),
            Ok(found) => failure.with_hint(format!(
                "the credentials for `{host}` come from {}: check that they allow `{needed}`",
                found.source
            )),
            Err(_) => failure,
        }
    }
}
