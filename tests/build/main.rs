//! The program builds with a builder that the tests wrote: a script called `docker`, which notes how it is called and
//! does what each test tells it to. What real builders do is looked at in `real`.

// The attribute on each module changes nothing in what is built; it tells the linter that helpers here are tests too.

#[cfg(test)]
mod commands;
#[cfg(test)]
mod crowds;
#[cfg(test)]
mod ends;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod inputs;
#[cfg(test)]
mod world;
