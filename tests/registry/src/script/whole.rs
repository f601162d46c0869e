//! The whole script: everything a registry is told before it starts.
//! It reads no file; the program does.

use serde::{Deserialize, Serialize};

use super::{Auth, Lag, Load, Profile, Rule};
use crate::image::ImageBuilder;

/// Everything a registry is told before it starts. Serialisable, so that a failing run can be printed and replayed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// Seed of every draw: chances, jitter, token texts, upload names.
    pub seed: u64,
    /// The port of the registry's socket; 0 takes a free one.
    pub port: u16,
    /// How the registry behaves where registries differ.
    pub profile: Profile,
    /// Who may do what.
    pub auth: Auth,
    /// https, with a certificate authority made at start.
    pub tls: Option<Tls>,
    /// Latency and limits.
    pub load: Load,
    /// What becomes visible late.
    pub lag: Vec<Lag>,
    /// How far each replica is behind, in milliseconds. Reads go round among them; none means one, up to date.
    pub replicas_ms: Vec<u64>,
    /// The faults.
    pub rules: Vec<Rule>,
    /// Images that are there from the start. Lag and replicas apply to them as to any other push.
    pub images: Vec<ImageBuilder>,
}

/// https and what may be wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The certificate names another host.
    pub wrong_name: bool,
    /// The certificate has expired.
    pub expired: bool,
    /// HTTP/2 is not offered.
    pub http1_only: bool,
}

impl Script {
    /// A well-behaved open registry on http.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With this seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// With this behaviour.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// With these users.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// With https.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// With this latency and these limits.
    #[must_use]
    pub fn load(mut self, load: Load) -> Self {
        self.load = load;
        self
    }

    /// Every request takes at least so many milliseconds.
    #[must_use]
    pub fn latency_ms(mut self, ms: u64) -> Self {
        self.load.latency_ms = ms;
        self
    }

    /// With one more lag.
    #[must_use]
    pub fn lag(mut self, lag: Lag) -> Self {
        self.lag.push(lag);
        self
    }

    /// With replicas that are so many milliseconds behind.
    #[must_use]
    pub fn replicas_ms(mut self, behind: &[u64]) -> Self {
        self.replicas_ms = behind.to_vec();
        self
    }

    /// With one more fault.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// With one more image from the start.
    #[must_use]
    pub fn image(mut self, image: ImageBuilder) -> Self {
        self.images.push(image);
        self
    }
}
