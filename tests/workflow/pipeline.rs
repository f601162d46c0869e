//! The steps of the jobs, one after the other, as GitHub would run them: the matrix, the publish and the summary with
//! the built program against a registry on loopback, the build with a program that gives what was built before.

use std::path::Path;

use bakery_fault_registry::{FaultRegistry, Script};
use bakery_tests::{
    Program, artefact_folder,
    publish::{Built, Job, Scenario, state},
};
use serde_json::{Value, json};

use crate::{
    document::Workflow,
    stage::{Ran, Stage, read},
};

/// One run of the workflow.
struct Run {
    built: Built,
    registry: FaultRegistry,
    job: Job,
    inputs: Value,
    /// The artifacts: a name, and the files.
    artifacts: Vec<(String, Vec<(String, String)>)>,
    /// Outputs of the job `matrix`.
    platforms: Value,
    images: Value,
    key: String,
}

impl Run {
    fn new(push: bool) -> Self {
        let built = Scenario::new().images(2).versions(2).platforms(&["linux/amd64", "linux/arm64"]).build();
        let registry = FaultRegistry::spawn(Script::new()).expect("a registry can be started");
        built.seed(&registry);
        let job = Job::new(&built, registry.host());
        let temp = format!("{}/tmp", registry.host());
        let inputs = json!({ "push": push, "temp-registry": temp, "dev-versions": "exclude" });
        let mut run = Self {
            built,
            registry,
            job,
            inputs,
            artifacts: Vec::new(),
            platforms: Value::Null,
            images: Value::Null,
            key: String::new(),
        };
        run.find_out();
        run
    }

    /// A fresh runner for a job, with the product checked out and the inputs read.
    fn runner(&self, job: &str) -> Stage {
        let mut stage = Stage::new(&self.inputs);
        stage.workspace = self.job.path().to_owned();
        if job != "summary" {
            let read = stage.step(job, "Read the inputs");
            assert_eq!(read.code, 0, "{}", read.said);
        }
        stage.values.insert("needs.matrix.outputs.key".to_owned(), self.key.clone());
        stage
    }

    fn find_out(&mut self) {
        let mut stage = self.runner("matrix");
        let ran = stage.step("matrix", "Find out what to build");
        assert_eq!((ran.code, ran.output("arm64")), (0, "true"), "{}", ran.said);
        self.platforms = ran.json("platform-matrix");
        self.images = ran.json("image-matrix");
        self.key = stage.values["steps.settings.outputs.key"].clone();
    }

    /// Builds all rows but those that `fails` names.
    fn build(&mut self, fails: impl Fn(&str) -> bool) {
        for row in self.platforms.as_array().into_iter().flatten() {
            let mut stage = self.runner("build");
            stage.plays("bakery", &builder(self.job.path()));
            stage.row(row);
            let name = format!("{}-{}-{}", text(row, "image"), text(row, "version"), text(row, "arch"));
            if !fails(&name) {
                let ran = stage.step("build", "Build");
                assert_eq!(ran.code, 0, "{}", ran.said);
            }
            let keep = Workflow::called();
            let keep = stage.argument(keep.step("build", "Keep what was built"), "name");
            self.artifacts.push((keep, files(&stage.path("temp").join("built"))));
        }
    }

    /// Publishes one image, with what the step before would have downloaded.
    fn publish(&mut self, image: &Value) -> Ran {
        let mut stage = self.runner("publish");
        stage.row(image);
        let workflow = Workflow::called();
        let pattern = stage.argument(workflow.step("publish", "Fetch what was built"), "pattern");
        self.download(&pattern, &stage.path("temp").join("built"));
        let own = self.built.targets.iter().filter(|target| target.name == text(image, "image")).count();
        let given = files(&stage.path("temp").join("built"));
        let given = given.iter().filter(|(name, _)| name.ends_with("-metadata.json")).count();
        assert!((2 * own - 1..=2 * own).contains(&given), "{given} files of {own} targets for two platforms");
        let ran = stage.step("publish", "Publish");
        let name = stage.argument(workflow.step("publish", "Keep what was published"), "name");
        self.artifacts.push((name, files(&stage.path("temp").join("published"))));
        ran
    }

    fn summarize(&self) -> String {
        let mut stage = self.runner("summary");
        let workflow = Workflow::called();
        let pattern = stage.argument(workflow.step("summary", "Fetch the summaries"), "pattern");
        self.download(&pattern, &stage.path("temp").join("parts"));
        let ran = stage.step("summary", "Summarize");
        assert_eq!(ran.code, 0, "{}", ran.said);
        read(&stage.path("summary.md"))
    }

    /// Artifacts whose name a pattern with one star at its end fits, all into one folder.
    fn download(&self, pattern: &str, folder: &Path) {
        let start = pattern.strip_suffix('*').expect("a pattern ends with a star");
        std::fs::create_dir_all(folder).expect("a folder can be made");
        for (name, content) in self.artifacts.iter().flat_map(|(name, all)| {
            let fits = name.starts_with(start);
            all.iter().filter(move |_| fits)
        }) {
            std::fs::write(folder.join(name), content).expect("a file can be written");
        }
    }

    /// What is wrong with the tags of the images whose name fits.
    fn problems(&self, image: &str) -> Vec<String> {
        let repositories: Vec<String> = self
            .built
            .destinations()
            .into_iter()
            .filter(|name| name.ends_with(&format!("/{image}")))
            .collect();
        let mut built = self.built.clone();
        built.targets.retain(|target| target.name == image);
        state(&self.registry, &repositories).map_or_else(|error| vec![error], |left| left.problems(&built))
    }
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}

fn files(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), read(&entry.path()))).collect()
}

/// `bakery`, with a build that gives the metadata that lie in the project under the name that is asked for.
fn builder(project: &Path) -> String {
    format!(
        r#"if [[ $1 != build ]]; then exec '{}' "$@"; fi
        while [[ $1 != --metadata-file ]]; do shift; done
        cp '{}'/"${{2##*/}}" "$2"
        echo '{{"build_targets":0,"platform_builds":0,"registry_tags":0,"registry_size_bytes":null,"local_size_bytes":null,"cache_size_bytes":null,"targets":[]}}'"#,
        artefact_folder().join("bakery").display(),
        project.display()
    )
}

pub(crate) fn publishes() {
    let mut run = Run::new(true);
    assert_eq!(run.platforms.as_array().map(Vec::len), Some(8));
    run.build(|name| name == "app-1-1.1.0-arm64");
    let images = run.images.clone();
    let [app, other] = images.as_array().map_or(&[][..], Vec::as_slice) else { unreachable!("{images}") };
    let done = run.publish(app);
    assert_eq!(done.code, 0, "{}", done.said);
    assert_eq!(run.problems("app"), [""; 0]);
    // The image of the platform that failed is refused, and told; nothing of it was written.
    let done = run.publish(other);
    assert_eq!(done.code, 1, "{}", done.said);
    assert!(done.said.contains("linux/arm64") && done.said.contains("1.1.0"), "{}", done.said);
    let written = state(&run.registry, &["images/app-1".to_owned()]);
    assert!(written.is_err() || written.is_ok_and(|state| state.index("images/app-1", "1.0.0").is_none()));
    let summary = run.summarize();
    assert!(summary.contains("1.1.0") && !summary.contains("dry run"), "{summary}");
}

pub(crate) fn dry_run() {
    let mut run = Run::new(false);
    run.build(|_| false);
    let before = run.registry.log().len();
    let done = run.publish(&run.images[0].clone());
    assert_eq!(done.code, 0, "{}", done.said);
    let log = run.registry.log();
    assert!(log.len() > before, "the registry was read");
    let writes: Vec<_> =
        log.entries[before..].iter().filter(|e| !matches!(e.method.as_str(), "GET" | "HEAD")).collect();
    assert!(writes.is_empty(), "{writes:?}");
    assert!(run.summarize().contains("dry run"));
}

/// What bakery was called with by the steps that call it, with few and with many inputs.
fn lines() -> Vec<Vec<String>> {
    let mut seen = Vec::new();
    for inputs in [
        json!({}),
        json!({
            "push": true, "image-name": "^app", "image-version": "v1.2", "dev-versions": "include",
            "dev-channel": "daily", "matrix-versions": "include", "retry": 3, "context": "some folder",
            "dev-spec": r#"{"version":"1.2.3","channel":"daily"}"#, "temp-registry": "r.example/t",
        }),
    ] {
        let mut stage = Stage::new(&inputs);
        stage.plays("bakery", "echo '[]'");
        stage.values.insert("needs.matrix.outputs.key".to_owned(), "abc".to_owned());
        stage.row(&json!({
            "image": "app.x", "pattern": "^app[.]x$", "version": "1.2.0-dev+1", "platform": "linux/arm64", "arch": "arm64",
        }));
        let parts = stage.path("temp").join("parts");
        std::fs::create_dir_all(&parts).expect("a folder can be made");
        std::fs::write(parts.join("a-summary.json"), "{}").expect("a file can be written");
        for (job, step) in [
            ("matrix", "Read the inputs"),
            ("matrix", "Find out what to build"),
            ("build", "Build"),
            ("publish", "Publish"),
            ("summary", "Summarize"),
        ] {
            let ran = stage.step(job, step);
            assert_eq!(ran.code, 0, "{job}/{step}: {}", ran.said);
        }
        seen.extend(stage.calls("bakery").into_iter().map(|call| call.0));
    }
    assert_eq!(seen.len(), 8, "{seen:?}");
    seen
}

/// Help ends the reading of a line, and only a line that is right so far gets there.
#[track_caller]
fn taken(line: &[String]) {
    let mut asked = line.to_vec();
    let end = line.iter().position(|word| word == "--").unwrap_or(line.len());
    asked.insert(end, "--help".to_owned());
    let done = Program::bakery().args(&asked).run();
    assert_eq!(done.code, 0, "{line:?}: {}", done.stderr);
}

pub(crate) fn command_lines() {
    for line in lines().iter().filter(|line| line[0] == "ci") {
        taken(line);
    }
    let wrong = Program::bakery().args(["ci", "publish", "m.json", "--no-such-flag", "--help"]).run();
    assert_eq!(wrong.code, 2, "a line that is wrong must not pass for one that is right");
}

pub(crate) fn build_lines() {
    for line in lines().iter().filter(|line| line[0] == "build") {
        taken(line);
    }
}
