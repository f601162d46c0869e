//! What is allowed, how often and how much: grants, retry and limits as data and pure functions. Waits for nothing.
