//! The proof that an effect passed the gate. Has no public constructor and must never get one.

use bakery_core::port::Admission;

/// Leave for one attempt. [`crate::Gate::run`] gives one to each attempt, and nobody else has any:
///
/// ```compile_fail
/// let permit = bakery_gate::Permit::new(1);
/// ```
///
/// ```compile_fail
/// let permit = bakery_gate::Permit { attempt: 1 };
/// ```
///
/// So a backend cannot be reached around the gate:
///
/// ```compile_fail
/// use bakery_core::port::{Failure, Http, HttpRequest, HttpResponse};
/// async fn around(http: &dyn Http, request: &HttpRequest) -> Result<HttpResponse, Failure> {
///     http.send(request).await
/// }
/// ```
///
/// ```compile_fail
/// use bakery_core::port::{Failure, Http, HttpRequest, HttpResponse};
/// async fn around(http: &dyn Http, request: &HttpRequest) -> Result<HttpResponse, Failure> {
///     http.send(&(), request).await
/// }
/// ```
///
/// Through the gate it is reached:
///
/// ```
/// use bakery_core::{policy::Operation, port::{Failure, Http, HttpRequest, HttpResponse}};
/// async fn through(
///     gate: &bakery_gate::Gate,
///     operation: &Operation,
///     http: &dyn Http,
///     request: &HttpRequest,
/// ) -> Result<HttpResponse, Failure> {
///     gate.run(operation, |permit| async move { http.send(&permit, request).await }).await
/// }
/// ```
#[derive(Debug)]
pub struct Permit {
    attempt: u32,
}

impl Permit {
    pub(crate) fn new(attempt: u32) -> Self {
        Self { attempt }
    }
}

impl Admission for Permit {
    fn attempt(&self) -> u32 {
        self.attempt
    }
}
