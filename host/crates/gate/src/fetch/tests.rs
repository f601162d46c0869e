//! Guests' requests: what is refused, where requests go, and which redirects are followed.

use bakery_core::port::Reach;

use super::*;
use crate::testing::{Bench, Reply, caller, fails, get, mirrors, ok, redirect, seconds};

async fn fetch(bench: &Bench, allow: &[&str], url: &str) -> Result<Fetched, Failure> {
    bench.gate.fetch(&caller(allow), vec![get(url)]).await.remove(0)
}

fn denials(bench: &Bench) -> Vec<Event> {
    bench.events().into_iter().filter(|event| matches!(event, Event::Denied { .. })).collect()
}

/// Follows `hops`, a table of URL and location; anything else answers.
fn routes(
    hops: &'static [(&'static str, &'static str)],
) -> impl Fn(&HttpRequest, usize) -> Reply + Send + Sync {
    move |request, _| match hops.iter().find(|(from, _)| *from == request.url.as_str()) {
        Some((_, to)) => redirect(to),
        None => ok("end"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_granted_url_is_read() {
    let bench = Bench::new(|_, _| ok("x"));
    let fetched = fetch(&bench, &["https://cdn.example.com/a/"], "https://cdn.example.com/a/b").await;
    let expected = Fetched {
        status: 200,
        final_url: "https://cdn.example.com/a/b".into(),
        media_type: Some("text/plain".into()),
        body: Arc::from(*b"x"),
    };
    assert_eq!(fetched, Ok(expected));
    assert_eq!(bench.http.seen()[0].reach, Reach::Public);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_granted_never_reaches_the_backend() {
    let bench = Bench::new(|_, _| ok("x"));
    for url in [
        "https://evil.example/",
        "https://cdn.example.com/b",
        "http://cdn.example.com/a/",
        "http://169.254.169.254/",
    ] {
        let failure = fetch(&bench, &["https://cdn.example.com/a/"], url).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Denied, "{url}");
        let denied = Event::Denied {
            component: "source-manifest".into(),
            subject: url.into(),
            hint: failure.hint.unwrap(),
        };
        assert_eq!(denials(&bench).last(), Some(&denied));
    }
    let failure = fetch(&bench, &[], "https://cdn.example.com/a/b").await.unwrap_err();
    assert_eq!(failure.to_string(), "`source-manifest` may not read `https://cdn.example.com/a/b`");
    assert_eq!(bench.http.urls(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_request_never_reaches_the_backend() {
    let bench = Bench::new(|_, _| ok("x"));
    let allow = &["https://cdn.example.com/"];
    for url in [
        "https://user@cdn.example.com/",
        "https://cdn.example.com/a/%2e%2e/b",
        "https://cdn.example.com//a",
        "https://cdn.example.com\\@evil.example/",
        "https://cdn.example.com/#a",
        "file:///etc/passwd",
        "latest.json",
        "",
    ] {
        assert_eq!(fetch(&bench, allow, url).await.unwrap_err().kind, FailureKind::InvalidInput, "{url}");
    }
    let smuggling =
        FetchRequest { accept: Some("a\r\nHost: evil.example".into()), ..get("https://cdn.example.com/") };
    let failure = bench.gate.fetch(&caller(allow), vec![smuggling]).await.remove(0).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput);
    assert_eq!(bench.http.urls(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn answers_come_in_the_order_of_the_requests_and_at_the_same_time() {
    let bench = Bench::new(|request, _| {
        let slow = if request.url.path().ends_with('0') { 50 } else { 10 };
        (Duration::from_millis(slow), ok(request.url.path()).1)
    });
    let requests = (0..10).map(|n| get(&format!("https://cdn.example.com/{n}"))).collect();
    let answers = bench.gate.fetch(&caller(&["https://cdn.example.com/"]), requests).await;
    let bodies: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().body.to_vec()).collect();
    assert_eq!(bodies, (0..10).map(|n| format!("/{n}").into_bytes()).collect::<Vec<_>>());
    assert_eq!(bench.elapsed(), Duration::from_millis(50));
    assert_eq!(bench.http.peak(), 10);
}

#[tokio::test(start_paused = true)]
async fn transient_failures_are_retried_and_the_request_is_one_event() {
    let bench = Bench::new(|_, before| if before < 2 { fails(FailureKind::Unavailable) } else { ok("four") });
    assert!(fetch(&bench, &["https://cdn.example.com/"], "https://cdn.example.com/a").await.is_ok());
    let expected = Event::Request {
        method: "GET",
        url: "https://cdn.example.com/a".into(),
        status: Some(200),
        attempts: 3,
        bytes: 4,
        elapsed: Duration::ZERO,
    };
    assert_eq!(bench.events().last(), Some(&expected));
    assert_eq!(bench.retries().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn only_an_operators_private_address_opens_private_addresses() {
    let bench = Bench::new(|_, _| ok("x"));
    for (allow, reach) in
        [("http://127.0.0.1:8080/", Reach::Private), ("http://cdn.example.com/", Reach::Public)]
    {
        assert!(fetch(&bench, &[allow], allow).await.is_ok());
        assert_eq!(bench.http.seen().last().unwrap().reach, reach, "{allow}");
    }
}

#[tokio::test(start_paused = true)]
async fn redirects_are_followed_within_the_grants() {
    let bench = Bench::new(routes(&[
        ("https://a.example/1", "/2?x=1#part"),
        ("https://a.example/2?x=1", "https://b.example/x/"),
        ("https://b.example/x/", "../y"),
    ]));
    let fetched =
        fetch(&bench, &["https://a.example/", "https://b.example/"], "https://a.example/1").await.unwrap();
    assert_eq!(fetched.final_url, "https://b.example/y");
    assert_eq!(
        bench.http.urls(),
        ["https://a.example/1", "https://a.example/2?x=1", "https://b.example/x/", "https://b.example/y"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_redirect_out_of_the_grants_is_refused_before_it_is_sent() {
    for location in [
        "https://evil.example/",
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "https://a.example:8443/",
        "https://a.example/b/../c",
        "//a.example.evil.example/",
    ] {
        let bench = Bench::new(
            move |request, _| if request.url.path() == "/b/1" { redirect(location) } else { ok("x") },
        );
        let failure = fetch(&bench, &["https://a.example/b/"], "https://a.example/b/1").await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Denied, "{location}");
        assert_eq!(bench.http.urls(), ["https://a.example/b/1"], "{location}");
        assert_eq!(denials(&bench).len(), 1, "{location}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_what_is_no_http_url_is_refused() {
    for location in [
        "file:///etc/passwd",
        "gopher://a.example/",
        "https://u:p@a.example/",
        "data:text/plain,x",
        "https://a.example//x",
    ] {
        let bench = Bench::new(move |_, before| if before == 0 { redirect(location) } else { ok("x") });
        let failure = fetch(&bench, &["https://a.example/"], "https://a.example/1").await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Denied, "{location}");
        assert_eq!(bench.http.seen().len(), 1, "{location}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_from_https_to_http_is_refused_even_where_both_are_granted() {
    let bench = Bench::new(routes(&[("https://a.example/1", "http://a.example/2")]));
    let failure =
        fetch(&bench, &["https://a.example/", "http://a.example/"], "https://a.example/1").await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "`https://a.example/1` redirects to `http://a.example/2`, from https to http, which is refused"
    );
    assert_eq!(bench.http.urls(), ["https://a.example/1"]);
    let bench = Bench::new(routes(&[("http://a.example/1", "https://a.example/2")]));
    assert!(fetch(&bench, &["https://a.example/", "http://a.example/"], "http://a.example/1").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn five_redirects_are_followed_and_the_sixth_is_not() {
    let chain = |length: u32| {
        Bench::new(move |request, _| match request.url.path()[1..].parse::<u32>() {
            Ok(n) if n < length => redirect(&format!("/{}", n + 1)),
            _ => ok("end"),
        })
    };
    assert!(fetch(&chain(5), &["https://a.example/"], "https://a.example/0").await.is_ok());
    let bench = chain(6);
    let failure = fetch(&bench, &["https://a.example/"], "https://a.example/0").await.unwrap_err();
    assert_eq!(failure.to_string(), "`https://a.example/0` redirects more than 5 times");
    assert_eq!(bench.http.seen().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_circle_of_redirects_is_noticed() {
    let bench = Bench::new(routes(&[("https://a.example/1", "/2"), ("https://a.example/2", "/1")]));
    let failure = fetch(&bench, &["https://a.example/"], "https://a.example/1").await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "`https://a.example/1` redirects in a circle, back to `https://a.example/1`"
    );
    assert_eq!(bench.http.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_without_a_location_is_no_answer() {
    let bench = Bench::new(|_, _| {
        let nowhere = HttpResponse { status: 301, location: None, media_type: None, body: vec![] };
        (Duration::ZERO, Ok(nowhere))
    });
    let failure = fetch(&bench, &["https://a.example/"], "https://a.example/1").await.unwrap_err();
    assert_eq!(failure.to_string(), "`https://a.example/1` answered a redirect (301) without a location");
}

#[tokio::test(start_paused = true)]
async fn a_mirror_is_where_requests_go_and_its_address_may_be_private() {
    let bench = Bench::with(
        |_, _| ok("x"),
        |o| o.mirrors = mirrors(&["https://cdn.example.com/a=http://127.0.0.1:8080/m"]),
    );
    let fetched =
        fetch(&bench, &["https://cdn.example.com/"], "https://cdn.example.com/a/b?c").await.unwrap();
    assert_eq!(fetched.final_url, "https://cdn.example.com/a/b?c");
    fetch(&bench, &["https://cdn.example.com/"], "https://cdn.example.com/b").await.unwrap();
    let seen: Vec<_> = bench.http.seen().into_iter().map(|seen| (seen.url, seen.reach)).collect();
    let expected = [
        ("http://127.0.0.1:8080/m/b?c".to_owned(), Reach::Private),
        ("https://cdn.example.com/b".into(), Reach::Public),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test(start_paused = true)]
async fn a_mirror_opens_nothing_to_a_component_without_the_grant_for_what_it_mirrors() {
    let bench = Bench::with(
        |_, _| ok("x"),
        |o| o.mirrors = mirrors(&["https://cdn.example.com/=http://127.0.0.1:8080/"]),
    );
    for (allow, url) in [
        (&[][..], "https://cdn.example.com/a"),
        (&[], "http://127.0.0.1:8080/a"),
        (&["https://cdn.example.com/a/"], "http://127.0.0.1:8080/b"),
        (&["https://cdn.example.com/"], "http://127.0.0.1:9090/"),
        (&["https://cdn.example.com/"], "http://127.0.0.2:8080/"),
    ] {
        assert_eq!(fetch(&bench, allow, url).await.unwrap_err().kind, FailureKind::Denied, "{url}");
    }
    assert_eq!(bench.http.urls(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_mirror_may_redirect_within_itself_and_to_what_it_mirrors_only() {
    let follow = |location: &'static str| async move {
        let bench = Bench::with(
            move |request, _| if request.url.path() == "/m/1" { redirect(location) } else { ok("x") },
            |o| o.mirrors = mirrors(&["https://cdn.example.com/=http://127.0.0.1:8080/m"]),
        );
        let outcome = fetch(&bench, &["https://cdn.example.com/"], "https://cdn.example.com/1").await;
        (
            outcome.map(|fetched| fetched.final_url).map_err(|failure| failure.kind),
            bench.http.urls().pop().unwrap(),
        )
    };
    let inside = (Ok("https://cdn.example.com/2".to_owned()), "http://127.0.0.1:8080/m/2".to_owned());
    assert_eq!(follow("2").await, inside);
    assert_eq!(follow("/m/2").await, inside);
    assert_eq!(follow("https://cdn.example.com/2").await, inside);
    let refused = (Err(FailureKind::Denied), "http://127.0.0.1:8080/m/1".to_owned());
    assert_eq!(follow("/outside").await, refused);
    assert_eq!(follow("http://127.0.0.1:8081/m/2").await, refused);
}

#[tokio::test(start_paused = true)]
async fn a_body_is_bounded_by_what_the_guest_asked_for() {
    let bench = Bench::new(|_, _| ok("12345"));
    let caller = caller(&["https://a.example/"]);
    let request = |max_bytes| FetchRequest { max_bytes, ..get("https://a.example/1") };
    let answers = bench.gate.fetch(&caller, vec![request(Some(5)), request(Some(4)), request(None)]).await;
    assert!(answers[0].is_ok() && answers[2].is_ok());
    let message = answers[1].as_ref().unwrap_err().to_string();
    assert_eq!(message, "the body of `https://a.example/1` has 5 bytes, more than the 4 that were asked for");
    assert_eq!(bench.http.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_callers_deadline_and_the_total_limit_end_a_request() {
    let bench = Bench::new(|_, _| (seconds(3600), ok("x").1));
    let impatient = Caller { deadline: Some(bench.started + seconds(3)), ..caller(&["https://a.example/"]) };
    let failure = bench.gate.fetch(&impatient, vec![get("https://a.example/1")]).await.remove(0).unwrap_err();
    assert_eq!(failure.to_string(), "`https://a.example/1` was not read within 3 s");
    assert_eq!(bench.elapsed(), seconds(3));
    let bench = Bench::new(|_, _| (seconds(3600), ok("x").1));
    let failure = fetch(&bench, &["https://a.example/"], "https://a.example/1").await.unwrap_err();
    assert_eq!((failure.kind, bench.elapsed().as_secs() <= 120), (FailureKind::TimedOut, true));
    assert!(failure.message.starts_with("`https://a.example/1` did not answer within"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_requests_at_once() {
    let bench = Bench::new(|_, _| (seconds(3600), ok("x").1));
    let cancel = bench.gate.inner.options.cancel.clone();
    let (outcome, ()) = tokio::join!(fetch(&bench, &["https://a.example/"], "https://a.example/1"), async {
        tokio::time::sleep(seconds(1)).await;
        cancel.cancel();
    });
    assert_eq!(outcome.unwrap_err().kind, FailureKind::Cancelled);
    assert_eq!((bench.elapsed(), bench.http.in_flight()), (seconds(1), 0));
}
