//! What a step needs to run programs: the least that its own task takes, the words for hosts and options, and room for
//! images. Pure; knows no order.

use bakery_core::{
    plan::publish::{PublishTarget, SociOptions},
    policy::{
        CommandGrants, RegistryGrants,
        builtin_commands::{self as grammar},
        command_grant::GrantError,
    },
    port::{Measured, StepTask},
};
use serde_json::{Map, Value, json};

use super::{options::StepPrograms, step::Step};

/// Room that a conversion needs for each byte of the image: the exported layout, a copy of it that `soci` works on, a
/// copy of each layer while its table of contents is made, and the converted layout.
const FACTOR: u64 = 4;
/// Room for what does not grow with the image: manifests, and tables of contents of small layers.
const BASE: u64 = 256 << 20;
/// Room where nobody knows how large the image is.
const UNKNOWN: u64 = 64 << 30;

/// Bytes of the scratch space for converting an image.
pub(super) fn scratch(measured: Option<Measured>) -> u64 {
    measured.map_or(UNKNOWN, |image| image.bytes.saturating_mul(FACTOR).saturating_add(BASE))
}

/// What a step may run. `registries` is what it may do there: its programs may do no more.
pub(super) fn grants(
    programs: &StepPrograms,
    target: &PublishTarget,
    step: Step,
    registries: &RegistryGrants,
) -> CommandGrants {
    let granted = || -> Result<CommandGrants, GrantError> {
        let oras = programs.oras.as_ref().map(|oras| &oras.program);
        let grant = match (step, oras, &programs.soci) {
            (Step::IndexCreate, Some(oras), _) => grammar::oras_create(oras, registries.clone())?,
            (Step::IndexPlace | Step::IndexTag { .. }, Some(oras), _) => {
                grammar::oras_copy(oras, registries.clone())?
            }
            (Step::Verify, Some(oras), _) => grammar::oras_fetch(oras, registries.clone())?,
            (Step::SociConvert, _, Some(soci)) if target.soci.is_some() => grammar::soci_convert(soci)?,
            _ => return Ok(CommandGrants::default()),
        };
        CommandGrants::new([grant])
    };
    // A path that is not absolute is no program: the step is denied, and says so.
    granted().unwrap_or_default()
}

/// Options of a step: what it needs to know beyond its task.
pub(super) fn options(
    programs: &StepPrograms,
    target: &PublishTarget,
    step: Step,
    root: bool,
    task: &StepTask,
) -> String {
    let mut options = Map::new();
    let oras = programs.oras.as_ref().filter(|_| !matches!(step, Step::WaitSources | Step::SociConvert));
    if let Some(oras) = oras {
        options.extend(plain(oras.plain_http.iter().map(|host| host.as_str())));
    }
    let converted = target.soci.is_some();
    match step {
        Step::IndexPlace if oras.is_none() => {
            options.extend(flag("root", root));
            options.extend(flag("staged", converted));
        }
        Step::Verify => options.extend(flag("converted", converted)),
        Step::SociConvert => options.extend(target.soci.iter().flat_map(|soci| convert(soci, task))),
        _ => {}
    }
    Value::Object(options).to_string()
}

fn plain<'a>(hosts: impl Iterator<Item = &'a str>) -> Option<(String, Value)> {
    let hosts: Vec<&str> = hosts.collect();
    (!hosts.is_empty()).then(|| ("plain-http".to_owned(), json!(hosts)))
}

fn flag(key: &str, wanted: bool) -> Option<(String, Value)> {
    wanted.then(|| (key.to_owned(), Value::Bool(true)))
}

/// The options of `tool: soci`. Platforms that this target is not built for are left out: options stand at an image, whose
/// operating systems have different ones, and `soci` refuses what it does not find.
fn convert(soci: &SociOptions, task: &StepTask) -> Vec<(String, Value)> {
    let built = |platform: &&bakery_core::model::Platform| {
        task.sources.iter().any(|source| source.platform == **platform)
    };
    let platforms: Vec<&str> = soci.platforms.iter().filter(built).map(|one| one.as_str()).collect();
    let number = |value: Option<u64>| value.map(|value| json!(value.to_string()));
    let list = |values: &[String]| (!values.is_empty()).then(|| json!(values));
    let options = [
        ("platforms", (!platforms.is_empty()).then(|| json!(platforms))),
        ("span-size", number(soci.span_size)),
        ("min-layer-size", number(soci.min_layer_size)),
        ("prefetch-files", list(&soci.prefetch_files)),
        ("optimizations", list(&soci.optimizations)),
    ];
    options.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}
