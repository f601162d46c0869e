//! `bakery ci summary`: JSON of several runs becomes one Markdown table. What cannot be read is told, and the table of
//! the rest is written all the same.

use std::sync::Arc;

use bakery_backend::files::write_atomic;
use bakery_core::plan::summary::{Summary as Slice, markdown};

use super::{Ended, Failed, failed::Reason, files::read_all};
use crate::{
    cli::Summary,
    report::{Exit, Talker},
};

pub(super) fn run(arguments: &Summary, talker: &Arc<Talker>) -> Ended {
    let (files, mut wrong) = read_all(&arguments.files);
    let mut slices = Vec::new();
    for file in files {
        match Slice::read(&file.bytes) {
            Ok(slice) => slices.push(slice),
            Err(error) => wrong.push(Reason::new(format!("`{}`: {error}", file.name))),
        }
    }
    let text = markdown(&slices, arguments.disclaimer.as_deref());
    write_atomic(&arguments.output, text.as_bytes()).map_err(|error| {
        Failed::because(format!("cannot write `{}`: {error}", arguments.output.display()))
    })?;
    for reason in &wrong {
        talker.error(&reason.message, reason.hint.as_deref());
    }
    Ok(if wrong.is_empty() { Exit::Done } else { Exit::Incomplete })
}
