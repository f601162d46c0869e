//! The supervisor of one command, as the program itself is when it is called to be one.
//! Exists because the tests' own executable cannot be called that way.

fn main() -> std::process::ExitCode {
    let arguments: Vec<std::ffi::OsString> = std::env::args_os().skip(1).collect();
    bakery_backend::command::supervise_main(&arguments)
}
