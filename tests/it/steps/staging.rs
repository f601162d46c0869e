//! The temporary repository: what lies there before a target is published.

use bakery_core::model::Reference;
use bakery_fault_registry::{Script, media};

use super::house::{House, Outcomes, Plan, outcome, registry, repository, words};

#[tokio::test]
async fn a_staged_index_lies_under_its_tag_and_foreign_sources_beside_it() {
    let (registry, image) = registry(Script::new());
    let mut plan = Plan::of(&registry, &image, "team/app", &["1"]);
    plan.staging =
        Some(Reference::by_tag(repository(&registry, "team/stage"), "x117cf2c739".parse().unwrap()));
    let house = House::new(&[&registry]);
    let target = house.open(plan.clone());
    let waited = target.step("wait-sources", &[]).await.unwrap();
    let previous: Outcomes = vec![("wait-sources".to_owned(), waited)];
    let created = target.step("index-create", &previous).await.unwrap();
    assert_eq!(words(&created), [format!("staged {}", plan.staging.unwrap())]);
    let index = created.digest.unwrap();
    assert_eq!(registry.tags("team/stage")["x117cf2c739"], index.as_str());
    assert_eq!(registry.manifest("team/stage", index.as_str()).unwrap().media_type, media::OCI_INDEX);
    assert!(registry.tags("team/app").is_empty());
    assert_eq!(registry.audit(), []);
}

#[tokio::test]
async fn a_staged_target_is_published_like_any_other() {
    let (registry, image) = registry(Script::new());
    let mut plan = Plan::of(&registry, &image, "team/app", &["1"]);
    plan.staging = Some(Reference::by_tag(repository(&registry, "team/tmp"), "x".parse().unwrap()));
    let (outcomes, _) = House::new(&[&registry]).publish(&plan).await.unwrap();
    let index = outcome(&outcomes, "index-create").digest.clone().unwrap();
    assert_eq!(registry.tags("team/tmp")["x"], index.as_str());
    assert_eq!(registry.tags("team/app")["1"], index.as_str());
    assert_eq!(registry.audit(), []);
}
