//! The summary of a run for GitHub's page of a job, in Markdown. Every text from outside stands in a code span.

use bakery_core::{model::Tag, plan::publish::PublishTarget};
use bakery_run::publish::{Status, TargetReport};

use super::{Closing, words as sentences};
use crate::report::{escape::markdown_code, words};

/// Bytes of a summary: GitHub takes 1 MiB per step, other texts of the step included.
const MAX_BYTES: usize = 512 << 10;

/// A heading, a table of targets, and the failures.
pub(super) fn markdown(closing: &Closing<'_>) -> String {
    let title = if closing.dry_run { "Publish (dry run)" } else { "Publish" };
    let total = sentences::total(closing.published, closing.dry_run, closing.elapsed);
    let mut text =
        format!("### {title}\n\n{total}\n\n| Target | Result | Index | Tags | Waited | Requests |\n");
    text.push_str("|---|---|---|---|---|---|\n");
    let targets: Vec<_> = closing.plan.targets.iter().zip(&closing.published.targets).collect();
    let rows = targets.iter().map(|(target, report)| row(target, report, closing.dry_run));
    let left = append(&mut text, rows);
    if left > 0 {
        text.push_str(&format!("\n{} left out.\n", words::count(left, "target")));
    }
    let failures: Vec<String> = targets.iter().flat_map(|(_, report)| failures(report)).collect();
    if !failures.is_empty() {
        text.push_str("\n#### Failures\n\n");
        let left = append(&mut text, failures.into_iter());
        if left > 0 {
            text.push_str(&format!("\n{} left out.\n", words::count(left, "failure")));
        }
    }
    if !closing.dry_run && closing.published.unfinished().next().is_some() {
        let command = markdown_code(closing.command);
        text.push_str(&format!("\nThe same command continues from what is in place: {command}\n"));
    }
    text.push('\n');
    text
}

/// Adds as many parts as there is room for, and says how many there was none for.
fn append(text: &mut String, parts: impl Iterator<Item = String>) -> usize {
    let mut left = 0;
    for part in parts {
        if left > 0 || text.len() + part.len() > MAX_BYTES {
            left += 1;
        } else {
            text.push_str(&part);
        }
    }
    left
}

fn row(target: &PublishTarget, report: &TargetReport, dry_run: bool) -> String {
    let result = match &report.status {
        Status::Published if dry_run => "would be published".to_owned(),
        Status::Published => "published".to_owned(),
        Status::Unchanged => "unchanged".to_owned(),
        Status::Failed { step, .. } => format!("**failed** in {step}"),
        Status::Cancelled { step } => format!("**stopped** in {step}"),
    };
    let platforms: Vec<String> =
        target.sources.iter().map(|source| source.platform.as_str().to_owned()).collect();
    let waited = report.waits.iter().map(|wait| wait.waited).max().unwrap_or_default();
    format!(
        "| {}<br>{} | {result} | {} | {} | {} | {} |\n",
        markdown_code(&report.uid),
        markdown_code(&platforms.join(", ")),
        report.index.as_ref().map_or_else(|| "—".to_owned(), |digest| markdown_code(&digest.to_string())),
        tags(report),
        if waited.is_zero() { "—".to_owned() } else { words::duration(waited) },
        report.traffic.requests,
    )
}

fn tags(report: &TargetReport) -> String {
    let list =
        |tags: &[Tag]| tags.iter().map(|tag| markdown_code(tag.as_str())).collect::<Vec<_>>().join(" ");
    let repositories = report.destinations.iter().map(|one| {
        let parts = [
            Some(markdown_code(&one.repository.to_string())),
            (!one.written.is_empty()).then(|| list(&one.written)),
            (!one.kept.is_empty()).then(|| format!("already right: {}", list(&one.kept))),
            (!one.missing.is_empty()).then(|| format!("**not written**: {}", list(&one.missing))),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    let all = repositories.collect::<Vec<_>>().join("<br>");
    if all.is_empty() { "—".to_owned() } else { all }
}

fn failures(report: &TargetReport) -> Vec<String> {
    report
        .failures()
        .map(|failure| {
            let hint = failure
                .hint
                .as_ref()
                .map(|hint| format!("\n  - {}", markdown_code(hint)))
                .unwrap_or_default();
            let lines = failure.program.iter().flat_map(|program| &program.last_lines);
            let said: String = lines.map(|line| format!("\n  - {}", markdown_code(line))).collect();
            format!("- {}: {}{hint}{said}\n", markdown_code(&report.uid), markdown_code(&failure.message))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::report::publish::sample;

    fn sample_markdown(times: usize) -> String {
        let (mut plan, mut published) = sample::run();
        plan.targets = plan.targets.iter().cycle().take(times * 4).cloned().collect();
        published.targets = published.targets.iter().cycle().take(times * 4).cloned().collect();
        markdown(&Closing {
            plan: &plan,
            published: &published,
            dry_run: false,
            elapsed: Duration::from_millis(1500),
            command: "bakery ci publish './*.json'",
            signal: None,
        })
    }

    #[test]
    fn the_page_has_a_row_per_target_and_every_failure() {
        insta::assert_snapshot!(sample_markdown(1), @r#"
        ### Publish

        4 targets: 1 published, 1 unchanged, 1 failed, 1 stopped; 148 requests, 12.5 kB sent, 3.2 kB received, in 1.5s

        | Target | Result | Index | Tags | Waited | Requests |
        |---|---|---|---|---|---|
        | `app-1-0-0-standard-ubuntu-24-04`<br>`linux/arm64, linux/amd64` | published | `sha256:25fb9f39127dac30ab5eb1efd2a119e6acc4dff111059caa996c0233f35d3693` | `r.example/app` `1.0.0` `latest` | 4.2s | 37 |
        | `app-1-1-0-standard-ubuntu-24-04`<br>`linux/arm64, linux/amd64` | unchanged | `sha256:36cd7fc8da54ca3d17310a282e51d84823bbc80672ab1c89979af1e1843fbdbc` | `r.example/app` already right: `1.1.0` `latest` | — | 37 |
        | `app-1-2-0-standard-ubuntu-24-04`<br>`linux/arm64, linux/amd64` | **failed** in index-place | — | `r.example/app` **not written**: `1.2.0` `latest` | — | 37 |
        | `app-1-3-0-standard-ubuntu-24-04-daily`<br>`linux/arm64, linux/amd64` | **stopped** in index-tag | `sha256:1fe8f6ee4e8122ddfc6b2b7089903bddcdd3f0057abb92ac5e7447d67f1ea6b8` | `r.example/app` `1.3.0` **not written**: `latest` | — | 37 |

        #### Failures

        - `app-1-2-0-standard-ubuntu-24-04`: `'denied'\n::error::owned\n¦ <b>x</b> ¦ @team \u{1b}[2J`
          - `ask for 'write'`

        The same command continues from what is in place: `bakery ci publish './*.json'`

        "#);
    }

    #[test]
    fn a_text_from_outside_stays_in_its_code_span() {
        let text = sample_markdown(1);
        let failure = text.lines().find(|line| line.contains("denied")).unwrap();
        // Two spans, of the target and of the message: four backticks, and none of the message's own.
        assert_eq!(failure.matches('`').count(), 4, "{failure}");
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn a_page_that_would_be_too_long_says_what_it_leaves_out() {
        let text = sample_markdown(2000);
        assert!(text.len() < MAX_BYTES + 4096 && text.contains(" left out."), "{}", text.len());
    }
}
