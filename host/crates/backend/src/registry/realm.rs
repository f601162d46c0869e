//! Decides whether a token server that a registry names may be asked. A registry that could choose freely would
//! collect the credentials of whoever asks it.

use bakery_core::model::RegistryHost;
use url::Url;

/// Registries whose token server is known to be on another host.
const KNOWN: [(&str, &str); 4] = [
    ("docker.io", "auth.docker.io"),
    ("registry.gitlab.com", "gitlab.com"),
    ("docker.elastic.co", "docker-auth.elastic.co"),
    ("registry.digitalocean.com", "api.digitalocean.com"),
];

/// A token server that may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Realm {
    /// Where.
    pub(super) url: Url,
    /// Whether the operator chose its host, by naming the registry or the server. Others must be on the public net.
    pub(super) chosen: bool,
}

/// Checks a realm against the registry that named it. `base` is where the registry's interface is reached.
///
/// # Errors
/// One clause that says what is wrong, with what to do.
pub(super) fn check(
    realm: &str,
    registry: &RegistryHost,
    base: &Url,
    vouched: &[(RegistryHost, String)],
) -> Result<Realm, String> {
    let shown = || realm.chars().take(120).collect::<String>().escape_debug().to_string();
    let url: Url = realm.parse().map_err(|_| format!("its token server `{}` is not a URL", shown()))?;
    let plain = base.scheme() == "http";
    if url.scheme() != "https" && !(plain && url.scheme() == "http") {
        return Err(format!("its token server `{}` does not speak https", shown()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "its token server's URL has a user name in it, which hides its host: `{}`",
            shown()
        ));
    }
    let Some(host) = url.host_str() else {
        return Err(format!("its token server `{}` has no host", shown()));
    };
    // The operator's word for another registry is not his word for this one.
    let operator = vouched.iter().any(|(of, server)| of == registry && server.eq_ignore_ascii_case(host));
    if Some(host) == base.host_str() || operator {
        return Ok(Realm { url, chosen: true });
    }
    if KNOWN.contains(&(registry.as_str(), host)) && url.port().is_none() {
        return Ok(Realm { url, chosen: false });
    }
    Err(format!(
        "it wants a token from another host, `{}`: if that is its token server, say so with `--registry-realm {registry}={host}`",
        shown()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_table(registry: &str, base: &str, cases: &[(&str, bool)]) {
        let vouched = [("r.example".parse().unwrap(), "sso.example".to_owned())];
        for (realm, good) in cases {
            let answer = check(realm, &registry.parse().unwrap(), &base.parse().unwrap(), &vouched);
            assert_eq!(answer.is_ok(), *good, "{realm}: {answer:?}");
        }
    }

    #[test]
    fn a_realm_is_asked_only_where_registry_or_operator_vouch_for_it() {
        check_table(
            "r.example",
            "https://r.example/",
            &[
                ("https://r.example/token", true),
                ("https://r.example:5001/token", true),
                ("https://sso.example/token", true),
                ("http://r.example/token", false),
                ("http://sso.example/token", false),
                ("https://evil.example/token", false),
                ("https://r.example.evil.example/token", false),
                ("https://r.example@evil.example/token", false),
                ("https://user@r.example/token", false),
                ("https://user:pw@r.example/token", false),
                ("https://169.254.169.254/latest", false),
                ("https://[fd00:ec2::254]/", false),
                ("https://auth.docker.io/token", false),
                ("file:///etc/passwd", false),
                ("ftp://r.example/", false),
                ("//r.example/token", false),
                ("token", false),
                ("", false),
            ],
        );
        check_table("other.example", "https://other.example/", &[("https://sso.example/token", false)]);
    }

    #[test]
    fn docker_hub_has_its_token_server_elsewhere_and_only_there() {
        let base = "https://registry-1.docker.io/";
        check_table(
            "docker.io",
            base,
            &[
                ("https://auth.docker.io/token", true),
                ("https://auth.docker.io:444/token", false),
                ("http://auth.docker.io/token", false),
                ("https://gitlab.com/jwt/auth", false),
            ],
        );
    }

    #[test]
    fn only_what_the_operator_named_may_be_in_a_private_net() {
        let chosen = |realm: &str, registry: &str, base: &str| {
            let vouched = [("r.example".parse().unwrap(), "sso.example".to_owned())];
            check(realm, &registry.parse().unwrap(), &base.parse().unwrap(), &vouched).unwrap().chosen
        };
        assert!(chosen("https://r.example/token", "r.example", "https://r.example/"));
        assert!(chosen("https://sso.example/token", "r.example", "https://r.example/"));
        assert!(!chosen("https://auth.docker.io/token", "docker.io", "https://registry-1.docker.io/"));
    }

    #[test]
    fn a_plain_registry_may_have_a_plain_token_server_on_the_same_host() {
        check_table(
            "127.0.0.1:5000",
            "http://127.0.0.1:5000/",
            &[
                ("http://127.0.0.1:5001/token", true),
                ("http://127.0.0.1/token", true),
                ("http://127.0.0.2:5001/token", false),
                ("http://localhost:5001/token", false),
            ],
        );
    }
}
