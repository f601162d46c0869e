//! What a publish costs: requests, round trips, waiting, start-up and memory, against the fault registry with 50 ms per
//! request. Where other clients are installed they do the same job in the same session, and ratios are printed.
//! Prints; asserts nothing about time, because machines are noisy.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod cases;
mod measure;
mod peers;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--one") {
        return measure::one(&arguments[at + 1..]);
    }
    println!(
        "\npublish: fault registry on loopback, {} ms per request, tokens\n",
        measure::LATENCY.as_millis()
    );
    cases::one_target();
    cases::many_targets();
    cases::lag();
    cases::start_up();
}
