//! Asks every question of a plan once, concurrently, and collects the answers. Judges none of them.

use std::num::NonZeroUsize;

use bakery_core::{
    plan::{Facts, Questions},
    port::{ListQuery, Resolution, Resolvers, SourceCall, SourceError, SourceQuery},
};
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};

enum Answer {
    Source(SourceQuery, Result<Resolution, SourceError>),
    List(ListQuery, Result<Vec<String>, SourceError>),
}

/// Answers of all questions; at most `jobs` are asked at the same time. One that fails leaves the others alone.
pub async fn answer(
    resolvers: &dyn Resolvers,
    questions: &Questions,
    call: SourceCall,
    jobs: NonZeroUsize,
) -> Facts {
    let sources = questions.sources.iter().map(|query| -> BoxFuture<'_, Answer> {
        async move { Answer::Source(query.clone(), resolvers.resolve(query, call).await) }.boxed()
    });
    let lists = questions.lists.iter().map(|query| -> BoxFuture<'_, Answer> {
        async move { Answer::List(query.clone(), resolvers.list(query).await) }.boxed()
    });
    let mut answers = stream::iter(sources.chain(lists)).buffer_unordered(jobs.get());
    let mut facts = Facts::default();
    while let Some(answer) = answers.next().await {
        match answer {
            Answer::Source(query, answer) => facts.answer_source(query, answer),
            Answer::List(query, answer) => facts.answer_list(query, answer),
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use bakery_core::{
        model::ComponentRef,
        port::{
            BoxFuture, DispatchSpec, Failure, FailureKind, OverrideCandidate, OverrideError, OverridePin,
        },
    };

    use super::*;

    /// Answers after a few turns of the executor and counts how many questions are open.
    #[derive(Default)]
    struct Counting {
        open: AtomicUsize,
        most: AtomicUsize,
        asked: Mutex<Vec<String>>,
    }

    impl Resolvers for Counting {
        fn resolve<'a>(
            &'a self,
            query: &'a SourceQuery,
            _: SourceCall,
        ) -> BoxFuture<'a, Result<Resolution, SourceError>> {
            Box::pin(async move {
                let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
                self.most.fetch_max(open, Ordering::SeqCst);
                for _ in 0..5 {
                    tokio_yield().await;
                }
                self.open.fetch_sub(1, Ordering::SeqCst);
                self.asked.lock().unwrap().push(query.product.clone());
                if query.product == "p3" {
                    return Err(Failure::new(FailureKind::NotFound, "u", "gone").into());
                }
                Ok(Resolution {
                    artifacts: Vec::new(),
                    head: None,
                    origin: None,
                    published: None,
                    waited: std::time::Duration::ZERO,
                    attempts: 1,
                })
            })
        }

        fn list<'a>(&'a self, _: &'a ListQuery) -> BoxFuture<'a, Result<Vec<String>, SourceError>> {
            Box::pin(async { Ok(vec!["1.0.0".to_owned()]) })
        }

        fn check_spec<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<DispatchSpec, OverrideError>> {
            Box::pin(async { Ok(DispatchSpec::default()) })
        }

        fn plan_spec<'a>(
            &'a self,
            _: &'a str,
            _: &'a [OverrideCandidate],
        ) -> BoxFuture<'a, Result<Vec<OverridePin>, OverrideError>> {
            Box::pin(async { Ok(Vec::new()) })
        }
    }

    async fn tokio_yield() {
        let mut turns = 0;
        std::future::poll_fn(|context| {
            turns += 1;
            context.waker().wake_by_ref();
            if turns > 1 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }

    fn question(product: &str) -> SourceQuery {
        SourceQuery {
            component: ComponentRef::Builtin("source-template".to_owned()),
            product: product.to_owned(),
            channel: "daily".to_owned(),
            pinned: None,
            branch: None,
            substitute: false,
            targets: Vec::new(),
            config: "{}".to_owned(),
            allow: Vec::new(),
        }
    }

    #[test]
    fn questions_are_open_together_up_to_the_limit_and_a_failure_stops_none() {
        for (jobs, most) in [(1, 1), (4, 4), (64, 10)] {
            let counting = Counting::default();
            let sources: Vec<SourceQuery> = (0..10).map(|n| question(&format!("p{n}"))).collect();
            let questions = Questions { sources: sources.clone(), ..Questions::default() };
            let jobs = NonZeroUsize::new(jobs).unwrap();
            let facts = futures_util::FutureExt::now_or_never(async {
                let mut run = std::pin::pin!(answer(&counting, &questions, SourceCall::default(), jobs));
                loop {
                    if let Some(facts) = (&mut run).now_or_never() {
                        break facts;
                    }
                }
            })
            .unwrap();
            assert_eq!(counting.most.load(Ordering::SeqCst), most);
            assert_eq!(counting.asked.lock().unwrap().len(), 10);
            assert!(facts.source(&sources[3]).unwrap().is_err());
            assert!(facts.source(&sources[4]).unwrap().is_ok());
        }
    }
}
