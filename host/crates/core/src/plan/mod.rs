//! What to build: matrix, targets, tags, labels, bake plan. Configuration and facts in, plans out.
