//! Keeps tokens while they are good, and lets only one caller buy each. Knows nothing of how a token is bought.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bakery_core::port::Failure;
use reqwest::header::HeaderValue;

use super::{scope::Scopes, token::Bought};

/// What a token is good for: tokens with the same key are the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) realm: String,
    pub(super) service: Option<String>,
    pub(super) scopes: Scopes,
}

/// A token in hand.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) authorization: HeaderValue,
    /// Which purchase it came from: two tokens of one key differ in it.
    pub(super) purchase: u64,
    /// Whether it was bought after the caller began to ask.
    pub(super) fresh: bool,
}

/// All tokens of a registry.
#[derive(Default)]
pub(super) struct Tokens {
    slots: Mutex<HashMap<Key, Arc<Slot>>>,
}

#[derive(Default)]
struct Slot {
    /// Counts finished purchases, good and bad.
    purchases: AtomicU64,
    buying: tokio::sync::Mutex<Option<Failure>>,
    kept: Mutex<Option<Kept>>,
}

#[derive(Clone)]
struct Kept {
    authorization: HeaderValue,
    purchase: u64,
    renew_at: Instant,
}

impl Tokens {
    /// A good token of this realm and service that covers the scopes, whatever it was bought for.
    pub(super) fn covering(
        &self,
        realm: &str,
        service: Option<&str>,
        scopes: &Scopes,
    ) -> Option<(Key, Held)> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots
            .iter()
            .filter(|(key, _)| {
                key.realm == realm && key.service.as_deref() == service && key.scopes.cover(scopes)
            })
            .find_map(|(key, slot)| Some((key.clone(), slot.good(None)?)))
    }

    /// The token of a key, bought with `buy` where there is none. `stale` is the purchase of a token that was
    /// refused: it and those before it will not do. Callers that wait for a purchase share its end, good or bad.
    pub(super) async fn get<F>(
        &self,
        key: &Key,
        stale: Option<u64>,
        buy: impl FnOnce() -> F,
    ) -> Result<Held, Failure>
    where
        F: Future<Output = Result<Bought, Failure>>,
    {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.entry(key.clone()).or_default().clone()
        };
        if let Some(held) = slot.good(stale) {
            return Ok(held);
        }
        let seen = slot.purchases.load(Ordering::Acquire);
        let mut failed = slot.buying.lock().await;
        if let Some(held) = slot.good(stale) {
            return Ok(Held { fresh: slot.purchases.load(Ordering::Acquire) > seen, ..held });
        }
        if slot.purchases.load(Ordering::Acquire) > seen
            && let Some(failure) = &*failed
        {
            return Err(failure.clone());
        }
        let bought = buy().await;
        let purchase = slot.purchases.fetch_add(1, Ordering::AcqRel) + 1;
        match bought {
            Ok(bought) => {
                *failed = None;
                Ok(slot.keep(bought, purchase))
            }
            Err(failure) => {
                *failed = Some(failure.clone());
                Err(failure)
            }
        }
    }
}

impl Slot {
    fn good(&self, stale: Option<u64>) -> Option<Held> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let usable = Instant::now() < kept.renew_at && stale.is_none_or(|stale| kept.purchase > stale);
        usable.then_some(Held {
            authorization: kept.authorization,
            purchase: kept.purchase,
            fresh: stale.is_some(),
        })
    }

    fn keep(&self, bought: Bought, purchase: u64) -> Held {
        // A fifth of its life is left for requests that are under way.
        let renew_at = Instant::now() + bought.life.min(Duration::from_secs(24 * 3600)).mul_f64(0.8);
        let authorization = bought.authorization;
        let kept = Kept { authorization: authorization.clone(), purchase, renew_at };
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Held { authorization, purchase, fresh: true }
    }
}
