//! Lets requests in: rate, concurrency, latency.
//! It does not look at what a request wants beyond who sends it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::reply::Reply;
use crate::{
    clock::Clock,
    draw,
    script::{Answer, Load, Over, Rate, RateHint, RetryAfter},
};

/// The doors of a running registry.
#[derive(Debug)]
pub(crate) struct Admission {
    load: Load,
    seed: u64,
    places: Option<Arc<Semaphore>>,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Duration,
}

impl Admission {
    /// Doors for this load.
    pub(crate) fn new(load: Load, seed: u64) -> Self {
        let places = load.concurrency.map(|places| Arc::new(Semaphore::new(places)));
        Self { load, seed, places, buckets: Mutex::default() }
    }

    /// A place for one request, kept until the value is dropped.
    pub(crate) async fn place(&self) -> Result<Option<OwnedSemaphorePermit>, Box<Answer>> {
        let Some(places) = &self.places else { return Ok(None) };
        let place = match self.load.over {
            Over::Queue => places.clone().acquire_owned().await.ok(),
            Over::Refuse => places.clone().try_acquire_owned().ok(),
        };
        place.map(Some).ok_or_else(|| Box::new(Answer::status(429)))
    }

    /// Takes one token of this client's bucket.
    pub(crate) fn pay(&self, client: &str, clock: &Clock) -> Result<(), Box<Answer>> {
        let Some(rate) = &self.load.rate else { return Ok(()) };
        let now = clock.now();
        let full = f64::from(rate.burst);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(client.to_owned()).or_insert(Bucket { tokens: full, at: now });
        let earned = now.saturating_sub(bucket.at).as_secs_f64() * rate.per_second;
        *bucket = Bucket { tokens: (bucket.tokens + earned).min(full), at: now };
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        let wait = if rate.per_second > 0.0 { (1.0 - bucket.tokens) / rate.per_second } else { 3600.0 };
        Err(Box::new(refusal(rate, wait)))
    }

    /// How long the request with this number takes before anything happens.
    pub(crate) fn latency(&self, request: u64) -> Duration {
        let share = draw::fraction(self.seed, &["jitter", &request.to_string()]);
        let jitter = Duration::from_millis(self.load.jitter_ms).mul_f64(share);
        Duration::from_millis(self.load.latency_ms) + jitter
    }
}

fn refusal(rate: &Rate, wait: f64) -> Answer {
    // Waits are positive and far below the range of the integers.
    let seconds = wait.ceil() as u64;
    match &rate.hint {
        RateHint::Seconds => Answer::too_many(RetryAfter::Seconds(seconds)),
        RateHint::Date => Answer::too_many(RetryAfter::DateIn(seconds.try_into().unwrap_or(i64::MAX))),
        RateHint::Ghcr => Answer::ghcr_rate(&format!("{}ms", (wait * 1000.0).ceil() as u64)),
        RateHint::Silent => Answer::status(429),
        RateHint::Fixed(hint) => Answer::too_many(hint.clone()),
    }
}

impl Answer {
    /// The reply that tells this answer; the challenge is added where the answer asks for it and there is one.
    pub(crate) fn reply(&self, clock: &Clock, challenge: Option<String>) -> Reply {
        let (media_type, body) = self.content();
        let mut reply = Reply::status(self.status);
        if !body.is_empty() {
            reply = reply.content(media_type, body);
        }
        match &self.retry_after {
            None => {}
            Some(RetryAfter::Seconds(seconds)) => reply.set("retry-after", &seconds.to_string()),
            Some(RetryAfter::DateIn(seconds)) => reply.set("retry-after", &clock.http_date_in(*seconds)),
            Some(RetryAfter::Text(text)) => reply.set("retry-after", text),
        }
        if let Some(challenge) = challenge.filter(|_| self.challenge) {
            reply.set("www-authenticate", &challenge);
        }
        for (name, value) in &self.headers {
            reply.set(name, value);
        }
        reply
    }
}
