//! The registry as a process: reads a script, prints its addresses, serves until it is told to end.
//! All behaviour is in the library.

mod control;

use std::{
    io::{self, Read as _, Write as _},
    process::ExitCode,
    sync::Arc,
};

use bakery_fault_registry::{FaultRegistry, Script};
use tokio::sync::oneshot;

const USAGE: &str = "\
usage: bakery-fault-registry [SCRIPT.json] [--until-stdin-closes]

Serves an OCI registry on loopback with the faults of the script (none: a well-behaved one).
Prints one line of JSON: `url`, `elsewhere` (the other host), `control` and, on https, `authority` (PEM).
Control: GET /log /counters /fired /history /audit /snapshot /paused, POST /rules /release /discard /reveal,
DELETE /rules.
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            // Without standard error there is nobody left to tell.
            drop(writeln!(io::stderr(), "{text}"));
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<(), String> {
    let mut script = Script::new();
    let mut until_stdin_closes = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--until-stdin-closes" => until_stdin_closes = true,
            option if option.starts_with('-') => return Err(USAGE.to_owned()),
            path => {
                let text = std::fs::read(path).map_err(|error| format!("cannot read `{path}`: {error}"))?;
                script =
                    serde_json::from_slice(&text).map_err(|error| format!("cannot use `{path}`: {error}"))?;
            }
        }
    }
    let failed = |error: io::Error| format!("cannot start: {error}");
    let registry = Arc::new(FaultRegistry::start(script).await.map_err(failed)?);
    let control = control::listen(registry.clone()).await.map_err(failed)?;
    let addresses = serde_json::json!({
        "url": registry.url(),
        "elsewhere": registry.elsewhere_url(),
        "control": control,
        "authority": registry.authority_pem(),
    });
    writeln!(io::stdout(), "{addresses}").map_err(failed)?;
    tokio::select! {
        () = closed_stdin(), if until_stdin_closes => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(())
}

/// Waits until standard input ends: when whoever started this process is gone, so is the registry.
async fn closed_stdin() {
    let (sender, receiver) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        let mut ignored = [0; 64];
        while io::stdin().read(&mut ignored).is_ok_and(|read| read > 0) {}
        drop(sender);
    });
    // The sender never sends; its end is the sign.
    drop(receiver.await);
}
