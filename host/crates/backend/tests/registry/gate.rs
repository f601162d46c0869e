//! Admissions for tests: there is no way to a backend but through the gate. Decides nothing.

use std::{sync::Arc, time::Duration};

use bakery_backend::registry::{Credentials, RegistryClient, RegistryOptions};
use bakery_core::{
    policy::{Jitter, Operation, OperationKind, RetryPolicy},
    port::{Admission, BoxFuture, Event, EventSink, Failure, Http, HttpRequest, HttpResponse},
};
use bakery_gate::{Gate, GateOptions, Permit};

struct Deaf;

impl EventSink for Deaf {
    fn emit(&self, _event: Event) {}
}

/// Tests of registries ask for nothing else.
pub(super) struct NoHttp;

impl Http for NoHttp {
    fn send<'a>(
        &'a self,
        _admission: &'a dyn Admission,
        request: &'a HttpRequest,
    ) -> BoxFuture<'a, Result<HttpResponse, Failure>> {
        panic!("no test of registries asks for {}", request.url);
    }
}

/// Runs something up to `attempts` times, without a pause between.
pub(super) async fn attempts<T, F, Fut>(attempts: u32, attempt: F) -> Result<T, Failure>
where
    F: FnMut(Permit) -> Fut,
    Fut: Future<Output = Result<T, Failure>>,
{
    let retry =
        RetryPolicy { attempts, initial: Duration::ZERO, jitter: Jitter::None, ..RetryPolicy::default() };
    let options = GateOptions { retry, ..GateOptions::new(Arc::new(NoHttp), Arc::new(Deaf)) };
    let limit = Duration::from_secs(60);
    Gate::new(options).run(&Operation::new(OperationKind::RegistryWrite, "test", limit, limit), attempt).await
}

/// A permit for one attempt. The gate hands out one per attempt; a test keeps it.
pub(super) async fn permit() -> Permit {
    attempts(1, |permit| async move { Ok(permit) }).await.unwrap()
}

/// A client without credentials.
pub(super) fn client() -> RegistryClient {
    client_with(Credentials::anonymous(), |_| {})
}

/// A client whose options are changed by `change`. It gives up soon, so that a test that hangs fails.
pub(super) fn client_with(
    credentials: Credentials,
    change: impl FnOnce(&mut RegistryOptions),
) -> RegistryClient {
    let mut options = RegistryOptions::new(credentials);
    options.idle_timeout = Duration::from_secs(20);
    change(&mut options);
    RegistryClient::new(options)
}
