//! The process that compiles third-party components, as the program itself is when it is called to do so.
//! Exists because the tests' own executable cannot be called that way.

fn main() -> std::process::ExitCode {
    bakery_sandbox::compile_child_main()
}
