//! A whole answer, and answers that are not answers, through a component.

use bakery_core::{
    model::ComponentRef,
    port::{FailureKind, Resolvers, SourceCall, SourceError},
};

use bakery_tests::workshop::resolver;

use super::{
    house::{House, assert_failure, builtin_ref, online, question, tight},
    layout::Layout,
};

fn says(artifacts: &[(&str, &str)]) -> Vec<u8> {
    let mut layout = Layout::default();
    let at = layout.resolution(artifacts);
    resolver(&format!("(i32.const {at})"), &layout.data())
}

#[tokio::test]
async fn an_answer_reaches_the_caller_as_it_was_given() {
    let guest =
        says(&[("2026.05.0", "https://cdn.example/a.deb"), ("2026.05.0", "https://cdn.example/b.deb")]);
    let house = House::new(tight(), &[("source", guest)]);
    let query = online(builtin_ref("source"), &["Ubuntu 24.04", "Debian 12"]);
    let answer = house.sandbox.resolve(&query, SourceCall::default()).await.unwrap();
    let urls: Vec<_> =
        answer.artifacts.iter().map(|artifact| artifact.as_ref().unwrap().url.clone()).collect();
    assert_eq!(urls, ["https://cdn.example/a.deb", "https://cdn.example/b.deb"]);
    assert_eq!((answer.attempts, answer.waited.as_nanos()), (1, 0));
}

#[tokio::test]
async fn what_is_not_an_answer_is_refused_with_the_component_s_name() {
    let good = "https://cdn.example/a.deb";
    for (guest, words) in [
        (says(&[]), "component `source` answered 0 artifacts for 1 operating systems"),
        (says(&[("2026.05.0\n::set-output name=a::b", good)]), "is not a version"),
        (says(&[("latest", good)]), "`latest` is not a version"),
        (says(&[("2026.05.0", "file:///etc/passwd")]), "file:///etc/passwd"),
        (says(&[("2026.05.0", "https://user:secret@cdn.example/a")]), "user information"),
    ] {
        let house = House::new(tight(), &[("source", guest)]);
        let query = online(builtin_ref("source"), &["Ubuntu 24.04"]);
        let error = house.sandbox.resolve(&query, SourceCall::default()).await.unwrap_err();
        let SourceError::InvalidAnswer(text) = error else { panic!("{error:?}") };
        assert!(text.contains(words) && text.contains("component `source`"), "{text}");
        house.still_answers().await;
    }
}

#[tokio::test]
async fn a_component_that_does_not_exist_is_named_with_those_that_do() {
    let house = House::new(tight(), &[]);
    house
        .fails("sauce", FailureKind::NotFound, "there is no built-in component `sauce`; there are `good`")
        .await;
    let query = question(ComponentRef::File { path: "plugins/sauce.wasm".to_owned(), digest: None });
    let answer = house.sandbox.resolve(&query, SourceCall::default()).await;
    let words = "component `plugins/sauce.wasm` cannot be read: No such file or directory (os error 2)";
    assert_failure(answer, FailureKind::NotFound, words);
}
