//! Depth and order of the facts.
//!
//! A hit is recorded with its depth when it is met. Where a construct turns out only later to be the operand of another node, all hits
//! since its [`Mark`] go one level down; where the order of CPython's `_fields` is not that of the text, ranges of hits change places.
//! A stable sort by depth then gives the order of `ast.walk`.

use super::{MAX_DEPTH, Recogniser};
use crate::source::Positions;
use crate::syntax::facts::{Callee, Fact, FactKind};

/// A fact before its place is turned into a line.
#[derive(Clone, Copy)]
pub(super) struct Hit {
    depth: u32,
    offset: u32,
    kind: HitKind,
}

#[derive(Clone, Copy)]
pub(super) enum HitKind {
    Call(Callee),
    Function {
        /// Place of its name.
        name: (u32, u32),
        parameters: u32,
        returns: bool,
    },
    /// A range of the names of `global` statements.
    Global(u32, u32),
}

/// The start of a node that may become the operand of another.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    hits: usize,
    /// Deepest node before the mark.
    deepest: u32,
}

impl Mark {
    /// Index of the first hit since.
    pub(super) fn first_hit(self) -> usize {
        self.hits
    }
}

impl Recogniser<'_> {
    /// Marks the start of the node that begins at the current token.
    #[inline]
    pub(super) fn mark(&mut self) -> Mark {
        let mark = Mark { hits: self.hits.len(), deepest: self.deepest };
        self.deepest = self.depth;
        mark
    }

    /// Ends what [`mark`](Self::mark) began.
    #[inline]
    pub(super) fn release(&mut self, mark: Mark) {
        self.deepest = self.deepest.max(mark.deepest);
    }

    /// Makes what was recognised since the mark a child of a new node in its place.
    #[inline]
    pub(super) fn wrap(&mut self, mark: Mark) -> Option<()> {
        self.deepest += 1;
        if self.hits.len() > mark.hits { self.sink(mark.hits) } else { Some(()) }
    }

    /// The bound on depth also bounds how often one hit goes down.
    #[cold]
    #[inline(never)]
    fn sink(&mut self, first: usize) -> Option<()> {
        if self.deepest > MAX_DEPTH {
            return None;
        }
        for hit in &mut self.hits[first..] {
            hit.depth += 1;
        }
        Some(())
    }

    /// Recognises children of the current node.
    #[inline]
    pub(super) fn down<T>(&mut self, levels: u32, rule: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.depth += levels;
        let result = rule(self)?;
        self.depth -= levels;
        Some(result)
    }

    pub(super) fn hit(&mut self, offset: usize, kind: HitKind) {
        self.hits.push(Hit { depth: self.depth, offset: offset as u32, kind });
    }

    pub(super) fn hit_count(&self) -> usize {
        self.hits.len()
    }

    /// Moves the hits of `first..middle` behind those of `middle..end`.
    #[inline]
    pub(super) fn swap_hits(&mut self, first: usize, middle: usize, end: usize) {
        if first < middle && middle < end {
            self.hits[first..end].rotate_left(middle - first);
        }
    }

    pub(super) fn into_facts(self) -> Vec<Fact> {
        let text = self.text.as_str();
        let hits = &self.hits;
        let mut indices: Vec<u32> = (0..hits.len() as u32).collect();
        indices.sort_by_key(|&index| hits[index as usize].offset);
        let mut places = vec![(0, 0); hits.len()];
        let mut positions = Positions::new(text);
        for &index in &indices {
            places[index as usize] = positions.at(hits[index as usize].offset as usize);
        }
        let written = |(start, end): (u32, u32)| text[start as usize..end as usize].to_owned();
        let fact = |index: u32| {
            let (line, column) = places[index as usize];
            let kind = match hits[index as usize].kind {
                HitKind::Call(callee) => FactKind::Call(callee),
                HitKind::Function { name, parameters, returns } => {
                    FactKind::Function { name: written(name), parameters, returns }
                }
                HitKind::Global(first, end) => {
                    let names = &self.global_names[first as usize..end as usize];
                    FactKind::Global(names.iter().copied().map(written).collect())
                }
            };
            Fact { line, column, kind }
        };
        indices.sort_unstable();
        indices.sort_by_key(|&index| hits[index as usize].depth);
        indices.into_iter().map(fact).collect()
    }
}
