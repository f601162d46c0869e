//! What guests say is data until it has been read here: strict types, bounded lengths, or a refusal that names
//! the component. Pure: asks nobody anything.

mod list;
mod payload;
mod refusal;
mod resolution;
mod step;
mod text;

pub(crate) use list::read as read_list;
pub(crate) use payload::{read_checked, read_pins, refuse as refuse_payload};
pub(crate) use refusal::read as read_refusal;
pub(crate) use resolution::read as read_resolution;
pub(crate) use step::{read as read_outcome, refuse as refuse_step};
