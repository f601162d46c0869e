//! The version source of docs/plugins/writing-a-version-source.md, as it stands there.

use bakery_sdk::{
    SourceError, Upstream, json,
    resolver::{Artifact, Query, Resolution},
    upstream::{fetch_one, get},
    version::is_version,
};

#[cfg(target_family = "wasm")]
mod shell;

/// Answers what the upstream's latest version is, for every target.
pub fn resolve(upstream: &impl Upstream, query: &Query) -> Result<Resolution, SourceError> {
    let url = "https://cdn.example.com/acme/latest.json";
    let response =
        fetch_one(upstream, get(url, "application/json", 64 * 1024)).map_err(SourceError::Failed)?;
    let latest: serde_json::Value = json::parse(url, &response.body, "a JSON object")?;
    let version = latest["version"].as_str().filter(|version| is_version(version));
    let version = version.ok_or_else(|| SourceError::InvalidAnswer(format!("`{url}` names no version")))?;
    let artifact = |architecture: &str| Artifact {
        version: version.to_owned(),
        url: format!("https://cdn.example.com/acme/acme-{version}-{architecture}.tar.gz"),
        digest: None,
        size: None,
        attributes: Vec::new(),
    };
    Ok(Resolution {
        artifacts: query.targets.iter().map(|target| Ok(artifact(&target.architecture))).collect(),
        head: Some(version.to_owned()),
        origin: Some(url.to_owned()),
        published: None,
        attributes: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use bakery_sdk::testing::{FakeUpstream, query};

    #[test]
    fn the_latest_version_is_found() {
        let upstream =
            FakeUpstream::new().with("https://cdn.example.com/acme/latest.json", r#"{"version":"1.2.3"}"#);
        let answer = super::resolve(&upstream, &query("acme", "daily", "{}")).unwrap();
        assert_eq!(
            answer.artifacts[0].as_ref().unwrap().url,
            "https://cdn.example.com/acme/acme-1.2.3-amd64.tar.gz"
        );
    }
}
