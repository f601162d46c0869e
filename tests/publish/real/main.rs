//! The program publishes to Debian's `docker-registry`, once open and once behind the test proxy with tokens and TLS;
//! `skopeo`, which shares no line with the program, looks at what is there. Where one of the two is not installed the
//! cases count as ignored.
#![expect(clippy::print_stderr, reason = "what is skipped is told")]

mod cases;
mod skopeo;

use bakery_tests::{DockerRegistry, on_path};
use libtest_mimic::{Arguments, Failed, Trial};

type Case = fn() -> Result<(), Failed>;

const CASES: [(&str, Case); 5] = [
    ("what_is_published_to_an_open_registry_is_pulled_by_another_client", cases::open_registry),
    ("what_is_published_with_tokens_over_tls_is_pulled_by_another_client", cases::guarded_registry),
    ("a_second_run_writes_nothing", cases::second_run),
    ("an_account_that_may_not_push_is_told_so_and_nothing_is_written", cases::no_permission),
    ("the_proxy_lets_pass_what_is_granted_and_nothing_else", cases::proxy_has_teeth),
];

fn main() {
    let arguments = Arguments::from_args();
    let mut missing = Vec::new();
    if !DockerRegistry::is_installed() {
        missing.push("docker-registry");
    }
    if on_path("skopeo").is_none() {
        missing.push("skopeo");
    }
    for program in &missing {
        eprintln!("skipped: `{program}` is not installed, so nothing is published to a real registry");
    }
    let absent = !missing.is_empty();
    let trials =
        CASES.into_iter().map(|(name, case)| Trial::test(name, case).with_ignored_flag(absent)).collect();
    libtest_mimic::run(&arguments, trials).exit();
}
