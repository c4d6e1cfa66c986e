//! Compound statements but `match`.

use super::Recogniser;
use super::facts::HitKind;
use super::token::Token;

impl Recogniser<'_> {
    /// `if_stmt` and `elif_stmt`: each `elif` is a statement of its own inside the one before.
    pub(super) fn if_stmt(&mut self) -> Option<()> {
        let depth = self.depth;
        loop {
            self.next()?;
            self.down(1, Self::named_expression)?;
            self.block()?;
            if self.token != Token::Elif || !self.is_at_block() {
                break;
            }
            self.depth += 1;
        }
        self.else_block()?;
        self.depth = depth;
        Some(())
    }

    /// `while_stmt`
    pub(super) fn while_stmt(&mut self) -> Option<()> {
        self.next()?;
        self.down(1, Self::named_expression)?;
        self.block()?;
        self.else_block()
    }

    /// `for_stmt`
    pub(super) fn for_stmt(&mut self) -> Option<()> {
        self.next()?;
        self.down(1, |this| {
            this.star_targets()?;
            this.expect(Token::In)?;
            this.star_expressions()
        })?;
        self.block()?;
        self.else_block()
    }

    /// `[else_block]`
    fn else_block(&mut self) -> Option<()> {
        if self.token != Token::Else || !self.is_at_block() {
            return Some(());
        }
        self.next()?;
        self.block()
    }

    /// `try_stmt`, `finally_block`
    pub(super) fn try_stmt(&mut self) -> Option<()> {
        self.next()?;
        self.block()?;
        let mut handlers = Handlers::None;
        while self.token == Token::Except && self.is_at_block() {
            handlers = self.down(1, |this| this.except_block(handlers))?;
        }
        let handled = handlers != Handlers::None;
        if handled {
            self.else_block()?;
        }
        if self.token == Token::Finally && self.is_at_block() {
            self.next()?;
            return self.block();
        }
        handled.then_some(())
    }

    /// `except_block` or `except_star_block`, behind other handlers.
    fn except_block(&mut self, before: Handlers) -> Option<Handlers> {
        self.next()?;
        let starred = self.skip(Token::Star)?;
        let handlers = match (before, starred) {
            (Handlers::None | Handlers::Plain, false) if self.token == Token::Colon => Handlers::Last,
            (Handlers::None | Handlers::Plain, false) => Handlers::Plain,
            (Handlers::None | Handlers::Starred, true) => Handlers::Starred,
            _ => return None,
        };
        if handlers != Handlers::Last {
            self.down(1, Self::expression)?;
            if self.skip(Token::As)? {
                self.expect(Token::Name)?;
            }
        }
        self.block()?;
        Some(handlers)
    }

    /// `with_stmt`: the form with parentheses first, as in the grammar; the same text may also begin an expression.
    pub(super) fn with_stmt(&mut self) -> Option<()> {
        self.next()?;
        if self.token == Token::LeftParenthesis {
            let checkpoint = self.checkpoint();
            if self.parenthesised_with_items().is_some() {
                return self.block();
            }
            self.rewind(&checkpoint);
        }
        loop {
            self.with_item()?;
            if !self.skip(Token::Comma)? {
                return self.block();
            }
        }
    }

    /// `'(' ','.with_item+ ','? ')'` before a colon.
    fn parenthesised_with_items(&mut self) -> Option<()> {
        self.next()?;
        loop {
            self.with_item()?;
            if !self.skip(Token::Comma)? || self.token == Token::RightParenthesis {
                break;
            }
        }
        self.expect(Token::RightParenthesis)?;
        (self.token == Token::Colon).then_some(())
    }

    /// `with_item`
    fn with_item(&mut self) -> Option<()> {
        self.down(2, |this| {
            this.expression()?;
            if this.skip(Token::As)? {
                this.target_with_star_atom()?;
                if !matches!(this.token, Token::Comma | Token::RightParenthesis | Token::Colon) {
                    return None;
                }
            }
            Some(())
        })
    }

    /// `decorators` and what they decorate.
    pub(super) fn decorated(&mut self) -> Option<()> {
        let first = self.hit_count();
        while self.token == Token::At {
            self.next()?;
            self.down(1, Self::named_expression)?;
            if self.token != Token::Newline {
                return None;
            }
            self.next_line()?;
            if !self.is_at_block() {
                return None;
            }
        }
        match self.token {
            Token::Def => self.function_def(first, false),
            Token::Class => self.class_def(first),
            Token::Async => {
                self.next()?;
                if self.token != Token::Def {
                    return None;
                }
                self.function_def(first, true)
            }
            _ => None,
        }
    }

    /// The statements that begin with `async`.
    pub(super) fn async_statement(&mut self) -> Option<()> {
        self.next()?;
        match self.token {
            Token::Def => self.function_def(self.hit_count(), true),
            Token::For => self.for_stmt(),
            Token::With => self.with_stmt(),
            _ => None,
        }
    }

    /// `function_def_raw`; its decorators gave the hits from `first` on.
    pub(super) fn function_def(&mut self, first: usize, is_async: bool) -> Option<()> {
        let offset = self.start;
        let decorators_end = self.hit_count();
        self.next()?;
        let name = (self.start as u32, self.end as u32);
        self.expect(Token::Name)?;
        self.expect(Token::LeftParenthesis)?;
        let parameters = self.down(1, |this| this.parameters(Token::RightParenthesis))?;
        let returns_start = self.hit_count();
        let returns = self.skip(Token::Arrow)?;
        if returns {
            self.down(1, Self::expression)?;
        }
        let returns_end = self.hit_count();
        if !is_async {
            self.hit(offset, HitKind::Function { name, parameters, returns });
        }
        self.block()?;
        // The fields are args, body, decorator_list and returns. `returns` goes last, then the decorators before it.
        let end = self.hit_count();
        self.swap_hits(returns_start, returns_end, end);
        self.swap_hits(first, decorators_end, end - (returns_end - returns_start));
        Some(())
    }

    /// `class_def_raw`; its decorators gave the hits from `first` on.
    pub(super) fn class_def(&mut self, first: usize) -> Option<()> {
        let decorators_end = self.hit_count();
        self.next()?;
        self.expect(Token::Name)?;
        if self.skip(Token::LeftParenthesis)? {
            self.down(1, |this| this.arguments(false))?;
        }
        self.block()?;
        self.swap_hits(first, decorators_end, self.hit_count());
        Some(())
    }
}

/// What handlers a `try` statement has so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Handlers {
    None,
    Plain,
    /// `except*`
    Starred,
    /// A handler without an expression, behind which there may be no other.
    Last,
}
