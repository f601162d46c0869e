//! `image-layout` for a step: what it names is read strictly, `transfer` checks its registry grants and moves the
//! bytes, and nothing lies outside the scratch space of the call.

use std::{path::PathBuf, sync::Arc};

use bakery_core::{
    policy::{Denial, command_grant::scratch_path},
    port::{Failure, FailureKind, layout::Layouts},
};
use bakery_transfer::{Caller, Transfer};
use wasmtime::component::HasData;

use super::{
    failure::issue,
    registry::{Purse, read},
};
use crate::{
    bindings::{
        image_layout::Host,
        registry::{Copied, Descriptor},
        types,
    },
    guest::{Guest, cut},
};

/// Selects layouts for a linker.
pub(crate) struct Layered;

/// A step.
pub(crate) struct LayeredGuest<'a>(pub(crate) &'a mut Guest);

impl HasData for Layered {
    type Data<'a> = LayeredGuest<'a>;
}

type Answer<T> = wasmtime::Result<Result<T, types::Failure>>;

impl Host for LayeredGuest<'_> {
    async fn export_image(&mut self, reference: String, path: String) -> Answer<Descriptor> {
        let way = self.enter(&path)?;
        let outcome = match (way, read::reference(&reference)) {
            (Ok(Way { transfer, caller, layouts, path }), Ok(reference)) => {
                transfer.export(&caller, &reference, layouts.as_ref(), &path).await
            }
            (Err(failure), _) | (_, Err(failure)) => Err(failure),
        };
        let guest = &mut *self.0;
        let mut purse = Purse::new(guest.limits.manifest_bytes);
        let outcome = outcome.and_then(|found| purse.descriptor(&reference, found));
        Ok(outcome.map_err(|failure| issue(guest, failure)))
    }

    async fn import_image(&mut self, path: String, repository: String) -> Answer<Copied> {
        let way = self.enter(&path)?;
        let outcome = match (way, read::repository(&repository)) {
            (Ok(Way { transfer, caller, layouts, path }), Ok(repository)) => {
                transfer.import(&caller, layouts.as_ref(), &path, &repository).await
            }
            (Err(failure), _) | (_, Err(failure)) => Err(failure),
        };
        let guest = &mut *self.0;
        let mut purse = Purse::new(guest.limits.manifest_bytes);
        let outcome = outcome.and_then(|done| purse.copied(&repository, done));
        Ok(outcome.map_err(|failure| issue(guest, failure)))
    }
}

/// What one call goes through.
struct Way {
    transfer: Transfer,
    caller: Caller,
    layouts: Arc<dyn Layouts>,
    path: PathBuf,
}

impl LayeredGuest<'_> {
    /// Counts the call, and reads where in the scratch space it goes.
    fn enter(&mut self, path: &str) -> wasmtime::Result<Result<Way, Failure>> {
        let guest = &mut *self.0;
        guest.enter_host()?;
        let (Some(registries), Some(bench)) = (&guest.registries, &guest.bench) else {
            return Err(wasmtime::Error::msg("`image-layout` was linked without a registry"));
        };
        let space = bench.tools.as_ref().and_then(|tools| tools.space.as_ref());
        let Some(layouts) = space.and_then(|space| space.layouts()) else {
            return Ok(Err(super::command_runner::deny(guest, bench, no_space())));
        };
        let (transfer, caller) = registries.caller(&guest.component);
        let path = scratch_path(path).map_err(|problem| {
            let path: String = cut(path, 256).0.escape_debug().collect();
            Failure::new(FailureKind::InvalidInput, path.clone(), format!("`{path}` {problem}"))
        });
        Ok(path.map(|path| Way { transfer, caller, layouts, path }))
    }
}

fn no_space() -> Denial {
    Denial {
        subject: "image-layout".to_owned(),
        hint: "this step has no scratch space: only a step that works with programs on images has one"
            .to_owned(),
    }
}
