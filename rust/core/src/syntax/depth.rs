//! An upper bound of the depth of an expression's tree, from its operators alone.
//!
//! Operators of one precedence nest in each other as deep as there are of them, in whatever way they group; their operands lie below all
//! of them. So the depth is at most the number of operators of the lowest precedence plus the depth of the deepest operand, which is
//! bounded in the same way. Taking an operator for one of lower precedence only raises the bound.

/// How tightly an operator binds, in the few classes that matter here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Precedence {
    /// `lambda`, `if`, `else`, `not`, `yield`, `await`, `for`.
    Lowest,
    /// `|`, `^`, `&` and the shifts.
    Bitwise,
    /// `+` and `-` between operands.
    Sum,
    /// `*`, `/`, `//`, `%` and `@`.
    Product,
    /// Signs, `~` and `**`.
    Unary,
    /// Attributes, calls and subscripts.
    Primary,
}

const CLASSES: usize = Precedence::Primary as usize + 1;

/// Levels that comparisons, `and`, `or`, a star and a keyword add, however many of them there are.
const FLAT: u32 = 6;

/// The elements of a bracket, or the expressions of a statement, as far as they were read.
#[derive(Clone, Copy, Default)]
pub(super) struct Elements {
    /// For each class, the operators since the last one of a lower class.
    chains: [u32; CLASSES],
    /// For each class, the deepest operand of these operators that has ended.
    operands: [u32; CLASSES],
    /// Deepest bracket of the current operand.
    inner: u32,
    /// `lambda`s whose colon has not come yet: their commas do not end an element.
    lambdas: u32,
    /// Deepest of the elements that have ended.
    deepest: u32,
}

impl Elements {
    /// Notes an operator.
    pub(super) fn operator(&mut self, precedence: Precedence) {
        if precedence != Precedence::Primary {
            self.end_operand(precedence);
        }
        self.chains[precedence as usize] += 1;
    }

    /// Notes a comparison, `and`, `or` or an assignment: any number of them is one level.
    pub(super) fn flat(&mut self) {
        self.end_operand(Precedence::Lowest);
    }

    /// Notes a bracket behind or around something: a call, a subscript, a display, a group.
    pub(super) fn bracket(&mut self, depth: u32) {
        self.chains[Precedence::Primary as usize] += 2;
        self.inner = self.inner.max(depth);
    }

    /// Notes a replacement field of a string, which is two levels by itself.
    pub(super) fn field(&mut self, depth: u32) {
        self.inner = self.inner.max(depth + 3);
    }

    pub(super) fn lambda(&mut self) {
        self.end_operand(Precedence::Lowest);
        self.lambdas += 1;
    }

    pub(super) fn colon(&mut self) {
        self.end_operand(Precedence::Lowest);
        if self.lambdas > 0 {
            self.lambdas -= 1;
            self.chains[Precedence::Lowest as usize] += 3;
        }
    }

    pub(super) fn comma(&mut self) {
        self.deepest = self.depth();
        (self.chains, self.operands, self.inner) = Default::default();
    }

    /// The bound for all elements so far.
    pub(super) fn depth(&self) -> u32 {
        let mut current = *self;
        current.end_operand(Precedence::Lowest);
        let current = current.chains[0] + current.operands[0] + self.lambdas * 3 + FLAT;
        self.deepest.max(current)
    }

    /// Ends the operand that an operator of this class comes behind.
    fn end_operand(&mut self, precedence: Precedence) {
        let class = precedence as usize;
        let mut depth = self.inner;
        self.inner = 0;
        for tighter in (class + 1..CLASSES).rev() {
            depth = self.operands[tighter].max(depth) + self.chains[tighter];
            self.operands[tighter] = 0;
            self.chains[tighter] = 0;
        }
        self.operands[class] = self.operands[class].max(depth);
    }
}
