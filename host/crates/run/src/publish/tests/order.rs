//! Who begins when: the barrier, the order inside repositories, slots.

use super::{act::Act, fake::Fake, *};

#[tokio::test(start_paused = true)]
async fn a_target_goes_from_step_to_step_and_repositories_go_side_by_side() {
    let fake = Fake::new(|_| Act::well().after(ms(10)));
    let plan = plan(vec![target("a", &[(ONE, &["1.0", "1.0.1"], &["latest"]), (TWO, &["1.0"], &["1"])])]);
    let published = run(&fake, &plan, 4).await;
    insta::assert_snapshot!(fake.text(), @r"
    0ms begin a wait-sources
    10ms end a wait-sources
    10ms begin a index-create
    20ms end a index-create
    20ms begin a index-place
    30ms end a index-place
    30ms begin a index-tag r.example/one/app:1.0,1.0.1
    30ms begin a index-tag r.example/two/app:1.0
    40ms end a index-tag r.example/one/app:1.0,1.0.1
    40ms end a index-tag r.example/two/app:1.0
    40ms begin a index-tag r.example/one/app:latest
    40ms begin a index-tag r.example/two/app:1
    50ms end a index-tag r.example/one/app:latest
    50ms end a index-tag r.example/two/app:1
    50ms begin a verify
    60ms end a verify
    ");
    assert!(published.is_complete());
}

#[tokio::test(start_paused = true)]
async fn no_tag_moves_before_every_index_is_in_place_or_given_up() {
    let fake = Fake::scripted([
        ("b index-place", || Act::well().after(ms(500))),
        ("c wait-sources", || Act::fails(FailureKind::NotFound, "never came").after(ms(2000))),
        ("d index-create", || Act::fails(FailureKind::Internal, "broken").after(ms(900))),
        ("e index-place", || Act::fails(FailureKind::Denied, "denied").after(ms(1000))),
    ]);
    let published = run(&fake, &simple(&["a", "b", "c", "d", "e"]), 4).await;
    assert_eq!(fake.begin_of("a index-tag"), ms(2000), "{}", fake.text());
    assert_eq!(fake.begin_of("b index-tag"), ms(2000), "{}", fake.text());
    assert_eq!(published.counts(), Counts { published: 2, failed: 3, ..Counts::default() });
}

#[tokio::test(start_paused = true)]
async fn tags_of_a_repository_move_in_the_order_of_the_plan_however_long_each_takes() {
    let fake = Fake::new(|call| {
        let slow = [("a", 300), ("b", 200), ("c", 100)];
        let millis = slow.iter().find(|(uid, _)| *uid == call.task.uid).map_or(0, |(_, millis)| *millis);
        Act::well().after(ms(if call.step == "verify" { 0 } else { millis }))
    });
    let one = |uid| target(uid, &[(ONE, &[uid], &["latest"])]);
    run(&fake, &plan(vec![one("a"), one("b"), one("c")]), 4).await;
    let tagged: Vec<String> = fake.began().into_iter().filter(|call| call.contains("index-tag")).collect();
    assert_eq!(
        tagged,
        [
            format!("a index-tag {ONE}:a"),
            format!("b index-tag {ONE}:b"),
            format!("c index-tag {ONE}:c"),
            format!("a index-tag {ONE}:latest"),
            format!("b index-tag {ONE}:latest"),
            format!("c index-tag {ONE}:latest"),
        ]
    );
    for pair in tagged.windows(2) {
        assert!(fake.end_of(&pair[0]) <= fake.begin_of(&pair[1]), "{}", fake.text());
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_repository_holds_back_no_other_one() {
    let fake = Fake::scripted([("a index-tag r.example/one", || Act::well().after(ms(1000)))]);
    let plan = plan(vec![target("a", &[(ONE, &["1.0"], &[])]), target("b", &[(TWO, &["1.0"], &["latest"])])]);
    run(&fake, &plan, 2).await;
    assert_eq!(fake.end_of("b verify"), ms(0), "{}", fake.text());
    assert_eq!(fake.end_of("a verify"), ms(1000), "{}", fake.text());
}

#[tokio::test(start_paused = true)]
async fn floating_tags_of_a_target_wait_for_its_immutable_tags_in_every_repository() {
    let fake = Fake::scripted([("a index-tag r.example/two/app:1.0", || Act::well().after(ms(700)))]);
    let plan = plan(vec![
        target("a", &[(ONE, &["1.0"], &["latest"]), (TWO, &["1.0"], &["latest"])]),
        target("b", &[(ONE, &["2.0"], &["latest"])]),
    ]);
    run(&fake, &plan, 4).await;
    assert_eq!(fake.end_of(&format!("b index-tag {ONE}:2.0")), ms(0), "immutable tags wait for none");
    assert_eq!(fake.begin_of(&format!("a index-tag {ONE}:latest")), ms(700), "{}", fake.text());
    assert_eq!(fake.begin_of(&format!("b index-tag {ONE}:latest")), ms(700), "the order of the plan holds");
}

#[tokio::test(start_paused = true)]
async fn a_target_is_verified_while_others_still_move_tags() {
    let fake = Fake::new(|call| Act::well().after(ms(if call.step == "wait-sources" { 0 } else { 100 })));
    let published = run(&fake, &simple(&["a", "b", "c"]), 3).await;
    assert_eq!(fake.begin_of("a verify"), fake.begin_of("b index-tag"), "{}", fake.text());
    assert!(fake.end_of("a verify") <= fake.begin_of("c index-tag"), "{}", fake.text());
    assert!(published.is_complete());
}

#[tokio::test(start_paused = true)]
async fn a_target_that_waits_holds_no_slot() {
    let fake = Fake::scripted([
        ("a wait-sources", || Act::well().after(ms(60_000))),
        ("b verify", || Act::well().after(ms(30_000))),
    ]);
    run(&fake, &simple(&["a", "b", "c"]), 1).await;
    for done in ["b index-place", "c index-place"] {
        assert_eq!(fake.end_of(done), ms(0), "{}", fake.text());
    }
    assert_eq!(fake.end_of("c verify"), ms(60_000), "the read-back of `b` holds no slot either");
}

#[tokio::test(start_paused = true)]
async fn no_more_steps_are_under_way_than_there_are_slots() {
    for (jobs, most) in [(1, 1), (3, 3), (64, 6)] {
        let fake = Fake::new(|_| Act::well().after(ms(10)));
        let uids = ["a", "b", "c", "d", "e", "f"];
        let targets: Vec<PublishTarget> = uids
            .iter()
            .map(|uid| target(uid, &[(&format!("r.example/{uid}/app"), &["1.0"], &["latest"])]))
            .collect();
        run(&fake, &plan(targets), jobs).await;
        assert_eq!(fake::most_slots(&fake), most, "{}", fake.text());
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_keeps_its_slot_from_the_index_to_its_place() {
    let fake = Fake::new(|call| Act::well().after(ms(if call.step == "wait-sources" { 0 } else { 10 })));
    run(&fake, &simple(&["a", "b"]), 1).await;
    let began = fake.began();
    assert_eq!(began[2..6], ["a index-create", "a index-place", "b index-create", "b index-place"]);
}

#[tokio::test(start_paused = true)]
async fn what_arrives_first_gets_the_first_slot() {
    let fake = Fake::scripted([
        ("a wait-sources", || Act::well().after(ms(30))),
        ("b wait-sources", || Act::well().after(ms(20))),
        ("c wait-sources", || Act::well().after(ms(10))),
        ("c index-create", || Act::well().after(ms(100))),
    ]);
    run(&fake, &simple(&["a", "b", "c"]), 1).await;
    let created: Vec<String> = fake.began().into_iter().filter(|call| call.contains("create")).collect();
    assert_eq!(created, ["c index-create", "b index-create", "a index-create"]);
}

#[tokio::test(start_paused = true)]
async fn a_class_without_tags_is_not_called_and_a_target_without_tags_is_verified() {
    let fake = Fake::new(|_| Act::well());
    let plan =
        plan(vec![target("a", &[(ONE, &[], &["latest"]), (TWO, &[], &[])]), target("b", &[(ONE, &[], &[])])]);
    let published = run(&fake, &plan, 4).await;
    let tagged: Vec<String> = fake.began().into_iter().filter(|call| call.contains("index-tag")).collect();
    assert_eq!(tagged, [format!("a index-tag {ONE}:latest")]);
    assert!(fake.began().contains(&"b verify".to_owned()));
    assert_eq!(published.counts().published, 2);
}
