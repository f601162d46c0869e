//! What each command does, in order. The rooms below do the work.

mod build;
mod ci_matrix;
mod ci_summary;
mod dev;
mod dispatched;
mod failed;
mod files;
mod folders;
mod get;
mod plugin;
mod project;
mod publish;
mod record;
mod resolve;

use std::{ffi::OsString, sync::Arc};

pub(crate) use failed::Failed;

use crate::{
    cli::{Ci, Command, Get, Imagetools, Plugin, Soci},
    report::{Exit, Stdout, Talker},
    wiring,
};

/// How a command ended.
pub(crate) type Ended = Result<Exit, Failed>;

/// Runs a command. `line` is the command line as it was typed.
pub(crate) fn run(command: Command, line: &[OsString], talker: &Arc<Talker>) -> Ended {
    match command {
        Command::Ci(Ci::Matrix(matrix)) => ci_matrix::run(&matrix, talker),
        Command::Ci(Ci::Publish(publish) | Ci::Merge(publish)) => publish::run(&publish, line, talker),
        Command::Ci(Ci::Summary(summary)) => ci_summary::run(&summary, talker),
        Command::Imagetools(Imagetools::Publish(publish) | Imagetools::Merge(publish)) => {
            publish::run(&publish, line, talker)
        }
        Command::Imagetools(Imagetools::SociConvert(convert)) | Command::Soci(Soci::Convert(convert)) => {
            publish::convert(&convert, line, talker)
        }
        Command::Oras(oras) => publish::run(oras.publish(), line, talker),
        Command::Build(build) => build::run(&build, talker),
        Command::Dev(dev) => dev::run(&dev, talker),
        Command::Get(Get::Tags(tags)) => get::tags(&tags, talker),
        Command::Get(Get::Version(version)) => get::version(&version, talker),
        Command::Plugin(Plugin::Inspect(inspect)) => plugin::inspect(&inspect),
        Command::Plugin(Plugin::Products) => plugin::products(),
        Command::Completions(completions) => print(&completions.text()),
        Command::Help(help) => print(&help.text()),
        Command::Version => print(concat!("bakery ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::Compile(_) => Ok(if wiring::compile_child() { Exit::Done } else { Exit::Failed }),
    }
}

fn print(text: &str) -> Ended {
    Stdout.text(text)?;
    Ok(Exit::Done)
}
