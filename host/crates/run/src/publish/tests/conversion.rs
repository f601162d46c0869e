//! Targets whose images are converted: where the step stands, what it may do, and runs that end with it.

use bakery_core::{
    model::ComponentRef,
    plan::publish::{Goal, SociOptions},
    policy::{
        CommandGrants, RegistryGrants,
        builtin_commands::{self, Program},
    },
    port::{Measured, StepCall},
};

use super::{
    act::Act,
    fake::{Fake, most_slots},
    *,
};
use crate::publish::{OrasProgram, Status, StepComponents, StepPrograms};

const TMP: &str = "r.example/app/tmp";

fn program() -> Program {
    Program { path: "/usr/bin/tool".into(), digest: None, environment: Vec::new() }
}

fn converted(uid: &str, destinations: &[(&str, &[&str], &[&str])]) -> PublishTarget {
    let soci = SociOptions {
        span_size: Some(65_536),
        platforms: ["linux/amd64"].map(|name| name.parse().unwrap()).to_vec(),
        optimizations: vec!["xattr".to_owned()],
        ..SociOptions::default()
    };
    PublishTarget { soci: Some(soci), staged: true, ..target(uid, destinations) }
}

fn with(programs: StepPrograms, jobs: usize) -> PublishOptions {
    PublishOptions { programs, ..options(jobs) }
}

fn soci() -> StepPrograms {
    StepPrograms { soci: Some(program()), oras: None }
}

async fn calls(plan: &PublishPlan, options: &PublishOptions) -> Vec<StepCall> {
    let fake = Fake::new(|_| Act::well());
    let published = publish(&fake, plan, options, Arc::new(fake.clone())).await;
    assert!(published.is_complete(), "{}", fake.text());
    fake.calls()
}

fn of<'a>(calls: &'a [StepCall], step: &str) -> &'a StepCall {
    calls.iter().find(|call| call.step == step).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_image_is_converted_between_its_index_and_its_repositories() {
    let plan =
        plan(vec![converted("a", &[(ONE, &["1.0"], &["latest"])]), target("b", &[(ONE, &["2.0"], &[])])]);
    let fake = Fake::new(|_| Act::well().after(ms(10)));
    let published = publish(&fake, &plan, &with(soci(), 1), Arc::new(fake.clone())).await;
    assert!(published.is_complete(), "{}", fake.text());
    let of = |uid: &str| -> Vec<&'static str> {
        fake.calls().iter().filter(|call| call.task.uid == uid).map(|call| call.step).collect()
    };
    let steps =
        ["wait-sources", "index-create", "soci-convert", "index-place", "index-tag", "index-tag", "verify"];
    assert_eq!(of("a"), steps);
    assert!(!of("b").contains(&"soci-convert"));
    assert_eq!(most_slots(&fake), 1, "a conversion has the slot of its target");
    assert!(fake.begin_of("b index-tag") >= fake.end_of("a index-place"));
    assert_eq!(published.targets[0].index, Some(Digest::of(b"a converted")));
}

#[tokio::test(start_paused = true)]
async fn a_conversion_may_do_what_it_needs_and_later_steps_work_on_its_index() {
    let target = converted("a", &[(ONE, &["1.0"], &[])]);
    let staging = target.temp_soci().unwrap();
    let plan = plan(vec![target]);
    let calls = calls(&plan, &with(soci(), 1)).await;
    let convert = of(&calls, "soci-convert");
    assert_eq!(convert.component, ComponentRef::Builtin("step-soci-convert".to_owned()));
    assert_eq!(convert.task.staging, Some(staging.clone()));
    // The order of the keys is nobody's business.
    let told: serde_json::Value = serde_json::from_str(&convert.task.options).unwrap();
    let wanted = serde_json::json!({
        "platforms": ["linux/amd64"], "span-size": "65536", "optimizations": ["xattr"],
    });
    assert_eq!(told, wanted);
    let writing = RegistryGrants::default().push(repository(TMP), staging.tag().cloned());
    assert_eq!(convert.grants, writing);
    let granted = CommandGrants::new([builtin_commands::soci_convert(&program()).unwrap()]).unwrap();
    assert_eq!(convert.commands, granted);
    let place = of(&calls, "index-place");
    assert_eq!((place.task.options.as_str(), &place.task.staging), (r#"{"staged":true}"#, &Some(staging)));
    assert_eq!(of(&calls, "verify").task.options, r#"{"converted":true}"#);
    let last = |call: &StepCall| call.previous.iter().rev().find_map(|(_, outcome)| outcome.digest.clone());
    assert_eq!(last(place), Some(Digest::of(b"a converted")));
    for call in &calls {
        let other = call.step != "soci-convert";
        assert!(!other || (call.commands.is_empty() && call.scratch.is_none()), "{}", call.step);
    }
}

#[tokio::test(start_paused = true)]
async fn platforms_that_the_target_is_not_built_for_are_not_asked_of_soci() {
    let mut target = converted("a", &[(ONE, &["1.0"], &[])]);
    let both = ["linux/amd64", "linux/arm64"].map(|name| name.parse().unwrap());
    target.soci = Some(SociOptions { platforms: both.to_vec(), ..SociOptions::default() });
    target.sources.remove(0);
    let calls = calls(&plan(vec![target]), &with(soci(), 1)).await;
    assert_eq!(of(&calls, "soci-convert").task.options, r#"{"platforms":["linux/amd64"]}"#);
}

#[test]
fn the_scratch_space_is_as_large_as_the_image_needs() {
    let room = |bytes| super::super::command::scratch(Some(Measured { layers: 1, bytes }));
    assert_eq!(room(0), 256 << 20);
    assert_eq!(room(1 << 30), (4 << 30) + (256 << 20));
    assert_eq!(room(u64::MAX), u64::MAX);
    assert_eq!(super::super::command::scratch(None), 64 << 30);
}

#[tokio::test(start_paused = true)]
async fn without_the_program_nothing_is_granted() {
    let calls = calls(&plan(vec![converted("a", &[(ONE, &["1.0"], &[])])]), &options(1)).await;
    assert!(calls.iter().all(|call| call.commands.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_only_converts_ends_with_the_conversion() {
    let plan = PublishPlan { goal: Goal::Convert, ..plan(vec![converted("a", &[]), converted("b", &[])]) };
    let fake = Fake::scripted([("b soci-convert", || Act::fails(FailureKind::Internal, "no ztocs"))]);
    let published = publish(&fake, &plan, &with(soci(), 4), Arc::new(fake.clone())).await;
    let [a, b] = published.targets.as_slice() else { panic!("{published:?}") };
    assert_eq!((&a.status, &a.index), (&Status::Published, &Some(Digest::of(b"a converted"))));
    assert!(matches!(b.status, Status::Failed { step: "soci-convert", .. }), "{b:?}");
    let steps: Vec<&str> = fake.calls().iter().map(|call| call.step).collect();
    assert!(!steps.iter().any(|step| ["index-place", "index-tag", "verify"].contains(step)), "{steps:?}");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_that_only_converts_ends_with_the_index() {
    let unconverted = PublishTarget { soci: None, ..converted("a", &[]) };
    let plan = PublishPlan { goal: Goal::Convert, ..plan(vec![unconverted]) };
    let calls = calls(&plan, &options(1)).await;
    assert_eq!(calls.iter().map(|call| call.step).collect::<Vec<_>>(), ["wait-sources", "index-create"]);
}

#[tokio::test(start_paused = true)]
async fn a_conversion_that_names_no_index_is_broken() {
    let plan = plan(vec![converted("a", &[(ONE, &["1.0"], &[])])]);
    let fake = Fake::scripted([("a soci-convert", || Act::answers(None, &[]))]);
    let published = publish(&fake, &plan, &with(soci(), 1), Arc::new(fake.clone())).await;
    let Status::Failed { step, failure } = &published.targets[0].status else { panic!("{published:?}") };
    assert_eq!(*step, "soci-convert");
    assert!(failure.message.contains("named no index"), "{}", failure.message);
}

#[tokio::test(start_paused = true)]
async fn with_oras_each_step_may_run_what_it_needs_of_it_and_no_more() {
    let target = PublishTarget { staged: true, ..target("a", &[(ONE, &["1.0"], &["latest"])]) };
    let oras = OrasProgram { program: program(), plain_http: vec!["r.example".parse().unwrap()] };
    let options = PublishOptions {
        components: StepComponents::oras(),
        ..with(StepPrograms { oras: Some(oras), soci: None }, 1)
    };
    let calls = calls(&plan(vec![target]), &options).await;
    for call in &calls {
        let granted = |grant| CommandGrants::new([grant]).unwrap();
        let registries = call.grants.clone();
        let (component, commands, told) = match call.step {
            "wait-sources" => ("step-wait-sources", CommandGrants::default(), "{}"),
            "index-create" => (
                "step-oras-create",
                granted(builtin_commands::oras_create(&program(), registries).unwrap()),
                r#"{"plain-http":["r.example"]}"#,
            ),
            "index-place" | "index-tag" => (
                "step-oras-copy",
                granted(builtin_commands::oras_copy(&program(), registries).unwrap()),
                r#"{"plain-http":["r.example"]}"#,
            ),
            _ => (
                "step-oras-verify",
                granted(builtin_commands::oras_fetch(&program(), registries).unwrap()),
                r#"{"plain-http":["r.example"]}"#,
            ),
        };
        assert_eq!(call.component, ComponentRef::Builtin(component.to_owned()));
        assert_eq!((&call.commands, call.task.options.as_str()), (&commands, told), "{}", call.step);
    }
}
