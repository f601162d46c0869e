//! The registry on a paused clock: hours pass at once, and times are exact.

use std::time::Duration;

use bakery_fault_registry::{
    Action, Auth, FaultRegistry, ImageBuilder, Lag, LagOf, Script, Until, When,
    script::{Load, Rate, RateHint},
};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep},
};

use crate::raw::accept;

const HOUR: Duration = Duration::from_secs(3600);

async fn get(registry: &FaultRegistry, path: &str, authorization: Option<&str>) -> Response<Bytes> {
    let stream = TcpStream::connect(registry.host()).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::get(path).header("host", "fault").header("accept", accept());
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let answer = sender.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
    let (head, body) = answer.into_parts();
    Response::from_parts(head, body.collect().await.unwrap().to_bytes())
}

async fn start(script: Script) -> FaultRegistry {
    FaultRegistry::start(script.image(ImageBuilder::new("app").tag("1.0").layers(1))).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn latency_and_delays_pass_in_virtual_time() {
    let delay = When::any().nth(2).then(Action::Delay { ms: 3_600_000 });
    let registry = start(Script::new().latency_ms(50).rule(delay)).await;
    let begun = Instant::now();
    get(&registry, "/v2/", None).await;
    assert_eq!(begun.elapsed().as_millis(), 50);
    get(&registry, "/v2/", None).await;
    assert_eq!(begun.elapsed().as_millis(), 3_600_100);
    let entry = &registry.log().entries[1];
    assert_eq!((entry.ended.unwrap() - entry.started).as_millis(), 3_600_050);
}

#[tokio::test(start_paused = true)]
async fn jitter_is_drawn_from_the_seed() {
    let times = async |seed: u64| {
        let load = Load { jitter_ms: 1000, ..Load::default() };
        let registry = start(Script::new().seed(seed).load(load)).await;
        for _ in 0..4 {
            get(&registry, "/v2/", None).await;
        }
        let log = registry.log();
        log.entries.iter().map(|entry| (entry.ended.unwrap() - entry.started).as_millis()).collect::<Vec<_>>()
    };
    let first = times(1).await;
    assert_eq!(first, times(1).await);
    assert_ne!(first, times(2).await);
    assert!(first.iter().all(|&ms| ms <= 1000), "{first:?}");
}

#[tokio::test(start_paused = true)]
async fn what_lags_an_hour_shows_after_an_hour() {
    let registry = start(Script::new().lag(Lag::new(LagOf::Tags, Until::Ms(3_600_000)))).await;
    assert_eq!(get(&registry, "/v2/app/manifests/1.0", None).await.status(), 404);
    sleep(HOUR).await;
    assert_eq!(get(&registry, "/v2/app/manifests/1.0", None).await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_is_behind_catches_up() {
    let registry = start(Script::new().replicas_ms(&[3_600_000])).await;
    assert_eq!(get(&registry, "/v2/app/manifests/1.0", None).await.status(), 404);
    sleep(HOUR).await;
    assert_eq!(get(&registry, "/v2/app/manifests/1.0", None).await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_token_expires_on_the_same_clock() {
    let auth = Auth::bearer("ci", "test").anonymous("**", &["pull"]).token_seconds(60);
    let registry = start(Script::new().auth(auth)).await;
    let answer = get(&registry, "/token?scope=repository:app:pull", None).await;
    let token: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    assert_eq!(get(&registry, "/v2/app/manifests/1.0", Some(&bearer)).await.status(), 200);
    sleep(Duration::from_secs(59)).await;
    assert_eq!(get(&registry, "/v2/app/manifests/1.0", Some(&bearer)).await.status(), 200);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(get(&registry, "/v2/app/manifests/1.0", Some(&bearer)).await.status(), 401);
}

#[tokio::test(start_paused = true)]
async fn a_bucket_fills_again_and_tells_exactly_when() {
    let rate = Rate { burst: 1, per_second: 0.1, hint: RateHint::Seconds };
    let registry = start(Script::new().load(Load { rate: Some(rate), ..Load::default() })).await;
    assert_eq!(get(&registry, "/v2/", None).await.status(), 200);
    let refused = get(&registry, "/v2/", None).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "10");
    sleep(Duration::from_secs(10)).await;
    assert_eq!(get(&registry, "/v2/", None).await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_takes_as_long_as_its_pace_says() {
    for (rate, seconds) in [(1, 2), (100, 2), (1_000, 2)] {
        let text = "x".repeat(rate * 2);
        let answer = bakery_fault_registry::Answer::status(200)
            .body(bakery_fault_registry::script::AnswerBody::Text(text));
        let script = Script::new()
            .rule(When::any().then(Action::answer(answer)))
            .rule(When::any().then(Action::SlowBody { bytes_per_second: rate as u64 }));
        let registry = start(script).await;
        let begun = Instant::now();
        assert_eq!(get(&registry, "/v2/", None).await.body().len(), rate * 2);
        assert_eq!(begun.elapsed().as_secs(), seconds, "{rate} bytes per second");
    }
}

#[tokio::test(start_paused = true)]
async fn rules_can_hold_for_a_span_of_time_only() {
    let outage = When::any().between_ms(60_000, 120_000).then(Action::status(503));
    let registry = start(Script::new().rule(outage)).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(get(&registry, "/v2/", None).await.status().as_u16());
        sleep(Duration::from_secs(60)).await;
    }
    assert_eq!(statuses, [200, 503, 200]);
}
