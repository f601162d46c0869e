//! The workflow and the action as data: YAML to JSON, and the parts that the cases look at. Judges nothing.

use bakery_tests::workspace_root;
use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value};

/// A workflow file.
#[derive(Debug)]
pub(crate) struct Workflow {
    whole: Value,
}

/// One step of a job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<'a>(&'a Value);

impl Workflow {
    /// The workflow that product repositories call.
    pub(crate) fn called() -> Self {
        Self { whole: read(".github/workflows/bakery-build.yml") }
    }

    /// What callers give: `inputs` or `secrets`, by name.
    pub(crate) fn takes(&self, kind: &str) -> &Map<String, Value> {
        object(&self.whole["on"]["workflow_call"][kind])
    }

    /// Permissions that hold for all jobs.
    pub(crate) fn permissions(&self) -> &Value {
        &self.whole["permissions"]
    }

    /// The jobs by name.
    pub(crate) fn jobs(&self) -> &Map<String, Value> {
        object(&self.whole["jobs"])
    }

    /// The steps of a job.
    pub(crate) fn steps(&self, job: &str) -> Vec<Step<'_>> {
        steps(&self.jobs()[job]["steps"])
    }

    /// The step of a job that has this name.
    pub(crate) fn step(&self, job: &str, name: &str) -> Step<'_> {
        let found = self.steps(job).into_iter().find(|step| step.text("name") == Some(name));
        found.unwrap_or_else(|| unreachable!("job `{job}` has no step `{name}`"))
    }
}

impl<'a> Step<'a> {
    /// The value of a key that holds text.
    pub(crate) fn text(self, key: &str) -> Option<&'a str> {
        self.0[key].as_str()
    }

    /// The whole step, as JSON.
    pub(crate) fn whole(self) -> String {
        self.0.to_string()
    }

    /// The value of an argument of an action.
    pub(crate) fn with(self, name: &str) -> Option<&'a str> {
        self.0["with"][name].as_str()
    }

    /// Its variables.
    pub(crate) fn env(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let all = self.0["env"].as_object().into_iter().flatten();
        all.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
    }
}

/// The steps of the action.
pub(crate) fn action() -> Value {
    read("action.yml")
}

/// A list of steps.
pub(crate) fn steps(list: &Value) -> Vec<Step<'_>> {
    list.as_array().into_iter().flatten().map(Step).collect()
}

fn read(path: &str) -> Value {
    let text = std::fs::read_to_string(workspace_root().join(path)).expect("the file is in the repository");
    parse(&text)
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("there is a map")
}

/// Reads one document. Every scalar is text: the cases compare words, and GitHub's booleans are words to them.
pub(crate) fn parse(text: &str) -> Value {
    let mut stack: Vec<(Value, Option<String>)> = Vec::new();
    let mut root = Value::Null;
    for event in Parser::new_from_str(text) {
        let (event, _) = event.expect("the file is YAML");
        let done = match event {
            Event::Scalar(text, ..) => Value::String(text.into_owned()),
            Event::SequenceStart(..) => {
                stack.push((Value::Array(Vec::new()), None));
                continue;
            }
            Event::MappingStart(..) => {
                stack.push((Value::Object(Map::new()), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => stack.pop().expect("it was opened").0,
            Event::Alias(_) => unreachable!("GitHub's older servers take no aliases"),
            _ => continue,
        };
        match stack.last_mut() {
            None => root = done,
            Some((Value::Array(list), _)) => list.push(done),
            Some((Value::Object(map), key)) => match key.take() {
                None => *key = done.as_str().map(str::to_owned),
                Some(key) => {
                    assert!(map.insert(key.clone(), done).is_none(), "`{key}` is there twice");
                }
            },
            Some(_) => unreachable!("only lists and maps are opened"),
        }
    }
    root
}
