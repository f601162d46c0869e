//! `bakery ci summary`: JSON of several runs becomes one Markdown table.

use bakery_backend::files::write_atomic;
use bakery_core::plan::summary::{Summary as Slice, markdown};

use super::{Ended, Failed, failed::Reason, files::read_all};
use crate::{cli::Summary, report::Exit};

pub(super) fn run(arguments: &Summary) -> Ended {
    let mut slices = Vec::new();
    let mut wrong = Vec::new();
    for file in read_all(&arguments.files)? {
        match Slice::read(&file.bytes) {
            Ok(slice) => slices.push(slice),
            Err(error) => wrong.push(
                Reason::new(format!("`{}` is not a summary: {error}", file.name))
                    .hint("summaries are what `--summary --summary-format json` prints"),
            ),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    let text = markdown(&slices, arguments.disclaimer.as_deref());
    write_atomic(&arguments.output, text.as_bytes()).map_err(|error| {
        Failed::because(format!("cannot write `{}`: {error}", arguments.output.display()))
    })?;
    Ok(Exit::Done)
}
