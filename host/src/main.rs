//! The program's entry: hands over to the library and turns its answer into an exit code.

fn main() -> std::process::ExitCode {
    bakery::main(std::env::args_os().collect())
}
