//! Tests across rooms. Everything is in `it/`, `components/` and `benches/`; this library is empty on purpose.
