//! Joins the logic to the world `dispatcher`. Holds no logic.

use bakery_sdk::{
    dispatcher::{self, Candidate, Checked, Error, Guest, Pin},
    report_panics,
};

struct Shell;

impl Guest for Shell {
    fn check(spec: String) -> Result<Checked, Error> {
        report_panics();
        crate::check(&spec)
    }

    fn plan(spec: String, candidates: Vec<Candidate>) -> Result<Vec<Pin>, Error> {
        report_panics();
        crate::plan(&spec, &candidates)
    }
}

dispatcher::export!(Shell with_types_in bakery_sdk::dispatcher);
