//! The retry table, row by row.
