//! What the documents show is what the program does.

use bakery_tests::{Program, workspace_root};

#[test]
fn the_table_of_exit_codes_is_the_program_s() {
    let document = std::fs::read_to_string(workspace_root().join("docs/reference/exit-codes.md")).unwrap();
    let documented: Vec<(String, String, String)> = document
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [code, name, about] = cells[..] else { return None };
            code.parse::<u8>().ok().map(|_| (code.to_owned(), name.to_owned(), about.to_owned()))
        })
        .collect();
    let done = Program::bakery().args(["help", "codes"]).run();
    let printed: Vec<(String, String, String)> = done
        .stdout
        .lines()
        .map(|line| {
            let (code, rest) = line.trim().split_once(' ').unwrap_or_default();
            let (name, about) = rest.trim().split_once(' ').unwrap_or_default();
            (code.to_owned(), name.to_owned(), about.trim().to_owned())
        })
        .collect();
    assert_eq!(documented, printed);
}

#[test]
fn every_environment_variable_is_documented() {
    let document = std::fs::read_to_string(workspace_root().join("docs/reference/environment.md")).unwrap();
    let done = Program::bakery().args(["help", "env"]).run();
    assert!(done.stdout.lines().count() >= 8);
    for line in done.stdout.lines() {
        let name = line.split_whitespace().next().unwrap_or_default();
        assert!(document.contains(&format!("`{name}`")), "{name} is not in docs/reference/environment.md");
    }
}

/// Every `console` block of the documents is run in the folder of the demo's project; its output must be what follows.
#[test]
fn the_examples_in_the_documents_are_true() {
    let root = workspace_root();
    let mut checked = 0;
    for name in ["README.md", "docs/guide.md"] {
        let text = std::fs::read_to_string(root.join(name)).unwrap();
        for block in text.split("```console\n").skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            let Some((command, expected)) = block.split_once('\n') else { continue };
            let Some(arguments) = command.strip_prefix("$ bakery ") else { continue };
            let words = words(arguments);
            let done = Program::bakery().cwd(&root.join("tests/fixtures/demo")).args(&words).run();
            assert_eq!(done.stdout.trim_end(), expected.trim_end(), "{name}: {command}\n{}", done.stderr);
            checked += 1;
        }
    }
    assert!(checked >= 3, "only {checked} examples were found");
}

/// Splits as a shell does, for words with single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("there is a word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
