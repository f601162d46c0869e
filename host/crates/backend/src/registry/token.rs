//! Asks a token server for a token: one request, or two where it does not know how identity tokens are traded.

use std::time::Duration;

use bakery_core::port::{Failure, FailureKind, registry::Party};
use base64::Engine as _;
use bytes::Bytes;
use reqwest::{
    Method,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde::Deserialize;
use url::{Url, form_urlencoded};

use super::{
    answer::Answer,
    context::Context,
    payload::Payload,
    realm::Realm,
    scope::Scopes,
    secret::{Credential, Secret},
    transport::{Lane, Outgoing, Transport},
};

/// Bytes of an answer; tokens have a few thousand.
const MAX_BYTES: u64 = 128 << 10;

/// Life of a token whose server says nothing, as the specification has it.
const DEFAULT_LIFE: Duration = Duration::from_secs(60);

/// What to ask for, and of whom.
pub(super) struct Question<'a> {
    pub(super) realm: &'a Realm,
    pub(super) service: Option<&'a str>,
    pub(super) scopes: &'a Scopes,
    /// What the verb at hand needs: asked for first.
    pub(super) first: &'a Scopes,
    pub(super) credential: &'a Credential,
    /// Where the credential comes from, in words.
    pub(super) source: &'a str,
}

/// What came.
pub(super) struct Bought {
    /// `Bearer …`, marked as sensitive.
    pub(super) authorization: HeaderValue,
    pub(super) life: Duration,
}

/// Buys a token. Credentials go to the realm that was checked, and nowhere else: a redirect is a refusal.
pub(super) async fn buy(
    transport: &Transport,
    context: &Context<'_>,
    question: &Question<'_>,
) -> Result<Bought, Failure> {
    let answer = match question.credential {
        Credential::IdentityToken { username, secret } => {
            let answer = trade(transport, context, question, secret).await?;
            // The older way knows names and passwords only; an identity token then stands in for the password.
            if matches!(answer.status(), 404 | 405) {
                let name = if username.is_empty() { "<token>" } else { username };
                get(transport, context, question, Some(basic(name, secret))).await?
            } else {
                answer
            }
        }
        Credential::Password { username, secret } => {
            get(transport, context, question, Some(basic(username, secret))).await?
        }
        Credential::Anonymous | Credential::RegistryToken(_) => {
            get(transport, context, question, None).await?
        }
    };
    understand(context, question, answer).await
}

/// `Basic …`, marked as sensitive.
pub(super) fn basic(username: &str, secret: &Secret) -> HeaderValue {
    let pair = format!("{username}:{}", secret.expose());
    let text = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    sensitive(&text).expect("base64 is a header's text")
}

/// `Bearer …`, marked as sensitive; `None` where the token cannot stand in a header.
pub(super) fn bearer(token: &str) -> Option<HeaderValue> {
    sensitive(&format!("Bearer {token}"))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

async fn get(
    transport: &Transport,
    context: &Context<'_>,
    question: &Question<'_>,
    authorization: Option<HeaderValue>,
) -> Result<Answer, Failure> {
    let mut url = question.realm.url.clone();
    {
        let mut query = url.query_pairs_mut();
        if let Some(service) = question.service {
            query.append_pair("service", service);
        }
        for scope in question.scopes.texts(question.first) {
            query.append_pair("scope", &scope);
        }
    }
    send(transport, context, question, Method::GET, &url, Payload::Empty, authorization.as_ref()).await
}

async fn trade(
    transport: &Transport,
    context: &Context<'_>,
    question: &Question<'_>,
    secret: &Secret,
) -> Result<Answer, Failure> {
    let payload = Payload::Bytes(Bytes::from(refresh_form(question, secret)));
    send(transport, context, question, Method::POST, &question.realm.url, payload, None).await
}

fn refresh_form(question: &Question<'_>, secret: &Secret) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "refresh_token").append_pair("client_id", "bakery");
    if let Some(service) = question.service {
        form.append_pair("service", service);
    }
    form.append_pair("scope", &question.scopes.texts(question.first).join(" "));
    form.append_pair("refresh_token", secret.expose());
    form.finish()
}

async fn send(
    transport: &Transport,
    context: &Context<'_>,
    question: &Question<'_>,
    method: Method,
    url: &Url,
    payload: Payload,
    authorization: Option<&HeaderValue>,
) -> Result<Answer, Failure> {
    let mut headers = HeaderMap::new();
    if method == Method::POST {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    }
    let lane = if question.realm.chosen { Lane::Chosen } else { Lane::Guarded };
    let party = Party::TokenServer;
    transport
        .send(context, Outgoing { method, url, headers, payload: &payload, authorization, lane, party })
        .await
}

#[derive(Deserialize)]
struct Reply {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

async fn understand(
    context: &Context<'_>,
    question: &Question<'_>,
    mut answer: Answer,
) -> Result<Bought, Failure> {
    let broken = |what: &str, reason: &str| {
        context.failure(
            FailureKind::Internal,
            Party::TokenServer,
            format!("the token server's answer to {what} {reason}"),
        )
    };
    let what = answer.what().to_owned();
    if answer.redirect().is_some() {
        let message = format!("{what} was answered with a redirect: credentials are not taken elsewhere");
        return Err(context.refused(message));
    }
    if answer.status() != 200 {
        let failure = answer.refusal(context).await;
        return Err(if matches!(failure.kind, FailureKind::Unauthorized | FailureKind::Denied) {
            failure.with_hint(format!(
                "credentials come from {}; for another login, run `docker login`",
                question.source
            ))
        } else {
            failure
        });
    }
    let body = answer.body(context, MAX_BYTES).await?;
    // What is wrong with it is not said: it may hold a token.
    let reply: Reply = serde_json::from_slice(&body).map_err(|_| broken(&what, "is not a token"))?;
    let given = |token: Option<String>| token.filter(|token| !token.is_empty());
    let token =
        given(reply.token).or(given(reply.access_token)).ok_or_else(|| broken(&what, "holds no token"))?;
    let authorization = bearer(&token).ok_or_else(|| broken(&what, "holds a token that cannot be sent"))?;
    Ok(Bought { authorization, life: reply.expires_in.map_or(DEFAULT_LIFE, Duration::from_secs) })
}
