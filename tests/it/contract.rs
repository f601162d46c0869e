//! The plugin contract is frozen: its text has the hash that its changelog names.

use std::process::Command;

use bakery_tests::workspace_root;

#[test]
fn the_contract_has_the_hash_that_its_changelog_names() {
    let folder = workspace_root().join("wit");
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .expect("the contract is there")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "wit"))
        .collect();
    names.sort();
    let output = Command::new("sha256sum").args(&names).output().expect("sha256sum can be run");
    let sums: String = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.split_whitespace().next().map(|sum| format!("{sum}\n")))
        .collect();
    let whole = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    std::fs::write(whole.path(), sums).expect("a temporary file can be written");
    let output = Command::new("sha256sum").arg(whole.path()).output().expect("sha256sum can be run");
    let hash =
        String::from_utf8_lossy(&output.stdout).split_whitespace().next().unwrap_or_default().to_owned();
    let changelog =
        std::fs::read_to_string(folder.join("CHANGELOG.md")).expect("the contract has a changelog");
    assert!(
        changelog.contains(&hash),
        "the contract changed: write what changed into wit/CHANGELOG.md, decide on the version, and put this hash there:\n{hash}"
    );
}
