//! Publishing with programs: `oras` instead of the native steps, `soci` between the index and its repositories.
//!
//! What is on the PATH or in `target/tools` runs (`make tools` builds the latter where Go is); cases whose program is
//! missing count as ignored.
#![expect(clippy::print_stderr, reason = "what is skipped is told")]

mod conversion;
mod ends;
mod oras;
mod scripts;
mod tool;
mod vectors;
#[path = "../world.rs"]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise and says so")]
mod world;

use bakery_tests::{built_tool, shared_inputs};
use libtest_mimic::{Arguments, Failed, Trial};

/// A test by its name.
type Case = (&'static str, fn() -> Result<(), Failed>);

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    let mut add = |cases: &[Case], missing: Option<&str>| {
        if let Some(missing) = missing {
            eprintln!("skipped: {missing}");
        }
        for (name, case) in cases {
            trials.push(Trial::test(*name, *case).with_ignored_flag(missing.is_some()));
        }
    };
    let oras = tool::find("oras").is_none().then_some("`oras` is neither on the PATH nor in target/tools");
    let soci = tool::find("soci").is_none().then_some("`soci` is neither on the PATH nor in target/tools");
    let python = bakery_tests::on_path("python3").is_none().then_some("`python3` is not on the PATH");
    let inputs =
        shared_inputs().is_none().then_some("the shared vectors of SOCI are not beside the repository");
    add(&oras::CASES, oras);
    add(&conversion::CASES, soci);
    add(&conversion::WITH_BOTH, oras.or(soci));
    // An installed soci may be of another version than the vectors are.
    let built = built_tool("soci").is_none().then_some("`soci` is not in target/tools");
    add(&vectors::CASES, built.or(inputs).or(python));
    add(&scripts::CASES, None);
    add(&ends::CASES, None);
    libtest_mimic::run(&arguments, trials).exit();
}
