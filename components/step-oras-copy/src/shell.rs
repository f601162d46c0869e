//! Joins the logic to the world `step`. Holds no logic.

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
