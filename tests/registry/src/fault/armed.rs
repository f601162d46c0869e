//! The rules of a running registry with their counters: which of them hit this request?
//! It applies nothing.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use super::Orders;
use crate::{
    draw,
    script::{Listener, Occurrence, Operation, Rule, matches},
};

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Armed {
    seed: u64,
    rules: Vec<Counted>,
    fired: BTreeMap<String, u64>,
}

/// What the rules look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) operation: Operation,
    pub(crate) listener: Listener,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) authorized: bool,
    pub(crate) now: Duration,
}

#[derive(Debug)]
struct Counted {
    rule: Rule,
    name: String,
    all: u64,
    by_path: HashMap<(String, String), u64>,
    stuck: HashSet<(String, String)>,
}

impl Armed {
    /// These rules, with this seed for their chances.
    pub(crate) fn new(seed: u64, rules: Vec<Rule>) -> Self {
        let mut armed = Self { seed, ..Self::default() };
        rules.into_iter().for_each(|rule| armed.add(rule));
        armed
    }

    /// One more rule, whose counting begins now.
    pub(crate) fn add(&mut self, rule: Rule) {
        let name = rule.name.clone().unwrap_or_else(|| format!("rule-{}", self.rules.len() + 1));
        self.rules.push(Counted { rule, name, all: 0, by_path: HashMap::new(), stuck: HashSet::new() });
    }

    /// Forgets every rule; what has fired stays counted.
    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// How often each rule has fired; rules that never did are there with 0.
    pub(crate) fn fired(&self) -> BTreeMap<String, u64> {
        let mut fired: BTreeMap<String, u64> =
            self.rules.iter().map(|counted| (counted.name.clone(), 0)).collect();
        fired.extend(self.fired.clone());
        fired
    }

    /// Counts the request and says what shall happen to it.
    pub(crate) fn strike(&mut self, facts: &Facts<'_>) -> Orders {
        let mut orders = Orders::default();
        for counted in &mut self.rules {
            if counted.hits(self.seed, facts) {
                *self.fired.entry(counted.name.clone()).or_default() += 1;
                orders.push(counted.name.clone(), counted.rule.then.clone());
            }
        }
        orders
    }
}

impl Counted {
    fn hits(&mut self, seed: u64, facts: &Facts<'_>) -> bool {
        if !self.concerns(facts) {
            return false;
        }
        let place = (facts.method.to_owned(), facts.path.to_owned());
        self.all += 1;
        let of_path = self.by_path.entry(place.clone()).or_default();
        *of_path += 1;
        let of_path = *of_path;
        let number = if self.rule.when.per_path { of_path } else { self.all };
        match self.rule.when.occurrence {
            Occurrence::Always => true,
            Occurrence::Nth(n) => number == n,
            Occurrence::First(n) => number <= n,
            Occurrence::From(n) => number >= n,
            Occurrence::Sticky(n) => {
                if number == n {
                    self.stuck.insert(place.clone());
                }
                self.stuck.contains(&place)
            }
            Occurrence::Every(n) => n > 0 && number % n == 0,
            Occurrence::Chance(probability) => {
                let parts = [&self.name, facts.method, facts.path, &of_path.to_string()];
                draw::fraction(seed, &parts) < probability
            }
        }
    }

    fn concerns(&self, facts: &Facts<'_>) -> bool {
        let when = &self.rule.when;
        (when.operations.is_empty() || when.operations.contains(&facts.operation))
            && (when.methods.is_empty() || when.methods.iter().any(|method| method == facts.method))
            && when.path.as_ref().is_none_or(|pattern| matches(pattern, facts.path))
            && when.query.as_ref().is_none_or(|part| facts.query.contains(part))
            && when.listener.is_none_or(|listener| listener == facts.listener)
            && when.authorized.is_none_or(|authorized| authorized == facts.authorized)
            && when.between_ms.is_none_or(|(from, to)| {
                (Duration::from_millis(from)..Duration::from_millis(to)).contains(&facts.now)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Action, When};

    fn facts(path: &str) -> Facts<'_> {
        Facts {
            operation: Operation::GetManifest,
            listener: Listener::Registry,
            method: "GET",
            path,
            query: "",
            authorized: false,
            now: Duration::from_millis(5),
        }
    }

    fn check(when: When, paths: &[&str], expected: &[bool]) {
        let mut armed = Armed::new(0, vec![when.clone().then(Action::status(500))]);
        let hits: Vec<bool> =
            paths.iter().map(|path| !armed.strike(&facts(path)).names().is_empty()).collect();
        assert_eq!(hits, expected, "{when:?}");
    }

    #[test]
    fn each_occurrence_hits_the_requests_it_says() {
        check(When::any(), &["a", "b"], &[true, true]);
        check(When::any().nth(2), &["a", "b", "c"], &[false, true, false]);
        check(When::any().first(2), &["a", "b", "c"], &[true, true, false]);
        check(When::any().from(2), &["a", "b", "c"], &[false, true, true]);
        check(When::any().every(2), &["a", "b", "c", "d"], &[false, true, false, true]);
        check(When::any().sticky(2), &["a", "b", "a", "b"], &[false, true, false, true]);
        check(When::any().nth(1).per_path(), &["a", "b", "a", "b"], &[true, true, false, false]);
    }

    #[test]
    fn each_filter_lets_only_its_requests_pass() {
        check(When::on(Operation::GetManifest), &["a"], &[true]);
        check(When::on(Operation::PutManifest), &["a"], &[false]);
        check(When::any().method("HEAD"), &["a"], &[false]);
        check(When::any().path("/v2/*"), &["/v2/x", "/v2/x/y"], &[true, false]);
        check(When::any().query("digest="), &["a"], &[false]);
        check(When::any().listener(Listener::Elsewhere), &["a"], &[false]);
        check(When::any().authorized(true), &["a"], &[false]);
        check(When::any().between_ms(0, 5), &["a"], &[false]);
        check(When::any().between_ms(5, 6), &["a"], &[true]);
    }

    #[test]
    fn chances_do_not_depend_on_the_order_of_requests() {
        let struck = |paths: &[&str]| {
            let mut armed = Armed::new(4, vec![When::any().chance(0.5).then(Action::status(500))]);
            let mut hit: Vec<String> = Vec::new();
            for path in paths {
                if !armed.strike(&facts(path)).names().is_empty() {
                    hit.push((*path).to_owned());
                }
            }
            hit.sort();
            hit
        };
        let paths = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let mut reversed = paths;
        reversed.reverse();
        let hit = struck(&paths);
        assert_eq!(hit, struck(&reversed));
        assert!((1..8).contains(&hit.len()), "{hit:?}");
    }

    #[test]
    fn rules_that_never_fired_are_counted_as_zero() {
        let rules = vec![
            When::any().then(Action::status(500)).named("hit"),
            When::any().nth(9).then(Action::status(500)).named("missed"),
        ];
        let mut armed = Armed::new(0, rules);
        armed.strike(&facts("a"));
        assert_eq!(armed.fired(), BTreeMap::from([("hit".to_owned(), 1), ("missed".to_owned(), 0)]));
    }
}
