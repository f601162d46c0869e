//! The workflow and the action that product repositories use: what their files promise, what their scripts do, and the
//! steps of their jobs, run one after the other with the built program. GitHub itself is not here: expressions are
//! looked up, actions of others are left out. Where a program that the scripts need is missing, the cases that need it
//! count as ignored.
#![expect(clippy::print_stderr, reason = "what is skipped is told")]

mod document;
mod install;
mod pipeline;
mod rules;
mod scripts;
mod stage;

use bakery_tests::on_path;
use libtest_mimic::{Arguments, Trial};

/// What a case needs on the machine, beside what every machine that builds this has.
const SCRIPTS_NEED: [&str; 4] = ["bash", "jq", "sha256sum", "tar"];

const ALWAYS: [(&str, fn()); 9] = [
    ("actions_of_others_are_pinned_by_commit_and_few", rules::pins),
    ("no_expression_is_inside_a_script", rules::expressions),
    ("permissions_are_the_least_for_each_job", rules::permissions),
    ("a_job_that_runs_third_party_code_has_no_credential_of_publishing", rules::secrets),
    ("a_checkout_leaves_no_credential", rules::checkouts),
    ("every_job_has_a_limit_of_time", rules::limits),
    ("a_platform_that_failed_costs_its_own_image_alone", rules::isolation),
    ("the_document_names_every_input_and_secret_with_its_default", rules::documented),
    ("the_callers_in_the_document_give_only_what_exists", rules::callers),
];

const WITH_SCRIPTS: [(&str, fn()); 22] = [
    ("a_dispatch_is_handed_on_as_it_came", scripts::payload),
    ("the_parts_of_old_callers_become_a_dispatch", scripts::parts),
    ("a_dispatch_and_its_parts_exclude_each_other", scripts::both),
    ("dev_stream_is_taken_with_a_warning", scripts::stream),
    ("dev_channel_and_dev_stream_must_agree", scripts::disagreement),
    ("registries_default_to_the_owner_s_in_lower_case", scripts::registries),
    ("two_calls_have_two_keys", scripts::keys),
    ("a_value_with_a_line_break_sets_no_other_output", scripts::line_breaks),
    ("a_message_is_no_workflow_command", scripts::messages),
    ("rows_become_matrices", scripts::rows),
    ("rows_that_github_would_not_run_are_refused", scripts::odd_rows),
    ("a_password_goes_through_standard_input", scripts::login),
    ("the_temporary_registry_is_opened_with_what_there_is", scripts::temp_login),
    ("a_role_of_aws_is_taken_over_without_a_token_in_an_argument", scripts::ecr),
    ("an_archive_is_installed_when_its_digest_is_the_given_one", install::archive),
    ("an_archive_that_was_replaced_is_not_installed", install::replaced),
    ("a_release_is_downloaded_over_https_and_compared", install::release),
    ("sources_are_built_and_packed_for_other_jobs", install::sources),
    ("the_steps_of_the_jobs_publish_what_was_built", pipeline::publishes),
    ("without_push_nothing_is_written", pipeline::dry_run),
    ("every_command_line_is_one_that_bakery_takes", pipeline::command_lines),
    ("the_command_line_of_a_build_is_one_that_bakery_takes", pipeline::build_lines),
];

fn main() {
    let arguments = Arguments::from_args();
    let missing: Vec<&str> = SCRIPTS_NEED.into_iter().filter(|name| on_path(name).is_none()).collect();
    for program in &missing {
        eprintln!("skipped: `{program}` is not installed, so the scripts of the workflow are not run");
    }
    let always = ALWAYS.into_iter().map(|case| trial(case, false));
    let scripts = WITH_SCRIPTS.into_iter().map(|case| trial(case, !missing.is_empty()));
    libtest_mimic::run(&arguments, always.chain(scripts).collect()).exit();
}

fn trial((name, case): (&'static str, fn()), absent: bool) -> Trial {
    let test = move || {
        case();
        Ok(())
    };
    Trial::test(name, test).with_ignored_flag(absent)
}
