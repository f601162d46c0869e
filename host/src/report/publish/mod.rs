//! A publish in words and data: while it goes on, when it ends, for people, for GitHub and for programs.

mod closing;
mod course;
mod job_summary;
mod live;
mod progress;
mod result;
#[cfg(test)]
mod sample;
mod slice;
mod words;

pub(crate) use closing::Closing;
pub(crate) use progress::Progress;
pub(crate) use result::refused;
pub(crate) use slice::table;
