//! The program publishes to the fault registry: what it leaves there, what it says, and what it asks for, under every
//! single fault, every kill and every wait. Each test has a registry and a project of its own.

// The attribute on each module changes nothing in what is built; it tells the linter that helpers here are tests too.

#[cfg(test)]
mod crashes;
#[cfg(test)]
mod dry_run;
#[cfg(test)]
mod github;
#[cfg(test)]
mod lag;
#[cfg(test)]
mod losses;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod signals;
#[cfg(test)]
mod sweep;
#[cfg(test)]
mod world;
