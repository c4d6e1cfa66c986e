//! The module, blocks and simple statements.

use super::facts::HitKind;
use super::targets::Kind;
use super::token::Token;
use super::{MAX_BLOCKS, MAX_DEPTH, Recogniser};
use crate::syntax::interpreter::FEATURES;

impl Recogniser<'_> {
    /// `file`
    pub(super) fn file(&mut self) -> Option<()> {
        self.next_line()?;
        while self.token != Token::EndMarker {
            if self.column != (0, 0) {
                return None;
            }
            self.statement()?;
        }
        (self.deepest <= MAX_DEPTH).then_some(())
    }

    /// `':' block`; the statements are children of the current node.
    pub(super) fn block(&mut self) -> Option<()> {
        self.expect(Token::Colon)?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        if self.token == Token::Newline {
            self.indented(|this| {
                this.statement()?;
                Some(())
            })?;
        } else {
            self.simple_stmts()?;
        }
        self.depth -= 1;
        Some(())
    }

    /// The lines of a block, from the line end before it.
    pub(super) fn indented(&mut self, mut line: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        let outer = self.block_column;
        self.blocks += 1;
        if self.blocks > MAX_BLOCKS {
            return None;
        }
        self.next_line()?;
        if self.column.0 <= outer.0 || self.column.1 <= outer.1 || self.token == Token::EndMarker {
            return None;
        }
        self.block_column = self.column;
        loop {
            line(self)?;
            if self.column.0 < self.block_column.0 || self.token == Token::EndMarker {
                break;
            }
            // CPython compares both columns: this is an unexpected indent, or one that depends on the width of a tab.
            if self.column != self.block_column {
                return None;
            }
        }
        self.block_column = outer;
        self.blocks -= 1;
        Some(())
    }

    /// `statement`, `compound_stmt`
    #[inline]
    fn statement(&mut self) -> Option<()> {
        match self.token {
            Token::If => self.if_stmt(),
            Token::Def => self.function_def(self.hit_count(), false),
            Token::Class => self.class_def(self.hit_count()),
            Token::For => self.for_stmt(),
            Token::While => self.while_stmt(),
            Token::Try => self.try_stmt(),
            Token::With => self.with_stmt(),
            Token::At => self.decorated(),
            Token::Async => self.async_statement(),
            Token::Name if self.is_name(b"match") => {
                if self.match_stmt()? {
                    Some(())
                } else {
                    self.simple_stmts()
                }
            }
            _ => self.simple_stmts(),
        }
    }

    /// `simple_stmts`, with the line end behind them.
    fn simple_stmts(&mut self) -> Option<()> {
        loop {
            self.simple_stmt()?;
            if !self.skip(Token::Semicolon)? || self.token == Token::Newline {
                break;
            }
        }
        if self.token == Token::Newline { self.next_line() } else { None }
    }

    #[inline]
    pub(super) fn is_at_statement_end(&self) -> bool {
        matches!(self.token, Token::Newline | Token::Semicolon)
    }

    /// `simple_stmt`, with `import_stmt` and `yield_stmt`.
    fn simple_stmt(&mut self) -> Option<()> {
        match self.token {
            Token::Return => self.return_stmt(),
            Token::Pass | Token::Break | Token::Continue => self.next(),
            Token::Import => self.import_name(),
            Token::From => self.import_from(),
            Token::Raise => self.raise_stmt(),
            Token::Assert => self.assert_stmt(),
            Token::Del => self.del_stmt(),
            Token::Global => self.global_stmt(),
            Token::Nonlocal => self.nonlocal_stmt(),
            Token::Yield => self.down(1, Self::yield_expr),
            _ => self.down(1, Self::assignment),
        }
    }

    /// `return_stmt`
    fn return_stmt(&mut self) -> Option<()> {
        self.next()?;
        if self.is_at_statement_end() {
            return Some(());
        }
        self.down(1, Self::star_expressions)?;
        Some(())
    }

    /// `raise_stmt`
    fn raise_stmt(&mut self) -> Option<()> {
        self.next()?;
        if self.is_at_statement_end() {
            return Some(());
        }
        self.down(1, |this| {
            this.expression()?;
            if this.skip(Token::From)? {
                this.expression()?;
            }
            Some(())
        })
    }

    /// `assert_stmt`
    fn assert_stmt(&mut self) -> Option<()> {
        self.next()?;
        self.down(1, |this| {
            this.expression()?;
            if this.skip(Token::Comma)? {
                this.expression()?;
            }
            Some(())
        })
    }

    /// `del_stmt`
    fn del_stmt(&mut self) -> Option<()> {
        self.next()?;
        self.down(1, Self::del_targets)
    }

    /// `global_stmt`
    fn global_stmt(&mut self) -> Option<()> {
        let offset = self.start;
        let first = self.global_names.len() as u32;
        loop {
            self.next()?;
            self.global_names.push((self.start as u32, self.end as u32));
            self.expect(Token::Name)?;
            if self.token != Token::Comma {
                break;
            }
        }
        self.hit(offset, HitKind::Global(first, self.global_names.len() as u32));
        Some(())
    }

    /// `nonlocal_stmt`
    fn nonlocal_stmt(&mut self) -> Option<()> {
        loop {
            self.next()?;
            self.expect(Token::Name)?;
            if self.token != Token::Comma {
                return Some(());
            }
        }
    }

    /// `import_name`: `dotted_as_names` of `dotted_as_name`.
    fn import_name(&mut self) -> Option<()> {
        loop {
            self.next()?;
            self.dotted_name()?;
            if self.skip(Token::As)? {
                self.expect(Token::Name)?;
            }
            if self.token != Token::Comma {
                return Some(());
            }
        }
    }

    /// `import_from`, `import_from_targets`
    fn import_from(&mut self) -> Option<()> {
        self.next()?;
        let mut relative = false;
        while matches!(self.token, Token::Dot | Token::Ellipsis) {
            relative = true;
            self.next()?;
        }
        let mut future = false;
        if !relative || self.token == Token::Name {
            future = !relative && self.is_name(b"__future__");
            self.dotted_name()?;
        }
        self.expect(Token::Import)?;
        if self.token == Token::Star {
            return if future { None } else { self.next() };
        }
        let parenthesised = self.skip(Token::LeftParenthesis)?;
        self.import_from_as_names(parenthesised, future)?;
        if parenthesised { self.expect(Token::RightParenthesis) } else { Some(()) }
    }

    /// `import_from_as_names` of `import_from_as_name`; a comma may end them only inside parentheses.
    fn import_from_as_names(&mut self, parenthesised: bool, future: bool) -> Option<()> {
        loop {
            if future && !FEATURES.iter().any(|feature| self.is_name(feature.as_bytes())) {
                return None;
            }
            self.expect(Token::Name)?;
            if self.skip(Token::As)? {
                self.expect(Token::Name)?;
            }
            if !self.skip(Token::Comma)? || (parenthesised && self.token == Token::RightParenthesis) {
                return Some(());
            }
        }
    }

    /// `dotted_name`
    fn dotted_name(&mut self) -> Option<()> {
        loop {
            self.expect(Token::Name)?;
            if !self.skip(Token::Dot)? {
                return Some(());
            }
        }
    }

    /// `assignment` (also with `augassign`) or `star_expressions`, at the depth of the first target or of the expression.
    fn assignment(&mut self) -> Option<()> {
        let begins_with_parenthesis = self.token == Token::LeftParenthesis;
        let mut kind = self.star_expressions()?;
        match self.token {
            Token::Equal => {
                while self.token == Token::Equal {
                    if !kind.is(Kind::ASSIGNABLE) {
                        return None;
                    }
                    self.next()?;
                    if self.token == Token::Yield {
                        return self.yield_expr();
                    }
                    kind = self.star_expressions()?;
                }
                Some(())
            }
            Token::AugmentedAssign => {
                if !kind.is(Kind::SINGLE) {
                    return None;
                }
                self.next()?;
                self.annotated_rhs()
            }
            Token::Colon => {
                // `(a).b: c` is none, since the rule for `(a)` comes first in the grammar.
                if !kind.is(Kind::SINGLE) || begins_with_parenthesis {
                    return None;
                }
                self.next()?;
                self.expression()?;
                if self.skip(Token::Equal)? { self.annotated_rhs() } else { Some(()) }
            }
            _ => Some(()),
        }
    }

    /// `annotated_rhs`
    fn annotated_rhs(&mut self) -> Option<()> {
        if self.token == Token::Yield {
            return self.yield_expr();
        }
        self.star_expressions()?;
        Some(())
    }
}
