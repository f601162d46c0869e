//! The shell of docs/plugins/publish-steps.md, as it stands there; compiled for components only.

use bakery_sdk::{
    Failure, Host, report_panics,
    step::{self, Guest, Outcome, Task},
};

struct Shell;

impl Guest for Shell {
    fn run(task: Task, previous: Vec<(String, Outcome)>) -> Result<Outcome, Failure> {
        report_panics();
        crate::run(&Host, &task, &previous)
    }
}

step::export!(Shell with_types_in bakery_sdk::step);
