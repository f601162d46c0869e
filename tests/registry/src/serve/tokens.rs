//! The token server: reads the question, tells the answer.
//! Who gets what is decided in `auth`.

use hyper::Method;

use super::{
    arrival::{Arrival, parameters},
    reply::Reply,
    site::{Site, lock},
};
use crate::auth::{Refusal, TokenRequest};

/// Answers a request to the token server.
pub(crate) fn serve(site: &Site, arrival: &Arrival, body: &[u8]) -> Reply {
    let mut keeper = lock(&site.keeper);
    let request = match arrival.method {
        Method::GET => get(arrival),
        Method::POST if keeper.oauth2() => match post(body) {
            Ok(request) => request,
            Err(refusal) => return *refusal,
        },
        // What clients take as the sign to fall back to GET.
        Method::POST => {
            return Reply::status(404).content("text/plain; charset=utf-8", "404 page not found\n");
        }
        _ => return Reply::error(405, "UNSUPPORTED", "the token server takes GET and POST"),
    };
    match keeper.issue(&request, site.clock.now()) {
        Ok(answer) => Reply::status(200).content("application/json", answer.body().to_string()),
        Err(refusal) => refuse(refusal),
    }
}

/// The reply that tells a refusal.
pub(crate) fn refuse(refusal: Refusal) -> Reply {
    let reply = Reply::error(refusal.status, refusal.code, &refusal.message);
    match refusal.challenge {
        Some(challenge) => reply.header("www-authenticate", &challenge),
        None => reply,
    }
}

fn get(arrival: &Arrival) -> TokenRequest {
    let mut request = TokenRequest {
        service: arrival.parameter("service").map(str::to_owned),
        scopes: arrival.all_parameters("scope").map(str::to_owned).collect(),
        offline: arrival.parameter("offline_token") == Some("true"),
        ..TokenRequest::default()
    };
    request.authorization(arrival.authorization());
    request
}

fn post(body: &[u8]) -> Result<TokenRequest, Box<Reply>> {
    let form = parameters(body);
    let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let mut request = TokenRequest {
        service: field("service"),
        scopes: form.iter().filter(|(key, _)| key == "scope").map(|(_, value)| value.clone()).collect(),
        offline: field("access_type").as_deref() == Some("offline"),
        ..TokenRequest::default()
    };
    match (field("grant_type").as_deref(), field("refresh_token"), field("username"), field("password")) {
        (Some("refresh_token"), Some(token), ..) => request.refresh_token = Some(token),
        (Some("password"), _, Some(name), Some(password)) => request.basic = Some((name, password)),
        _ => {
            let message = "`grant_type` must be `refresh_token` or `password`";
            return Err(Box::new(Reply::error(400, "UNSUPPORTED", message)));
        }
    }
    Ok(request)
}
