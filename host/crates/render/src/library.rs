//! The macro library: files that templates import by the names that the predecessor gave them.

/// Name and text of each file.
pub(crate) const FILES: [(&str, &str); 6] = [
    ("apt.j2", include_str!("library/apt.j2")),
    ("dnf.j2", include_str!("library/dnf.j2")),
    ("goss.j2", include_str!("library/goss.j2")),
    ("python.j2", include_str!("library/python.j2")),
    ("quarto.j2", include_str!("library/quarto.j2")),
    ("r.j2", include_str!("library/r.j2")),
];
