//! What refers to a manifest: asked of the registry, or read from the tag that stands in for its answer. Writes
//! neither.

use bakery_core::{
    model::{Descriptor, Digest, MAX_MANIFEST_BYTES, Manifest, Reference, Repository, media_type},
    port::{Failure, FailureKind, registry::RegistryVerb},
};
use reqwest::{
    Method,
    header::{ACCEPT, HeaderValue, LINK},
};

use super::{
    client::Inner,
    context::Context,
    redirect::{self, same_origin},
    refusal::one_line,
    scope::Scopes,
};

/// Pages of one list.
const MAX_PAGES: usize = 32;

impl Inner {
    pub(super) async fn referrers(
        &self,
        context: Context<'_>,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Vec<Descriptor>, Failure> {
        let path = format!("referrers/{digest}");
        let mut call = self.call(context, Method::GET, repository, &path, Scopes::pull(repository));
        call.headers.insert(ACCEPT, HeaderValue::from_static(media_type::OCI_INDEX));
        let mut found = Vec::new();
        for page in 0..MAX_PAGES {
            let mut answer = self.exchange(&call).await?;
            if answer.status() == 404 && page == 0 {
                return self.referrers_by_tag(context, repository, digest).await;
            }
            if answer.status() != 200 {
                return Err(self.refusal(&call, answer).await);
            }
            let next = answer.headers(&LINK).find_map(next_page).map(str::to_owned);
            let content_type = answer.media_type().map(str::to_owned);
            let body = answer.body(&context, MAX_MANIFEST_BYTES).await?;
            let index = Manifest::parse(body, content_type.as_deref()).map_err(|error| {
                let message = format!("{} was answered with something else: {error}", answer.what());
                context.failure(FailureKind::Internal, answer.party(), one_line(&message))
            })?;
            found.extend_from_slice(index.manifests());
            let Some(next) = next else { return Ok(found) };
            let url = redirect::target(&call.url, &next)
                .ok()
                .filter(|url| same_origin(url, &call.url))
                .ok_or_else(|| context.refused(format!("{} names a next page elsewhere", answer.what())))?;
            call.url = url;
        }
        let message = format!("the referrers of `{digest}` fill more than {MAX_PAGES} pages");
        Err(context.refused(message))
    }

    async fn referrers_by_tag(
        &self,
        context: Context<'_>,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Vec<Descriptor>, Failure> {
        let tag = format!("sha256-{}", digest.hex()).parse().expect("a digest's digits make a tag");
        match self.manifest(context, &Reference::by_tag(repository.clone(), tag)).await {
            Ok(index) => Ok(index.manifests().to_vec()),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(Vec::new()),
            Err(mut failure) => {
                if let Some(fault) = failure.registry.as_mut() {
                    fault.verb = RegistryVerb::Referrers;
                }
                Err(failure)
            }
        }
    }
}

/// `</v2/…>; rel="next"`.
fn next_page(link: &str) -> Option<&str> {
    link.split(',').find_map(|link| {
        let (url, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let next = parameters.split(';').any(|p| matches!(p.trim(), "rel=\"next\"" | "rel=next"));
        next.then_some(url)
    })
}
