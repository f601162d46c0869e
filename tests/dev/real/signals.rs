//! SIGTERM and SIGINT while `dev build` works and while it waits: the exit code that is documented, no name that the lock
//! does not know, nobody left.

use std::time::{Duration, Instant};

use bakery_backend::state::State;
use bakery_dev::lock;

use crate::{
    bench::Bench,
    calls::{BUILD, Stop, Stopping, calls_of, judge, stops, world},
    kill::lock_of,
};

/// Signals while bakery waits for a command of the store.
pub(crate) fn while_it_works() {
    let (bench, first) = (Bench::with_store(), world());
    let calls = calls_of(&bench, &first.root, &BUILD);
    let build = calls.iter().position(|call| call == "build").unwrap() + 1;
    let changing = stops(&calls).into_iter().filter(|stop| match stop {
        Stop::Before(at) => matches!(calls[at - 1].as_str(), "build" | "tag"),
        Stop::After(_) => true,
        Stop::Never => false,
    });
    let ends = [("INT", 130, vec![Stop::Before(build)]), ("TERM", 143, changing.collect())];
    for (signal, code, stops) in ends {
        for stop in stops {
            let when = format!("{signal} {stop:?} of {calls:?}");
            let (bench, world) = (Bench::with_store(), world());
            let stopping = Stopping::new(&bench, stop);
            let mut bakery = bench.program(&world.root, &BUILD).start();
            assert!(stopping.stands(&mut bakery), "{when}: {}", bakery.stderr());
            bakery.signal(signal);
            let done = bakery.finish();
            assert_eq!(done.code, code, "{when}: {}", done.stderr);
            assert_eq!(done.stdout, "", "{when}");
            bench.await_quiet(&when);
            bench.restore_buildah();
            let tagged = calls.iter().position(|call| call == "tag").unwrap() + 1;
            if matches!(stop, Stop::Before(at) | Stop::After(at) if at < tagged) {
                let names: Vec<String> = bench.store().names().into_keys().collect();
                let given = names.iter().filter(|name| !name.starts_with("localhost/bakery-dev-build:"));
                assert_eq!(given.count(), 0, "{when}: {names:?}");
            }
            let state = lock_of(&world, &when).unwrap().images["connect"].state;
            assert_eq!(state, lock::State::Building, "{when}");
            judge(&bench, &world, &when);
        }
    }
}

/// A signal while another bakery gives names ends the wait at once.
pub(crate) fn while_it_waits() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let (bench, world) = (Bench::with_store(), world());
        let shared = State::at(bench.store().place.path().join(".local/state/bakery"));
        let tagging = shared.own("dev-tagging").unwrap().unwrap();
        let stopping = Stopping::new(&bench, Stop::Never);
        let mut bakery = bench.program(&world.root, &BUILD).start();
        let began = Instant::now();
        // Two names are looked up, then it builds, and looks at what it built.
        while stopping.calls().len() < 4 {
            assert!(began.elapsed() < Duration::from_secs(60) && !bakery.has_ended(), "{}", bakery.stderr());
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(stopping.calls().len(), 4, "it gives names that another one may give");
        let signalled = Instant::now();
        bakery.signal(signal);
        let done = bakery.finish();
        assert_eq!(done.code, code, "{}", done.stderr);
        assert!(
            signalled.elapsed() < Duration::from_secs(15),
            "{signal} was heard after {:?}",
            signalled.elapsed()
        );
        drop(tagging);
        bench.await_quiet(signal);
        bench.restore_buildah();
        let names: Vec<String> = bench.store().names().into_keys().collect();
        assert!(names.iter().all(|name| name.starts_with("localhost/bakery-dev-build:")), "{names:?}");
        assert_eq!(bench.mend(&world.root, signal), ["interrupted"]);
        judge(&bench, &world, signal);
    }
}
