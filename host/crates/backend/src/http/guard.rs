//! Every address is classified before anything connects to it, and what was checked is what is connected to.
//! Which class a caller may reach is not decided here: it arrives as the request's reach.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::Arc,
};

use bakery_core::{
    policy::address::{AddressClass, classify},
    port::{Failure, FailureKind, Reach},
};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::lookup::Lookup;

/// Hands the connector checked addresses only. One look-up per connection: a second answer cannot differ from the
/// checked one, because nobody asks for it.
pub(crate) struct GuardedResolver {
    lookup: Arc<dyn Lookup>,
    reach: Reach,
}

impl GuardedResolver {
    pub(crate) fn new(lookup: Arc<dyn Lookup>, reach: Reach) -> Self {
        Self { lookup, reach }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (host, reach) = (name.as_str().to_owned(), self.reach);
        let found = self.lookup.addresses(host.clone());
        Box::pin(async move {
            let addresses = found.await.map_err(|error| LookupFailed { host: host.clone(), error })?;
            if addresses.is_empty() {
                let error = io::Error::other("the name has no address");
                return Err(LookupFailed { host, error }.into());
            }
            check(&host, &addresses, reach)?;
            let checked = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(checked.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

/// Checks a URL whose host is an address: the connector looks no name up for it.
pub(super) fn check_literal(url: &Url, reach: Reach) -> Result<(), Failure> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    check(url.host_str().unwrap_or_default(), &[address], reach).map_err(|refused| refused.failure(url))
}

/// An address that the request may not reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    host: String,
    address: IpAddr,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Class(AddressClass),
    OwnMachine,
}

impl Refused {
    /// The failure of a request to `url`, with what the operator can write.
    pub(super) fn failure(&self, url: &Url) -> Failure {
        let message = format!("`{url}` is refused: {self}");
        Failure::new(FailureKind::Denied, url.as_str(), message).with_hint(self.hint(url))
    }

    fn hint(&self, url: &Url) -> String {
        if self.what == What::Class(AddressClass::Metadata) {
            return "cloud metadata services cannot be granted: they hand out credentials".into();
        }
        let origin = url.origin().ascii_serialization();
        let mirror = format!("`--mirror {origin}={origin}`");
        if matches!(url.host(), Some(Host::Domain(name)) if name != "localhost") {
            return format!(
                "if `{}` is your own server, open its private addresses with {mirror}",
                self.host
            );
        }
        format!(
            "if that is your own server, add `- {origin}/` under `allow:` of this source in `sources:` of `bakery.yaml`, \
             or use {mirror}"
        )
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, address, what } = self;
        match what {
            What::Class(class) => write!(f, "`{host}` is the {class} address `{address}`")?,
            What::OwnMachine => write!(f, "`{host}` is `{address}`, an address of this machine")?,
        }
        f.write_str(", and only public addresses may be read without the operator's word")
    }
}

impl std::error::Error for Refused {}

/// A name that has no address now.
#[derive(Debug)]
pub(super) struct LookupFailed {
    host: String,
    error: io::Error,
}

impl LookupFailed {
    /// `NotFound` where the resolver says that there is no such name; everything else may pass.
    pub(super) fn failure(&self, url: &Url) -> Failure {
        // The standard library keeps no code, so the words of glibc, musl and macOS decide.
        let words = self.error.to_string();
        let unknown =
            ["not known", "does not resolve", "No address", "no address"].iter().any(|w| words.contains(w));
        let kind = if unknown { FailureKind::NotFound } else { FailureKind::Unavailable };
        Failure::new(kind, url.as_str(), format!("`{url}` cannot be reached: {self}"))
    }
}

impl fmt::Display for LookupFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name `{}` cannot be resolved: {}", self.host, self.error)
    }
}

impl std::error::Error for LookupFailed {}

/// One bad address refuses the host: an answer that mixes public and private ones is an attempt to be let through.
fn check(host: &str, addresses: &[IpAddr], reach: Reach) -> Result<(), Refused> {
    for &address in addresses {
        let what = match (classify(address), reach) {
            (AddressClass::Metadata, _) => What::Class(AddressClass::Metadata),
            (_, Reach::Private) => continue,
            (AddressClass::Public, Reach::Public) if !is_own(address) => continue,
            (AddressClass::Public, Reach::Public) => What::OwnMachine,
            (class, Reach::Public) => What::Class(class),
        };
        return Err(Refused { host: host.to_owned(), address, what });
    }
    Ok(())
}

/// Whether the address is one of this machine's: only then the system would send from it to itself. Sends nothing.
fn is_own(address: IpAddr) -> bool {
    let any: SocketAddr = match address {
        IpAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        IpAddr::V6(_) => ([0_u16; 8], 0).into(),
    };
    let source = UdpSocket::bind(any).and_then(|socket| {
        socket.connect((address, 9))?;
        socket.local_addr()
    });
    source.is_ok_and(|source| source.ip() == address)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use bakery_core::port::BoxFuture;

    use super::*;

    struct Table(Mutex<Vec<Vec<&'static str>>>);

    impl Lookup for Table {
        fn addresses(&self, _host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
            let answer = self.0.lock().unwrap().remove(0);
            Box::pin(async move { Ok(answer.into_iter().map(|address| address.parse().unwrap()).collect()) })
        }
    }

    async fn resolve(answers: Vec<Vec<&'static str>>, reach: Reach) -> Result<Vec<String>, String> {
        let resolver = GuardedResolver::new(Arc::new(Table(Mutex::new(answers))), reach);
        let found = resolver.resolve("cdn.example.com".parse().unwrap()).await;
        found
            .map(|found| found.map(|address| address.ip().to_string()).collect())
            .map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn public_addresses_are_handed_on_as_they_were_checked() {
        // The second answer is the rebinding one; it is never asked for.
        let found = resolve(vec![vec!["1.1.1.1", "2606:4700::1111"], vec!["127.0.0.1"]], Reach::Public).await;
        assert_eq!(found, Ok(vec!["1.1.1.1".into(), "2606:4700::1111".into()]));
    }

    #[tokio::test]
    async fn one_address_that_is_not_public_refuses_the_host() {
        for (address, class) in [
            ("127.0.0.1", "loopback"),
            ("10.0.0.1", "private"),
            ("169.254.1.1", "link-local"),
            ("169.254.169.254", "cloud metadata"),
            ("100.64.0.1", "carrier-grade NAT"),
            ("::ffff:192.168.0.1", "private"),
            ("64:ff9b::a9fe:a9fe", "cloud metadata"),
            ("0.0.0.0", "unspecified"),
        ] {
            for answer in [vec![address], vec!["1.1.1.1", address], vec![address, "1.1.1.1"]] {
                let error = resolve(vec![answer], Reach::Public).await.unwrap_err();
                assert!(error.contains(&format!("the {class} address")), "{address}: {error}");
            }
        }
    }

    #[tokio::test]
    async fn private_reach_opens_everything_but_metadata() {
        assert!(resolve(vec![vec!["127.0.0.1", "10.0.0.1", "fe80::1"]], Reach::Private).await.is_ok());
        assert!(resolve(vec![vec!["10.0.0.1", "169.254.169.254"]], Reach::Private).await.is_err());
        assert!(resolve(vec![vec!["fd00:ec2::254"]], Reach::Private).await.is_err());
    }

    #[tokio::test]
    async fn a_name_without_addresses_is_an_error() {
        let error = resolve(vec![vec![]], Reach::Public).await.unwrap_err();
        assert_eq!(error, "the name `cdn.example.com` cannot be resolved: the name has no address");
    }

    #[test]
    fn the_machines_own_addresses_are_recognised() {
        assert!(is_own([127, 0, 0, 1].into()));
        assert!(!is_own([192, 0, 2, 1].into()));
        // The address that this machine would send from is its own, public or not.
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        if socket.connect("192.0.2.1:9").is_ok() {
            assert!(is_own(socket.local_addr().unwrap().ip()));
        }
    }

    #[test]
    fn a_refusal_names_the_class_and_the_line_to_add() {
        fn refusal(url: &str, address: &str) -> String {
            let url = Url::parse(url).unwrap();
            let refused =
                check(url.host_str().unwrap(), &[address.parse().unwrap()], Reach::Public).unwrap_err();
            let failure = refused.failure(&url);
            format!("{failure}\nhint: {}", failure.hint.as_deref().unwrap())
        }
        let shown = [
            refusal("https://cdn.example.com:8443/a", "10.0.0.1"),
            refusal("http://127.0.0.1:8080/a", "127.0.0.1"),
            refusal("https://cdn.example.com/a", "169.254.169.254"),
        ];
        let expected = [
            "`https://cdn.example.com:8443/a` is refused: `cdn.example.com` is the private address `10.0.0.1`, and only \
             public addresses may be read without the operator's word\nhint: if `cdn.example.com` is your own server, open \
             its private addresses with `--mirror https://cdn.example.com:8443=https://cdn.example.com:8443`",
            "`http://127.0.0.1:8080/a` is refused: `127.0.0.1` is the loopback address `127.0.0.1`, and only public \
             addresses may be read without the operator's word\nhint: if that is your own server, add \
             `- http://127.0.0.1:8080/` under `allow:` of this source in `sources:` of `bakery.yaml`, or use \
             `--mirror http://127.0.0.1:8080=http://127.0.0.1:8080`",
            "`https://cdn.example.com/a` is refused: `cdn.example.com` is the cloud metadata address `169.254.169.254`, and \
             only public addresses may be read without the operator's word\nhint: cloud metadata services cannot be \
             granted: they hand out credentials",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_name_that_does_not_exist_is_not_the_same_as_a_resolver_that_does_not_answer() {
        let kind = |words: &'static str| {
            let failed = LookupFailed { host: "h.example".into(), error: io::Error::other(words) };
            failed.failure(&Url::parse("https://h.example/").unwrap()).kind
        };
        for words in [
            "Name or service not known",
            "Name does not resolve",
            "nodename nor servname provided, or not known",
        ] {
            assert_eq!(kind(words), FailureKind::NotFound, "{words}");
        }
        for words in ["Temporary failure in name resolution", "Try again"] {
            assert_eq!(kind(words), FailureKind::Unavailable, "{words}");
        }
    }
}
