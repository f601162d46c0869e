//! What guests are asked, one file per world: core's question in, the guest's answer out.
//! Waits for nothing and checks nothing but shapes; `answer` checks what a guest said.

pub(crate) mod dispatcher;
pub(crate) mod lister;
pub(crate) mod resolver;
pub(crate) mod step;
