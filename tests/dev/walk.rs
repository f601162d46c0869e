//! The walk through `docs/dev-images.md` prints what stands there. Tags differ with the project, so their digits count as
//! one; notes are left out.

use std::process::Command;

use bakery_tests::{artefact_folder, workspace_root};

use crate::world::World;

#[test]
fn the_walk_through_is_true() {
    let text = std::fs::read_to_string(workspace_root().join("docs/dev-images.md")).unwrap();
    let world = World::new();
    let mut commands = 0;
    for block in text.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        for part in block.split("$ ").filter(|part| !part.is_empty()) {
            let (command, expected) = part.split_once('\n').unwrap();
            let printed = plain(&run(&world, command));
            assert_eq!(printed, expected, "{command}");
            commands += 1;
        }
    }
    assert_eq!(commands, 8);
}

/// With the same digits in every tag.
fn plain(text: &str) -> String {
    let mut parts = text.split("dev-");
    let mut out = parts.next().unwrap_or_default().to_owned();
    let hex = |text: &str| text.bytes().take_while(u8::is_ascii_hexdigit).count();
    for part in parts {
        out.push_str("dev-");
        let (commit, rest) = part.split_at(hex(part));
        let key = rest.strip_prefix('-').map_or(0, hex);
        match (commit.len(), key) {
            (12, 16) => out.extend(["0123456789ab-0123456789abcdef", &rest[17..]]),
            (12, _) => out.extend(["0123456789ab", rest]),
            _ => out.push_str(part),
        }
    }
    out
}

/// What a shell prints, without notes.
fn run(world: &World, command: &str) -> String {
    let path = format!("{}:{}", artefact_folder().display(), std::env::var("PATH").unwrap());
    let done = Command::new("sh")
        .args(["-c", &format!("{command} 2>&1")])
        .current_dir(&world.root)
        .env_clear()
        .env("PATH", path)
        .env("HOME", world.root.parent().unwrap())
        .env("BAKERY_OFFLINE", "true")
        .output()
        .unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    text.lines().filter(|line| !line.starts_with("note: ")).map(|line| format!("{line}\n")).collect()
}
