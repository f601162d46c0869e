//! `http` for a guest that was granted some of it: requests go to the gate as they are, answers come back bounded.
//! Grants, retry, redirects and the cache are the gate's.

use bakery_core::port::{Failure, FailureKind, HttpMethod};
use bakery_gate::{Caller, FetchRequest, Fetched};
use wasmtime::component::HasData;

use super::failure::issue;
use crate::{
    bindings::{
        http::{Host, Method, Request, Response},
        types,
    },
    breach::Breach,
    guest::Guest,
};

/// Selects the gate for a linker.
pub(crate) struct Online;

/// A guest with a network.
pub(crate) struct OnlineGuest<'a>(pub(crate) &'a mut Guest);

impl HasData for Online {
    type Data<'a> = OnlineGuest<'a>;
}

impl Host for OnlineGuest<'_> {
    async fn fetch(
        &mut self,
        requests: Vec<Request>,
    ) -> wasmtime::Result<Vec<Result<Response, types::Failure>>> {
        let guest = &mut *self.0;
        guest.enter_host()?;
        let limits = guest.limits;
        if requests.len() > limits.fetch_requests {
            return Err(Breach::FetchRequests(limits.fetch_requests).into());
        }
        let Some(network) = guest.network.clone() else {
            // The linker of a guest without a network holds the denials of `offline` instead of this.
            return Err(wasmtime::Error::msg("`http.fetch` was linked without a network"));
        };
        let caller = Caller {
            component: guest.component.to_string(),
            grants: network.grants,
            fresh_since: network.fresh_since,
            deadline: Some(guest.deadline),
        };
        let requests = requests.into_iter().map(|request| raise(request, limits.body_bytes)).collect();
        let answers = network.gate.fetch(&caller, requests).await;
        let mut left = limits.fetch_bytes;
        let lowered = answers.into_iter().map(|answer| {
            let answer = answer.and_then(|fetched| fit(fetched, &mut left, limits.fetch_bytes));
            answer.map_err(|failure| issue(guest, failure))
        });
        Ok(lowered.collect())
    }
}

fn raise(request: Request, ceiling: u32) -> FetchRequest {
    FetchRequest {
        method: match request.method {
            Method::Get => HttpMethod::Get,
            Method::Head => HttpMethod::Head,
        },
        url: request.url,
        accept: request.accept,
        max_bytes: Some(request.max_bytes.map_or(ceiling, |asked| asked.min(ceiling))),
    }
}

fn fit(fetched: Fetched, left: &mut usize, bound: usize) -> Result<Response, Failure> {
    match left.checked_sub(fetched.body.len()) {
        Some(rest) => *left = rest,
        None => {
            let message = format!(
                "the answer of `{}` was dropped: all bodies of one call together are bounded to {bound} bytes",
                fetched.final_url
            );
            return Err(Failure::new(FailureKind::InvalidInput, fetched.final_url, message));
        }
    }
    Ok(Response {
        status: fetched.status,
        final_url: fetched.final_url,
        media_type: fetched.media_type,
        body: fetched.body.to_vec(),
        attributes: Vec::new(),
    })
}
