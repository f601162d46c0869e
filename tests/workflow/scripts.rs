//! The scripts of the workflow, one by one.

use serde_json::{Value, json};

use crate::stage::{Ran, Stage};

fn settings(inputs: &Value) -> Ran {
    Stage::new(inputs).settings()
}

#[track_caller]
fn refused(ran: &Ran, why: &str) {
    assert_ne!(ran.code, 0, "{}", ran.said);
    assert!(ran.said.contains("::error::") && ran.said.contains(why), "{}", ran.said);
}

pub(crate) fn payload() {
    // Not even a key that is given twice is lost: bakery tells of it.
    let spec = r#"{"version":"2026.05.0-dev+185-gabc",  "channel":"daily","channel":"preview"}"#;
    let ran = settings(&json!({ "dev-spec": spec, "dev-channel": "daily" }));
    assert_eq!((ran.code, ran.output("dev-spec")), (0, spec), "{}", ran.said);
    assert_eq!(ran.output("dev-channel"), "daily");
    let ran = settings(&json!({ "dev-spec": "{\n  \"version\": \"1.2.3\"\r\n}\n" }));
    assert_eq!(serde_json::from_str::<Value>(ran.output("dev-spec")).ok(), Some(json!({"version": "1.2.3"})));
    let ran = settings(&json!({ "dev-spec": " \n " }));
    assert_eq!((ran.code, ran.output("dev-spec")), (0, ""), "{}", ran.said);
    assert_eq!(settings(&json!({})).output("dev-spec"), "");
}

pub(crate) fn parts() {
    let ran = settings(
        &json!({ "dev-version": "1.2.3-dev+4", "dev-channel": "daily", "release-branch": "2026.05" }),
    );
    assert_eq!(
        ran.json("dev-spec"),
        json!({"version": "1.2.3-dev+4", "channel": "daily", "release_branch": "2026.05"})
    );
    assert_eq!(ran.output("dev-channel"), "", "the payload has it");
    // A quote in a value stays a value.
    let ran = settings(&json!({ "dev-version": "1\",\"image\":\"x" }));
    assert_eq!(ran.json("dev-spec"), json!({"version": "1\",\"image\":\"x"}));
    let ran = settings(&json!({ "release-branch": "2026.05" }));
    assert_eq!(ran.json("dev-spec"), json!({"release_branch": "2026.05"}));
    assert_eq!(settings(&json!({ "dev-channel": "daily" })).output("dev-channel"), "daily");
}

pub(crate) fn both() {
    for part in ["dev-version", "release-branch"] {
        refused(&settings(&json!({ "dev-spec": "{}", part: "1.2.3" })), "dev-spec");
    }
}

pub(crate) fn stream() {
    let ran = settings(&json!({ "dev-stream": "daily" }));
    assert_eq!((ran.code, ran.output("dev-channel")), (0, "daily"));
    assert!(ran.said.contains("::warning::") && ran.said.contains("dev-channel: daily"), "{}", ran.said);
    let ran = settings(&json!({ "dev-stream": "daily", "dev-channel": "daily" }));
    assert_eq!((ran.code, ran.output("dev-channel")), (0, "daily"));
    assert!(!settings(&json!({ "dev-channel": "daily" })).said.contains("::warning::"));
}

pub(crate) fn disagreement() {
    refused(
        &settings(&json!({ "dev-stream": "daily", "dev-channel": "preview" })),
        "dev-stream is its old name",
    );
}

pub(crate) fn registries() {
    let ran = settings(&json!({ "image-version": "v2026.04" }));
    assert_eq!(ran.output("temp-registry"), "ghcr.io/example");
    assert_eq!(ran.output("cache-registry"), "ghcr.io/example");
    assert_eq!(ran.output("image-version"), "2026.04");
    let ran = settings(&json!({ "temp-registry": "r.example/tmp", "cache-registry": "c.example" }));
    assert_eq!(ran.output("temp-registry"), "r.example/tmp");
    assert_eq!(ran.output("cache-registry"), "c.example");
    assert_eq!(
        settings(&json!({ "cache": false, "cache-registry": "c.example" })).output("cache-registry"),
        ""
    );
}

pub(crate) fn keys() {
    let one = settings(&json!({ "dev-channel": "daily" }));
    let same = settings(&json!({ "dev-channel": "daily" }));
    let other = settings(&json!({ "dev-channel": "preview" }));
    assert_eq!(one.output("key"), same.output("key"));
    assert_ne!(one.output("key"), other.output("key"));
    assert!(one.output("key").len() == 12 && one.output("key").chars().all(|c| c.is_ascii_hexdigit()));
}

pub(crate) fn line_breaks() {
    for value in ["daily\ntemp-registry=evil.example", "daily\r", "daily\u{1b}[2J"] {
        let ran = settings(&json!({ "dev-channel": value }));
        refused(&ran, "dev-channel");
        assert!(!ran.output("temp-registry").contains("evil"), "{:?}", ran.outputs);
    }
}

pub(crate) fn messages() {
    let ran = settings(&json!({ "dev-stream": "a\n::add-mask::b%0A", "dev-channel": "c" }));
    refused(&ran, "a%0A::add-mask::b%250A");
    assert_eq!(ran.said.lines().count(), 1, "{}", ran.said);
}

fn into_rows(rows: &Value) -> Ran {
    Stage::new(&json!({})).script("rows.sh", &[], &[], &rows.to_string())
}

pub(crate) fn rows() {
    let ran = into_rows(&json!([
        {"image": "app.x", "version": "2026.05.0-dev+185-gabc", "dev": true, "platform": "linux/amd64"},
        {"image": "app.x", "version": "2026.05.0-dev+185-gabc", "dev": true, "platform": "linux/arm64"},
        {"image": "zoo", "version": "1.0", "dev": false, "platform": "linux/amd64"},
    ]));
    assert_eq!(ran.code, 0, "{}", ran.said);
    let platforms = ran.json("platform-matrix");
    assert_eq!(
        platforms[1],
        json!({"image": "app.x", "version": "2026.05.0-dev+185-gabc", "platform": "linux/arm64", "arch": "arm64", "pattern": "^app[.]x$"})
    );
    assert_eq!(
        ran.json("image-matrix"),
        json!([{"image": "app.x", "pattern": "^app[.]x$"}, {"image": "zoo", "pattern": "^zoo$"}])
    );
    assert_eq!(ran.output("arm64"), "true");
    let ran = into_rows(&json!([]));
    assert_eq!((ran.code, ran.output("platform-matrix"), ran.output("image-matrix")), (0, "[]", "[]"));
    assert_eq!(ran.output("arm64"), "false");
    assert!(ran.said.contains("nothing to build"), "{}", ran.said);
}

pub(crate) fn odd_rows() {
    let row = |image: &str, number: usize| json!({"image": image, "version": format!("1.{number}"), "platform": "linux/amd64"});
    assert_eq!(into_rows(&(0..256).map(|n| row("app", n)).collect()).code, 0);
    refused(&into_rows(&(0..257).map(|n| row("app", n)).collect()), "257 rows");
    for name in ["a/b", "a b", "$(id)", "-x", "../x", "a=b", ""] {
        refused(&into_rows(&json!([row(name, 0)])), "cannot be the name");
    }
    refused(&into_rows(&json!({"image": "app"})), "no list");
    refused(&Stage::new(&json!({})).script("rows.sh", &[], &[], ""), "no list");
}

pub(crate) fn login() {
    let stage = Stage::new(&json!({}));
    stage.plays("docker", "");
    let secret = [("USERNAME", "someone"), ("PASSWORD", "hunter 2$")];
    let ran = stage.script("login.sh", &["password", "docker.io"], &secret, "");
    assert_eq!(ran.code, 0, "{}", ran.said);
    let calls = stage.calls("docker");
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].0, ["login", "--username", "someone", "--password-stdin", "docker.io"]);
    assert_eq!(calls[0].1.as_deref(), Some("hunter 2$"));
    assert!(!ran.said.contains("hunter"), "{}", ran.said);
    refused(
        &stage.script("login.sh", &["password", "docker.io"], &[("USERNAME", "someone")], ""),
        "docker.io",
    );
    refused(&stage.script("login.sh", &["other", "docker.io"], &secret, ""), "unknown kind");
}

pub(crate) fn temp_login() {
    let own = [("USERNAME", "me"), ("PASSWORD", "mine"), ("GITHUB_TOKEN", "theirs")];
    let none = [("USERNAME", ""), ("PASSWORD", ""), ("GITHUB_TOKEN", "theirs")];
    for (registry, secrets, user, password) in [
        ("r.example:5000/tmp", own, "me", "mine"),
        ("ghcr.io/example", none, "octocat", "theirs"),
        ("ghcr.io/example", own, "me", "mine"),
    ] {
        let stage = Stage::new(&json!({}));
        stage.plays("docker", "");
        let ran = stage.script("login.sh", &["temp", registry], &secrets, "");
        let calls = stage.calls("docker");
        assert_eq!(ran.code, 0, "{}", ran.said);
        assert_eq!(calls[0].0[2], user);
        assert_eq!(calls[0].0[4], registry.split('/').next().unwrap_or_default());
        assert_eq!(calls[0].1.as_deref(), Some(password));
    }
    // The job's token is for ghcr.io alone, however much another name looks like it.
    for registry in ["r.example/tmp", "ghcr.io.example/x", "ghcr.io:444/x"] {
        let stage = Stage::new(&json!({}));
        stage.plays("docker", "");
        let ran = stage.script("login.sh", &["temp", registry], &none, "");
        assert_eq!((ran.code, stage.calls("docker").len()), (0, 0), "{}", ran.said);
        assert!(ran.said.contains("::notice::"), "{}", ran.said);
    }
}

pub(crate) fn ecr() {
    let stage = Stage::new(&json!({}));
    stage.plays("docker", "");
    stage.plays("curl", r#"cat >"$call.config"; echo '{"value":"identity-token"}'"#);
    let aws = r#"cp "$AWS_WEB_IDENTITY_TOKEN_FILE" "$call.token"; stat -c %a "$AWS_WEB_IDENTITY_TOKEN_FILE" >"$call.mode"
        if [[ $1 == sts ]]; then echo 123456789012; else printf registry-password; fi"#;
    stage.plays("aws", aws);
    let job = [
        ("ROLE", "arn:aws:iam::123456789012:role/publish"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://token.example/?x=1"),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-token"),
    ];
    let ran = stage.script("login.sh", &["ecr", "us-east-2"], &job, "");
    assert_eq!(ran.code, 0, "{}", ran.said);
    let calls = stage.calls("docker");
    assert_eq!(
        calls[0].0,
        ["login", "--username", "AWS", "--password-stdin", "123456789012.dkr.ecr.us-east-2.amazonaws.com"]
    );
    assert_eq!(calls[0].1.as_deref(), Some("registry-password"));
    let left: Vec<String> = std::fs::read_dir(stage.path("calls"))
        .expect("the folder was made")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "token" || extension == "mode"))
        .map(|path| crate::stage::read(&path).trim().to_owned())
        .collect();
    assert_eq!(left.iter().filter(|text| *text == "identity-token").count(), 2, "{left:?}");
    assert_eq!(left.iter().filter(|text| *text == "600").count(), 2, "{left:?}");
    for call in stage.calls("curl").iter().chain(&stage.calls("aws")) {
        let words = call.0.join(" ");
        assert!(!words.contains("identity-token") && !words.contains("request-token"), "{words}");
    }
    assert!(!ran.said.contains("identity-token") && !ran.said.contains("request-token"), "{}", ran.said);
    refused(&stage.script("login.sh", &["ecr", "us-east-2"], &job[..1], ""), "id-token: write");
}
