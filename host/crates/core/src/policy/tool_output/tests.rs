//! Words of real programs and the class that each must get, traps included.

use std::time::Duration;

use super::*;
use crate::{
    policy::{Cause, Class, CommandGrant, Operation, classify},
    port::{
        FailureKind,
        command::{Captured, CommandOutput, Ended},
    },
};

fn check(stderr: &str, expected: FailureKind) {
    assert_eq!(kind_of(1, stderr.as_bytes()), expected, "{stderr}");
}

#[test]
fn what_may_pass_by_itself_is_told_apart() {
    use FailureKind::{NotFound, RateLimited, TimedOut, Unavailable};
    for (stderr, expected) in [
        ("ghcr.io/posit-dev/workbench/tmp@sha256:abc: not found", NotFound),
        ("manifest unknown", NotFound),
        ("blob unknown to registry", Unavailable),
        ("unknown blob", Unavailable),
        ("blob upload invalid", Unavailable),
        ("blob upload unknown to registry", Unavailable),
        ("received unexpected HTTP status: 503 Service Unavailable", Unavailable),
        ("429 Too Many Requests", RateLimited),
        ("toomanyrequests: You have reached your pull rate limit", RateLimited),
        ("net/http: request canceled (Client.Timeout exceeded while awaiting headers)", TimedOut),
        ("dial tcp: i/o timeout", TimedOut),
        ("context deadline exceeded", TimedOut),
        ("net/http: TLS handshake timeout", TimedOut),
        ("read tcp: connection reset by peer", Unavailable),
        ("unexpected EOF", Unavailable),
        ("Error: Get \"https://ghcr.io/v2/\": EOF", Unavailable),
        ("lookup ghcr.io: no such host", Unavailable),
        ("dial tcp: lookup ghcr.io on 10.0.0.2:53: server misbehaving", Unavailable),
        ("write tcp: broken pipe", Unavailable),
        ("http2: server sent GOAWAY and closed the connection; LastStreamID=1", Unavailable),
        ("stream error: stream ID 3; INTERNAL_ERROR; received from peer", Unavailable),
        ("use of closed network connection", Unavailable),
        ("Service Unavailable", Unavailable),
        ("Bad Gateway", Unavailable),
        ("This page is taking too long to load.", Unavailable),
        ("dial tcp 10.0.0.1:503: connect: connection refused", Unavailable),
        (
            "Error: PUT \"https://ghcr.io/v2/a/b/manifests/x\": response status code 502: Bad Gateway",
            Unavailable,
        ),
    ] {
        check(stderr, expected);
    }
}

#[test]
fn what_the_user_must_mend_is_told_apart() {
    use FailureKind::{Conflict, Denied, Internal, InvalidInput, NotFound, Unauthorized};
    for (stderr, expected) in [
        ("unauthorized: authentication required", Unauthorized),
        ("denied: requested access to the resource is denied", Denied),
        ("invalid reference format", InvalidInput),
        ("", Internal),
        ("something nobody has seen before", Internal),
        ("name unknown: repository not found", NotFound),
        ("Error: response status code 403: denied: permission_denied: write_package", Denied),
        (
            "tag invalid: The image tag 'v1' already exists and cannot be overwritten because the repository is immutable.",
            Conflict,
        ),
        ("x509: certificate signed by unknown authority", Internal),
        ("no space left on device", Internal),
        ("open /layout/index.json: no such file or directory", InvalidInput),
    ] {
        check(stderr, expected);
    }
}

/// Right after a push, GHCR's token server refuses what it will allow a moment later: a few attempts, not all.
#[test]
fn a_refusal_of_the_token_server_may_pass_and_a_refusal_of_the_registry_does_not() {
    let class = |line: &str| {
        let repeatable = CommandGrant::new("oras", "/oras").unwrap().own(Vec::new(), None).repeatable();
        let failure = judge("oras", &output(Ended::Code(1), &[line])).unwrap_err();
        (failure.kind, classify(&Operation::command(&repeatable, Duration::MAX), &failure))
    };
    let momentary = (FailureKind::Denied, Class::Transient(Cause::TokenRefused));
    for line in [
        "failed to authorize: failed to fetch oauth token: unexpected status from POST request to https://ghcr.io/token: 403 Forbidden",
        "Error: GET \"https://ghcr.io/token?scope=repository%3Aa%3Apull&service=ghcr.io\": response status code 403: denied: denied",
    ] {
        assert_eq!(class(line), momentary, "{line}");
    }
    for line in [
        "Error: GET \"https://ghcr.io/v2/a/token/manifests/x\": response status code 403: denied",
        "denied: requested access to the resource is denied: 403 Forbidden",
        "denied: ghcr.io/a/token:1",
    ] {
        assert_eq!(class(line), (FailureKind::Denied, Class::Permanent), "{line}");
    }
    assert_eq!(
        class("failed to fetch oauth token: 401 Unauthorized"),
        (FailureKind::Unauthorized, Class::Permanent)
    );
}

#[test]
fn a_number_in_a_version_a_digest_a_size_or_a_port_is_no_status() {
    use FailureKind::{Denied, Internal, Unauthorized};
    for (stderr, expected) in [
        ("denied: ghcr.io/posit-dev/workbench:2026.02.1-500.pro12", Denied),
        ("ghcr.io/posit-dev/workbench:2026.05.0-dev-503-gabc: denied", Denied),
        ("unauthorized: repository 512", Unauthorized),
        ("denied: workbench 503", Denied),
        ("failed: version 500 of connect", Internal),
        ("size mismatch: got 503, want 512", Internal),
        ("failed after 429 bytes", Internal),
        ("failed to copy sha256:503 500 502 504", Internal),
        ("exit status 137", Internal),
        ("registry.example:500/a/b:1: x509: certificate has expired", Internal),
        ("cannot read layer 503 of \"Service Unavailable\"", Internal),
    ] {
        check(stderr, expected);
    }
}

#[test]
fn a_word_in_a_name_or_in_quotes_is_no_cause() {
    use FailureKind::{Denied, Internal, InvalidInput, Unauthorized};
    for (stderr, expected) in [
        ("unknown flag: --connection (timeout)", InvalidInput),
        ("unknown flag: --timeout", InvalidInput),
        ("Error: invalid argument \"x\" for \"--timeout\" flag: timed out", InvalidInput),
        ("denied: ghcr.io/toomanyrequests/unauthorized:eof", Denied),
        ("denied: \"429 Too Many Requests\"", Denied),
        ("cannot tag 'not found'", Internal),
        ("cannot read geofence table", Internal),
        (
            "error getting credentials - err: exec: \"docker-credential-ecr-login\": executable file not found in $PATH, out: ``",
            Unauthorized,
        ),
        ("exec: \"docker-credential-ecr-login\": executable file not found in $PATH", Unauthorized),
        ("exec: \"git\": executable file not found in $PATH", InvalidInput),
        ("sh: 1: oras: not found\nsh: command not found", InvalidInput),
    ] {
        check(stderr, expected);
    }
}

#[test]
fn a_compile_error_is_permanent_whatever_the_build_printed() {
    let build = "#7 12.3 curl: (22) The requested URL returned error: 503\n\
        #7 12.4 Error: 429 Too Many Requests\n\
        ------\n > [2/3] RUN curl https://example.com/503:\n------\nContainerfile:3\n--------------------\n\
        ERROR: failed to build: failed to solve: process \"/bin/sh -c curl\" did not complete successfully: exit code: 22";
    check(build, FailureKind::InvalidInput);
    check(
        "Error: building at STEP \"RUN false\": while running runtime: exit status 1",
        FailureKind::InvalidInput,
    );
    check(
        "ERROR: failed to solve: ghcr.io/a/b:1: unexpected status from HEAD request to https://ghcr.io/v2/a/b/manifests/1: 503 Service Unavailable",
        FailureKind::Unavailable,
    );
}

#[test]
fn the_error_line_is_the_programs_and_the_last_one() {
    let far = format!("{}Error: toomanyrequests: slow down\n", "copying layer: ok\n".repeat(500));
    check(&far, FailureKind::RateLimited);
    check(
        "retrying: 503 Service Unavailable\nretrying: connection reset\nError: denied: no\n",
        FailureKind::Denied,
    );
    check(
        "Error response from registry: unauthorized: authentication required\nPlease check your registry credential: timeout",
        FailureKind::Unauthorized,
    );
    check("unknown flag: --x\nSee 'docker buildx build --help'.", FailureKind::InvalidInput);
    check(
        "time=\"2026-11-21T10:00:00Z\" level=fatal msg=\"writing blob: uploading layer: received unexpected HTTP status: 503 Service Unavailable\"",
        FailureKind::Unavailable,
    );
    check("docker: Error response from daemon: toomanyrequests: rate", FailureKind::RateLimited);
    check(
        "Error: recognizable error message not found: PUT \"https://h/v2/\": response status code 503: x",
        FailureKind::Unavailable,
    );
    check(
        "unexpected answer: {\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"503\"}]}",
        FailureKind::NotFound,
    );
    assert_eq!(error_line(b"a\r\n\r\nb\r\n \r\n").as_deref(), Some("b"));
    assert_eq!(error_line(b"\r\n \n"), None);
}

#[test]
fn bytes_that_are_no_text_do_not_matter() {
    assert_eq!(kind_of(1, b"\xff\xfe denied: \xc3\x28"), FailureKind::Denied);
    assert_eq!(kind_of(1, &[0xff; 100_000]), FailureKind::Internal);
    let mut long = vec![b'"'; 200_000];
    long.extend_from_slice(b" denied");
    assert_eq!(kind_of(1, &long), FailureKind::Denied);
}

#[test]
fn a_shells_codes_say_that_the_program_cannot_run() {
    assert_eq!(kind_of(127, b""), FailureKind::InvalidInput);
    assert_eq!(kind_of(126, b"whatever"), FailureKind::InvalidInput);
    assert_eq!(kind_of(127, b"Error: 503 Service Unavailable"), FailureKind::Unavailable);
}

fn output(ended: Ended, stderr: &[&str]) -> CommandOutput {
    let captured =
        Captured { last: stderr.iter().map(|line| (*line).to_owned()).collect(), ..Captured::default() };
    CommandOutput {
        ended,
        stdout: Captured::default(),
        stderr: captured,
        elapsed: Duration::ZERO,
        leftovers: false,
        network_closed: false,
    }
}

#[test]
fn a_success_is_one_whatever_it_printed() {
    assert!(judge("oras", &output(Ended::Code(0), &["Error: denied"])).is_ok());
}

#[test]
fn a_failure_says_which_program_how_it_ended_and_its_last_words() {
    let failure =
        judge("oras", &output(Ended::Code(1), &["copying", "Error: denied: \u{1b}[2Jno"])).unwrap_err();
    insta::assert_snapshot!(failure, @"`oras` failed with exit code 1: Error: denied: [2Jno");
    assert_eq!(failure.program.unwrap().last_lines.len(), 2);
    insta::assert_snapshot!(judge("oras", &output(Ended::Code(3), &[])).unwrap_err(), @"`oras` failed with exit code 3: it said nothing");
    let killed = judge("oras", &output(Ended::Signal(9), &[])).unwrap_err();
    insta::assert_snapshot!(killed, @"`oras` was ended by signal 9");
    assert!(killed.hint.unwrap().contains("memory"));
    let long = "x".repeat(5000);
    assert!(judge("oras", &output(Ended::Code(1), &[&long])).unwrap_err().message.chars().count() < 400);
}

#[test]
fn a_wait_that_is_asked_for_is_honoured_within_an_hour() {
    fn wait(line: &str) -> Option<Duration> {
        judge("oras", &output(Ended::Code(1), &[line])).unwrap_err().retry_after
    }
    let seconds = |n| Some(Duration::from_secs(n));
    assert_eq!(wait("toomanyrequests: retry-after: 30"), seconds(30));
    assert_eq!(wait("429 Too Many Requests, Retry-After: 2 minutes"), seconds(120));
    assert_eq!(
        wait("toomanyrequests: retry-after: 314.5µs, allowed: 44000/minute"),
        Some(Duration::from_nanos(314_500))
    );
    assert_eq!(wait("toomanyrequests: retry after 999999999"), seconds(3600));
    assert_eq!(wait("denied: retry-after: 30"), None);
    assert_eq!(wait("toomanyrequests"), None);
}
