//! Counts what the memories and tables of one store have together, and refuses what is too much.
//! The engine's own limiter looks at each memory alone; this one sums. It holds no other state of a call.

use wasmtime::ResourceLimiter;

use crate::{Limits, breach::Breach};

/// The books of one store.
#[derive(Debug)]
pub(crate) struct Ledger {
    memory: Account,
    table: Account,
    instances: usize,
    memories: usize,
    tables: usize,
}

/// One sum.
#[derive(Debug)]
struct Account {
    used: usize,
    bound: usize,
    /// The last growth that was granted; taken back when the engine then fails to grow.
    last: usize,
    refused: bool,
}

impl Ledger {
    /// Empty books.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            memory: Account { used: 0, bound: limits.memory_bytes, last: 0, refused: false },
            table: Account { used: 0, bound: limits.table_elements, last: 0, refused: false },
            instances: limits.instances,
            memories: limits.memories,
            tables: limits.tables,
        }
    }

    /// The first sum that was refused: the likely cause of whatever failed next.
    pub(crate) fn refused(&self) -> Option<Breach> {
        if self.memory.refused {
            Some(Breach::Memory(self.memory.bound))
        } else if self.table.refused {
            Some(Breach::Table(self.table.bound))
        } else {
            None
        }
    }
}

impl Account {
    fn grow(&mut self, current: usize, desired: usize) -> bool {
        let more = desired.saturating_sub(current);
        match self.used.checked_add(more) {
            Some(sum) if sum <= self.bound => {
                self.used = sum;
                self.last = more;
                true
            }
            _ => {
                self.refused = true;
                self.last = 0;
                false
            }
        }
    }

    fn take_back(&mut self) {
        self.used = self.used.saturating_sub(self.last);
        self.last = 0;
    }
}

impl ResourceLimiter for Ledger {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.memory.grow(current, desired))
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.memory.take_back();
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.table.grow(current, desired))
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.table.take_back();
        Ok(())
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.tables
    }

    fn memories(&self) -> usize {
        self.memories
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn books() -> Ledger {
        Ledger::new(&Limits { memory_bytes: 100, table_elements: 10, ..Limits::default() })
    }

    #[test]
    fn memories_are_counted_together_and_the_refused_one_is_remembered() {
        let mut books = books();
        assert!(books.memory_growing(0, 60, None).unwrap());
        assert!(books.memory_growing(0, 40, None).unwrap());
        assert_eq!(books.refused(), None);
        assert!(!books.memory_growing(40, 41, None).unwrap());
        assert_eq!(books.refused(), Some(Breach::Memory(100)));
    }

    #[test]
    fn a_growth_that_the_engine_could_not_make_is_taken_back() {
        let mut books = books();
        assert!(books.memory_growing(0, 90, Some(10)).unwrap());
        books.memory_grow_failed(wasmtime::Error::msg("exceeds the maximum")).unwrap();
        assert!(books.memory_growing(0, 100, None).unwrap());
        assert!(books.table_growing(0, 10, None).unwrap());
        books.table_grow_failed(wasmtime::Error::msg("exceeds the maximum")).unwrap();
        assert!(books.table_growing(0, 10, None).unwrap());
        assert!(!books.table_growing(0, 1, None).unwrap());
        assert_eq!(books.refused(), Some(Breach::Table(10)));
    }

    #[test]
    fn a_sum_that_does_not_fit_a_word_is_refused() {
        let mut books = books();
        assert!(books.memory_growing(0, 100, None).unwrap());
        assert!(!books.memory_growing(0, usize::MAX, None).unwrap());
    }
}
