//! Atoms: literals, groups and displays.

use super::Recogniser;
use super::targets::Kind;
use super::token::{Token, power};

impl Recogniser<'_> {
    /// `atom`, names left out.
    #[inline(never)]
    pub(super) fn atom(&mut self) -> Option<Kind> {
        match self.token {
            Token::Text | Token::FString | Token::Bytes => self.strings(),
            Token::Number | Token::True | Token::False | Token::None | Token::Ellipsis => {
                self.next()?;
                Some(Kind::OTHER)
            }
            Token::LeftParenthesis => self.bracketed(Self::parenthesised),
            Token::LeftBracket => self.bracketed(Self::list_or_listcomp),
            Token::LeftBrace => self.bracketed(Self::braced),
            _ => None,
        }
    }

    #[inline]
    fn bracketed(&mut self, rule: impl FnOnce(&mut Self) -> Option<Kind>) -> Option<Kind> {
        self.enter()?;
        self.next()?;
        let kind = rule(self)?;
        self.leave();
        Some(kind)
    }

    /// `strings`: string tokens in a row, all of bytes or none.
    fn strings(&mut self) -> Option<Kind> {
        let bytes = self.token == Token::Bytes;
        loop {
            if self.token == Token::FString {
                self.fstring()?;
            }
            self.next()?;
            match self.token {
                Token::Text | Token::FString if !bytes => {}
                Token::Bytes if bytes => {}
                Token::Text | Token::FString | Token::Bytes => return None,
                _ => return Some(Kind::OTHER),
            }
        }
    }

    /// `tuple`, `group` or `genexp`, behind the parenthesis.
    fn parenthesised(&mut self) -> Option<Kind> {
        if self.skip(Token::RightParenthesis)? {
            return Some(Kind::ASSIGNABLE.or(Kind::DELETABLE));
        }
        if self.token == Token::Yield {
            self.yield_expr()?;
            self.expect(Token::RightParenthesis)?;
            return Some(Kind::OTHER);
        }
        let mark = self.mark();
        let mut kind = self.star_named_expression_from(mark)?;
        match self.token {
            Token::RightParenthesis if !kind.is(Kind::STARRED) => {
                kind = kind.and(Kind::PLACE.or(Kind::NAME));
            }
            Token::Comma => {
                self.wrap(mark)?;
                self.depth += 1;
                while self.skip(Token::Comma)? {
                    if self.token == Token::RightParenthesis {
                        break;
                    }
                    kind = kind.and(self.star_named_expression()?);
                }
                self.depth -= 1;
                kind = kind.and(Kind::ASSIGNABLE.or(Kind::DELETABLE));
            }
            Token::For | Token::Async if !kind.is(Kind::STARRED) => {
                self.wrap(mark)?;
                self.down(1, Self::for_if_clauses)?;
                kind = Kind::OTHER;
            }
            _ => return None,
        }
        self.release(mark);
        self.expect(Token::RightParenthesis)?;
        Some(kind)
    }

    /// `list`, of `star_named_expressions`, or `listcomp`, behind the bracket.
    fn list_or_listcomp(&mut self) -> Option<Kind> {
        let mut kind = Kind::ASSIGNABLE.or(Kind::DELETABLE);
        let first = self.start;
        self.depth += 1;
        while self.token != Token::RightBracket {
            let start = self.start;
            let element = self.star_named_expression()?;
            kind = kind.and(element);
            match self.token {
                Token::Comma => self.next()?,
                Token::For | Token::Async if start == first && !element.is(Kind::STARRED) => {
                    self.for_if_clauses()?;
                    kind = Kind::OTHER;
                    break;
                }
                _ => break,
            }
        }
        self.depth -= 1;
        self.expect(Token::RightBracket)?;
        Some(kind)
    }

    /// `dict`, of `double_starred_kvpairs` and `kvpair`, `set`, `dictcomp` or `setcomp`, behind the brace.
    fn braced(&mut self) -> Option<Kind> {
        if self.skip(Token::RightBrace)? {
            return Some(Kind::OTHER);
        }
        self.depth += 1;
        let first_hit = self.hit_count();
        let mut key_has_hit = false;
        let mut is_dict = true;
        if self.token == Token::DoubleStar {
            self.double_starred_kvpair()?;
        } else {
            let kind = self.star_named_expression()?;
            is_dict = self.token == Token::Colon;
            if is_dict {
                if kind.is(Kind::WALRUS) || kind.is(Kind::STARRED) {
                    return None;
                }
                key_has_hit = self.hit_count() > first_hit;
                self.next()?;
                self.expression()?;
            }
            if matches!(self.token, Token::For | Token::Async) {
                if kind.is(Kind::STARRED) {
                    return None;
                }
                self.for_if_clauses()?;
                self.depth -= 1;
                self.expect(Token::RightBrace)?;
                return Some(Kind::OTHER);
            }
        }
        while self.skip(Token::Comma)? {
            match self.token {
                Token::RightBrace => break,
                Token::DoubleStar if is_dict => self.double_starred_kvpair()?,
                _ if is_dict => {
                    let hits = self.hit_count();
                    self.expression()?;
                    key_has_hit |= self.hit_count() > hits;
                    self.expect(Token::Colon)?;
                    self.expression()?;
                }
                _ => {
                    self.star_named_expression()?;
                }
            }
        }
        // The fields are all keys and then all values.
        if key_has_hit && self.hit_count() > first_hit + 1 {
            return None;
        }
        self.depth -= 1;
        self.expect(Token::RightBrace)?;
        Some(Kind::OTHER)
    }

    /// The form of `double_starred_kvpair` with `**`.
    fn double_starred_kvpair(&mut self) -> Option<()> {
        self.next()?;
        let mark = self.mark();
        self.operators(mark, power::BITWISE_OR)?;
        self.release(mark);
        Some(())
    }

    /// `for_if_clauses`, each `for_if_clause` a child of the current node.
    pub(super) fn for_if_clauses(&mut self) -> Option<()> {
        self.depth += 1;
        while matches!(self.token, Token::For | Token::Async) {
            self.skip(Token::Async)?;
            self.expect(Token::For)?;
            self.star_targets()?;
            self.expect(Token::In)?;
            self.disjunction()?;
            while self.skip(Token::If)? {
                self.disjunction()?;
            }
        }
        self.depth -= 1;
        Some(())
    }
}
