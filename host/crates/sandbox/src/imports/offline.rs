//! `http` for a question that was granted no network: every request is denied here.
//! This file must never name the gate: that is the proof that a pinned template version makes no request.

use bakery_core::port::{Event, Failure, FailureKind};
use wasmtime::component::HasData;

use super::failure::{SUBJECT_BYTES, lower};
use crate::{
    bindings::http::{Host, Request, Response},
    breach::Breach,
    guest::{Guest, cut},
};

/// Selects the denials for a linker.
pub(crate) struct Offline;

/// A guest without a network.
pub(crate) struct OfflineGuest<'a>(pub(crate) &'a mut Guest);

impl HasData for Offline {
    type Data<'a> = OfflineGuest<'a>;
}

impl Host for OfflineGuest<'_> {
    async fn fetch(
        &mut self,
        requests: Vec<Request>,
    ) -> wasmtime::Result<Vec<Result<Response, crate::bindings::types::Failure>>> {
        let guest = &mut *self.0;
        guest.enter_host()?;
        if requests.len() > guest.limits.fetch_requests {
            return Err(Breach::FetchRequests(guest.limits.fetch_requests).into());
        }
        Ok(requests.iter().map(|request| Err(lower(&deny(guest, &request.url)))).collect())
    }
}

fn deny(guest: &mut Guest, url: &str) -> Failure {
    const HINT: &str = "a version that is pinned offline must be found without a request; \
                        without `offlineWhenPinned`, the lines under `allow:` of the source are granted";
    let subject = cut(url, SUBJECT_BYTES).0.to_owned();
    let message = format!("`{subject}` was not read: this question is asked without any network");
    let failure = Failure::new(FailureKind::Denied, subject.clone(), message).with_hint(HINT);
    guest.issue(&failure);
    let component = guest.component.to_string();
    guest.events.emit(Event::Denied { component, subject, hint: HINT.to_owned() });
    failure
}
