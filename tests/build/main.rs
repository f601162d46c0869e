//! The program builds with a builder that the tests wrote: a script called `docker`, which notes how it is called and
//! does what each test tells it to. What real builders do is looked at in `real`.

mod commands;
mod crowds;
mod ends;
mod failures;
mod inputs;
mod world;
