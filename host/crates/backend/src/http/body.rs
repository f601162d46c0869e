//! Bodies, counted after decompression and stopped at the limit. Interprets nothing.

use bakery_core::port::{Failure, FailureKind, HttpRequest};
use reqwest::Response;

use super::cause;

/// The whole body, or a failure as soon as it is too large.
pub(super) async fn read(mut response: Response, request: &HttpRequest) -> Result<Vec<u8>, Failure> {
    let announced = response.content_length().unwrap_or(0);
    if announced > request.max_bytes {
        return Err(too_large(request));
    }
    let mut body = Vec::with_capacity(usize::try_from(announced).unwrap_or(0));
    while let Some(chunk) = response.chunk().await.map_err(|error| cause::failure(request, &error))? {
        if (body.len() as u64).saturating_add(chunk.len() as u64) > request.max_bytes {
            return Err(too_large(request));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn too_large(request: &HttpRequest) -> Failure {
    let message = format!("the body of `{}` is larger than {} bytes", request.url, request.max_bytes);
    Failure::new(FailureKind::Internal, request.url.as_str(), message)
}
