//! `bakery-precompile IN.wasm OUT.cwasm [IN OUT]...`: compiles components for this machine, for the build to embed.
//! Knows nothing of who uses the result; it shares the host's engine, so the two always agree.

use std::{env, fs, io::Write, process::ExitCode};

fn main() -> ExitCode {
    match run(&env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Nobody is left to tell when stderr is closed.
            let _ = writeln!(std::io::stderr(), "error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let pairs = arguments.chunks_exact(2);
    if arguments.is_empty() || !pairs.remainder().is_empty() {
        return Err("usage: bakery-precompile IN.wasm OUT.cwasm [IN OUT]...".to_owned());
    }
    for pair in pairs {
        let [input, output] = pair else { continue };
        let wasm = fs::read(input).map_err(|error| format!("cannot read `{input}`: {error}"))?;
        let native = bakery_sandbox::precompile(&wasm)
            .map_err(|error| format!("cannot compile `{input}`: {error}"))?;
        fs::write(output, native).map_err(|error| format!("cannot write `{output}`: {error}"))?;
    }
    Ok(())
}
