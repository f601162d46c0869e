//! The registry as a process: a script in, a line with its addresses out, steered over its control address.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::raw::Raw;

struct Program {
    child: Child,
    addresses: Value,
}

impl Program {
    fn start(script: &str) -> Self {
        let mut file = tempfile();
        file.1.write_all(script.as_bytes()).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_bakery-fault-registry"))
            .arg(&file.0)
            .arg("--until-stdin-closes")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        std::fs::remove_file(&file.0).unwrap();
        Self { child, addresses: serde_json::from_str(&line).unwrap() }
    }

    fn ask(&self, place: &str, method: &str, path: &str, body: &str) -> (u16, String) {
        let address = self.addresses[place].as_str().unwrap().trim_start_matches("http://").to_owned();
        let got = Raw::connect(&address).ask(method, path, &[], body.as_bytes()).unwrap();
        (got.status, got.text())
    }

    fn control(&self, method: &str, path: &str, body: &str) -> Value {
        let (status, text) = self.ask("control", method, path, body);
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Closing its standard input is what ends it; a kill would hide that this works.
        drop(self.child.stdin.take());
        let ended = self.child.wait().unwrap();
        assert!(ended.success() || std::thread::panicking(), "{ended}");
    }
}

fn tempfile() -> (std::path::PathBuf, std::fs::File) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::SeqCst);
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("script-{}-{number}.json", std::process::id()));
    let file = std::fs::File::create(&path).unwrap();
    (path, file)
}

#[test]
fn a_script_is_served_and_steered_over_the_control_address() {
    let program = Program::start(r#"{ "images": [{ "repository": "app", "tags": ["1.0"], "layers": 1 }] }"#);
    assert_eq!(program.ask("url", "GET", "/v2/", "").0, 200);
    program.control(
        "POST",
        "/rules",
        r#"[{ "name": "down", "then": { "answer": { "point": "before", "answer": { "status": 503 } } } }]"#,
    );
    assert_eq!(program.ask("url", "GET", "/v2/", "").0, 503);
    program.control("DELETE", "/rules", "");
    assert_eq!(program.ask("url", "GET", "/v2/", "").0, 200);

    assert_eq!(program.control("GET", "/log", "")["entries"].as_array().unwrap().len(), 3);
    assert_eq!(program.control("GET", "/counters", "")["by_status"]["503"], 1);
    assert_eq!(program.control("GET", "/fired", "")["down"], 1);
    assert_eq!(program.control("GET", "/audit", ""), serde_json::json!([]));
    assert_eq!(program.control("GET", "/history", "").as_array().unwrap().len(), 1);
    assert!(program.control("GET", "/snapshot", "")["repositories"]["app"]["tags"]["1.0"].is_string());
    assert_eq!(program.ask("control", "POST", "/rules", "nonsense").0, 400);
    assert_eq!(program.ask("control", "GET", "/nonsense", "").0, 404);
}

#[test]
fn held_requests_are_listed_and_released_over_the_control_address() {
    let program =
        Program::start(r#"{ "rules": [{ "then": { "pause": { "name": "here", "point": "before" } } }] }"#);
    std::thread::scope(|scope| {
        let client = scope.spawn(|| program.ask("url", "GET", "/v2/", "").0);
        let held = (0..4000).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(5));
            program.control("GET", "/paused", "").as_array().unwrap().first().cloned()
        });
        assert_eq!(held.unwrap()["name"], "here");
        assert_eq!(program.control("POST", "/release", ""), serde_json::json!(1));
        assert_eq!(client.join().unwrap(), 200);
    });
}

#[test]
fn a_script_that_cannot_be_read_is_told_with_its_place() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_bakery-fault-registry")).arg("absent.json").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("`absent.json`"), "{text}");
}
