//! Registries and the repositories in them, by name. Knows nothing of tags and opens no connection.

use std::{fmt, net::IpAddr, str::FromStr};

use super::reference::ParseReferenceError;

/// Docker Hub under the name that people write.
const DOCKER_HUB: &str = "docker.io";

/// Bytes of `host/name`, as the distribution specification advises.
const MAX_NAME: usize = 255;

/// `host[:port]` of a registry, in lower case: `ghcr.io`, `localhost:5000`, `[::1]:5000`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RegistryHost(String);

impl RegistryHost {
    /// As written in references.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without the port; an IPv6 address keeps its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        split_port(&self.0).0
    }

    /// The port, where one was written.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        split_port(&self.0).1?.parse().ok()
    }

    /// Whether this is Docker Hub, whose interface and credentials go by other names.
    #[must_use]
    pub fn is_docker_hub(&self) -> bool {
        self.0 == DOCKER_HUB
    }

    /// Where its interface is reached: the same, except for Docker Hub.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        if self.is_docker_hub() { "registry-1.docker.io" } else { &self.0 }
    }

    /// Whether the name itself says that the registry runs on this machine: `localhost`, 127.0.0.0/8, `::1`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for RegistryHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RegistryHost {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |reason| ParseReferenceError::new(text, reason);
        let lower = text.to_ascii_lowercase();
        let (host, port) = split_port(&lower);
        if port.is_some_and(|p| p.starts_with(['0', '+']) || p.parse::<u16>().is_err()) {
            return Err(wrong("a port is a number from 1 to 65535"));
        }
        let good = match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
            Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
            None => is_host_name(host),
        };
        if !good {
            return Err(wrong("a registry is a host name or an address, with an optional port"));
        }
        // Three names of one registry: memory, tokens and credentials must not be split between them.
        let canonical = match lower.as_str() {
            "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB.to_owned(),
            _ => lower,
        };
        Ok(Self(canonical))
    }
}

/// `host/name`, for example `ghcr.io/posit-dev/connect`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository {
    registry: RegistryHost,
    name: String,
}

impl Repository {
    /// A repository of a registry.
    ///
    /// # Errors
    /// The name is not one that a registry may have, or is too long.
    pub fn new(registry: RegistryHost, name: &str) -> Result<Self, ParseReferenceError> {
        let wrong = |reason| ParseReferenceError::new(name, reason);
        if !name.split('/').all(is_path_component) {
            return Err(wrong(
                "a repository name is made of lower-case letters and digits, joined by `.`, `_`, `__`, `-` or `/`",
            ));
        }
        if registry.as_str().len() + 1 + name.len() > MAX_NAME {
            return Err(wrong("registry and repository name are longer than 255 characters"));
        }
        Ok(Self { registry, name: name.to_owned() })
    }

    /// The registry.
    #[must_use]
    pub fn registry(&self) -> &RegistryHost {
        &self.registry
    }

    /// The name inside the registry: `posit-dev/connect`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.name)
    }
}

impl FromStr for Repository {
    type Err = ParseReferenceError;

    /// Reads `[registry/]name`. Without a registry it is Docker Hub's; a single word there is below `library/`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (registry, name) = match text.split_once('/') {
            Some((first, rest)) if names_a_registry(first) => (first.parse()?, rest),
            _ => (RegistryHost(DOCKER_HUB.to_owned()), text),
        };
        let official = registry.is_docker_hub() && !name.contains('/') && !name.is_empty();
        let name = if official { format!("library/{name}") } else { name.to_owned() };
        Self::new(registry, &name).map_err(|error| ParseReferenceError::new(text, error.reason))
    }
}

/// What tells `host/name` from `namespace/name`.
fn names_a_registry(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':', '[']) || first.bytes().any(|b| b.is_ascii_uppercase())
}

fn split_port(text: &str) -> (&str, Option<&str>) {
    let after_address = text.rfind(']').map_or(0, |at| at + 1);
    match text[after_address..].find(':') {
        Some(at) => (&text[..after_address + at], Some(&text[after_address + at + 1..])),
        None => (text, None),
    }
}

fn is_host_name(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    // `127.1`, `0x7f.1` and `2130706433` are addresses to a resolver, but not to the rule for loopback.
    let last = host.rsplit('.').next().unwrap_or(host);
    let numeric = last.starts_with("0x") || last.bytes().all(|b| b.is_ascii_digit());
    host.split('.').all(label) && (!numeric || host.parse::<std::net::Ipv4Addr>().is_ok())
}

fn is_path_component(component: &str) -> bool {
    let bytes = component.as_bytes();
    let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if !bytes.first().is_some_and(alphanumeric) || !bytes.last().is_some_and(alphanumeric) {
        return false;
    }
    component
        .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        .all(|joint| matches!(joint, "" | "." | "_" | "__") || joint.bytes().all(|b| b == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_expanded_the_way_docker_does() {
        for (text, expected) in [
            ("ubuntu", "docker.io/library/ubuntu"),
            ("posit/connect", "docker.io/posit/connect"),
            ("docker.io/ubuntu", "docker.io/library/ubuntu"),
            ("index.docker.io/posit/connect", "docker.io/posit/connect"),
            ("registry-1.docker.io/library/ubuntu", "docker.io/library/ubuntu"),
            ("ghcr.io/posit-dev/connect", "ghcr.io/posit-dev/connect"),
            ("GHCR.io/posit-dev/connect", "ghcr.io/posit-dev/connect"),
            ("localhost/a", "localhost/a"),
            ("localhost:5000/a/b__c/d--e.f", "localhost:5000/a/b__c/d--e.f"),
            ("[::1]:5000/a", "[::1]:5000/a"),
            ("127.0.0.1:5000/a", "127.0.0.1:5000/a"),
        ] {
            assert_eq!(text.parse::<Repository>().unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_no_registry_would_take_is_refused_before_it_reaches_a_url() {
        let long = format!("ghcr.io/{}", "a".repeat(250));
        for text in [
            "",
            "/a",
            "ghcr.io/",
            "ghcr.io/A",
            "a//b",
            "a/",
            "ghcr.io/../x",
            "ghcr.io/.x",
            "ghcr.io/x.",
            "ghcr.io/a___b",
            "ghcr.io/a..b",
            "ghcr.io/a b",
            "ghcr.io/a%2e",
            "ghcr.io/é",
            "ghcr.io:0/a",
            "ghcr.io:65536/a",
            "ghcr.io:/a",
            "ghcr.io:+1/a",
            "ghcr.io:080/a",
            "user@ghcr.io/a",
            "user:pw@ghcr.io/a",
            "https://ghcr.io/a",
            "ghcr..io/a",
            "-x.io/a",
            "x_y.io/a",
            "[::1/a",
            "[zz]/a",
            "[::1]x/a",
            "127.1/a",
            "0x7f.1/a",
            "1.2.3.4.5/a",
            "ghcr.io./a",
            &long,
        ] {
            assert!(text.parse::<Repository>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_a_name_that_cannot_leave_the_machine_is_loopback() {
        for (text, expected) in [
            ("localhost", true),
            ("localhost:5000", true),
            ("127.0.0.1", true),
            ("127.8.9.1:80", true),
            ("[::1]:5000", true),
            ("[::1]", true),
            ("localhost.evil.example", false),
            ("ghcr.io", false),
            ("10.0.0.1", false),
            ("[::2]", false),
            ("127.0.0.1.evil.example", false),
        ] {
            assert_eq!(text.parse::<RegistryHost>().unwrap().is_loopback(), expected, "{text}");
        }
    }

    #[test]
    fn host_and_port_come_apart() {
        for (text, host, port) in [
            ("[::1]:5000", "[::1]", Some(5000)),
            ("[::1]", "[::1]", None),
            ("ghcr.io:443", "ghcr.io", Some(443)),
        ] {
            let registry: RegistryHost = text.parse().unwrap();
            assert_eq!((registry.host(), registry.port()), (host, port));
        }
        assert_eq!("docker.io".parse::<RegistryHost>().unwrap().endpoint(), "registry-1.docker.io");
    }
}
