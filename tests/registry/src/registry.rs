//! The handle on a running registry: start it, steer it, look into it.
//! It serves nothing itself.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use tokio::net::TcpListener;

use crate::{
    fault::{Fate, Paused},
    image::Image,
    log::{Counters, Log},
    script::{Lag, Listener, Profile, Rule, Script},
    serve::{Identity, Places, Site, listen, lock},
    world::{Move, Origin, Problem, Snapshot, StoredManifest},
};

/// A running registry. It stops when this is dropped.
#[derive(Debug)]
pub struct FaultRegistry {
    site: Arc<Site>,
    authority: Option<String>,
    thread: Option<JoinHandle<()>>,
}

impl FaultRegistry {
    /// Starts a registry on the current tokio runtime, and on its clock: with a paused clock delays, lag and expiry
    /// pass in virtual time. Note that a paused clock also leaps while a request is between two sockets, so a client's
    /// own time limits may strike early there; with such limits use [`FaultRegistry::spawn`].
    ///
    /// # Errors
    /// Where no socket can be had, or the script's images or certificates cannot be made.
    pub async fn start(script: Script) -> io::Result<Self> {
        let registry = TcpListener::bind(("127.0.0.1", script.port)).await?;
        let elsewhere = TcpListener::bind(("127.0.0.1", 0)).await?;
        let identity = script.tls.as_ref().map(Identity::new).transpose()?;
        let scheme = if identity.is_some() { "https" } else { "http" };
        let places = Places {
            registry: format!("{scheme}://127.0.0.1:{}", registry.local_addr()?.port()),
            // Another name besides another port, so that it is another host by every rule.
            elsewhere: format!("{scheme}://localhost:{}", elsewhere.local_addr()?.port()),
        };
        let site = Arc::new(Site::new(script, places)?);
        let acceptor = identity.as_ref().map(|identity| identity.acceptor.clone());
        listen(site.clone(), Listener::Registry, registry, acceptor.clone());
        listen(site.clone(), Listener::Elsewhere, elsewhere, acceptor);
        Ok(Self { site, authority: identity.map(|identity| identity.authority_pem), thread: None })
    }

    /// Starts a registry on a thread and runtime of its own, in real time.
    ///
    /// # Errors
    /// As [`FaultRegistry::start`], or where no thread can be had.
    pub fn spawn(script: Script) -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new().name("fault-registry".to_owned()).spawn(move || {
            let started = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = match started {
                Ok(runtime) => runtime,
                // Nobody can be told where the caller has gone.
                Err(error) => return drop(sender.send(Err(error))),
            };
            runtime.block_on(async move {
                match Self::start(script).await {
                    Err(error) => drop(sender.send(Err(error))),
                    Ok(registry) => {
                        let stop = registry.site.stop.clone();
                        // The handle travels to the caller; dropping it there cancels `stop`.
                        drop(sender.send(Ok(registry)));
                        stop.cancelled().await;
                    }
                }
            });
        })?;
        let mut registry = receiver.recv().map_err(io::Error::other)??;
        registry.thread = Some(thread);
        Ok(registry)
    }

    /// Its URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.site.places.registry
    }

    /// Host and port, as they stand in image references.
    #[must_use]
    pub fn host(&self) -> &str {
        host(&self.site.places.registry)
    }

    /// The URL of the other host: where blobs, uploads or tokens are if the script says so.
    #[must_use]
    pub fn elsewhere_url(&self) -> &str {
        &self.site.places.elsewhere
    }

    /// Host and port of the other host.
    #[must_use]
    pub fn elsewhere_host(&self) -> &str {
        host(&self.site.places.elsewhere)
    }

    /// The certificate a client must trust, in PEM; `None` on http.
    #[must_use]
    pub fn authority_pem(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Time since the start.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.site.clock.now()
    }

    /// Puts an image in place, directly. Lag and replicas apply from this moment.
    ///
    /// # Errors
    /// Where one of its documents is not a manifest.
    pub fn seed(&self, image: &Image) -> io::Result<()> {
        lock(&self.site.world).seed(self.site.stamp(Origin::Seed), image).map_err(io::Error::other)
    }

    /// Makes an empty repository, for registries that do not make them on push.
    pub fn create_repository(&self, name: &str) {
        lock(&self.site.world).create(name);
    }

    /// Points a tag somewhere, or nowhere, as a third party would.
    pub fn move_tag(&self, repository: &str, tag: &str, digest: Option<&str>) {
        lock(&self.site.world).set_tag(self.site.stamp(Origin::ThirdParty), repository, tag, digest);
    }

    /// Removes a blob and a manifest with this digest, as a garbage collector would. False where neither was there.
    pub fn evict(&self, repository: &str, digest: &str) -> bool {
        let stamp = self.site.stamp(Origin::ThirdParty);
        let mut world = lock(&self.site.world);
        let blob = world.delete_blob(stamp, repository, digest);
        world.delete_manifest(stamp, repository, digest) || blob
    }

    /// Makes everything visible that lags now.
    pub fn reveal(&self) {
        lock(&self.site.world).reveal();
    }

    /// Makes every token handed out so far invalid.
    pub fn revoke_tokens(&self) {
        lock(&self.site.keeper).revoke();
    }

    /// From now on behaves like this.
    pub fn set_profile(&self, profile: Profile) {
        *lock(&self.site.profile) = profile;
    }

    /// From now on what is written lags like this; what lags already is not changed.
    pub fn set_lag(&self, lag: Vec<Lag>) {
        lock(&self.site.world).lag = lag;
    }

    /// One more fault, whose counting begins now.
    pub fn add_rule(&self, rule: Rule) {
        lock(&self.site.armed).add(rule);
    }

    /// Ends all faults that are rules.
    pub fn clear_rules(&self) {
        lock(&self.site.armed).clear();
    }

    /// How often each rule has fired, also those with 0: what a test must know of its own teeth.
    #[must_use]
    pub fn fired(&self) -> BTreeMap<String, u64> {
        lock(&self.site.armed).fired()
    }

    /// The requests that are held now.
    #[must_use]
    pub fn paused(&self) -> Vec<Paused> {
        self.site.pauses.list()
    }

    /// Blocks the thread until a request is held; `None` when none is within this time. For registries on their own
    /// thread.
    #[must_use]
    pub fn wait_paused(&self, at_most: Duration) -> Option<Paused> {
        self.site.pauses.wait(at_most)
    }

    /// Waits until a request is held.
    pub async fn until_paused(&self) -> Paused {
        self.site.pauses.wait_async().await
    }

    /// Lets every held request go on, whether its client still lives or not. Says how many they were.
    pub fn release(&self) -> usize {
        self.site.pauses.end_all(Fate::Proceed)
    }

    /// Ends every held request where it is: one held before its effect never has one. Says how many they were.
    pub fn discard(&self) -> usize {
        self.site.pauses.end_all(Fate::Discard)
    }

    /// A copy of the log.
    #[must_use]
    pub fn log(&self) -> Log {
        self.site.book.copy()
    }

    /// Sums over the log.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.log().counters()
    }

    /// Every move of every tag since the start.
    #[must_use]
    pub fn history(&self) -> Vec<Move> {
        lock(&self.site.world).moves().to_vec()
    }

    /// All that is missing or wrong below the tags as they are now; lag does not count.
    #[must_use]
    pub fn audit(&self) -> Vec<Problem> {
        lock(&self.site.world).audit()
    }

    /// The content as it is now; lag does not count.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        lock(&self.site.world).snapshot()
    }

    /// Where the tags of a repository point; lag does not count.
    #[must_use]
    pub fn tags(&self, repository: &str) -> BTreeMap<String, String> {
        self.snapshot().repositories.remove(repository).map(|held| held.tags).unwrap_or_default()
    }

    /// A stored manifest; lag does not count.
    #[must_use]
    pub fn manifest(&self, repository: &str, digest: &str) -> Option<StoredManifest> {
        let world = lock(&self.site.world);
        let found = world.manifest(repository, digest)?;
        Some(StoredManifest { media_type: found.document.media_type.clone(), bytes: found.bytes.clone() })
    }

    /// The bytes of a stored blob; lag does not count.
    #[must_use]
    pub fn blob(&self, repository: &str, digest: &str) -> Option<bytes::Bytes> {
        lock(&self.site.world).blob(repository, digest).map(|blob| blob.bytes.clone())
    }
}

impl Drop for FaultRegistry {
    fn drop(&mut self) {
        self.site.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been printed by its thread; raising it again here would hide the test's own.
            drop(thread.join());
        }
    }
}

fn host(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, host)| host)
}
