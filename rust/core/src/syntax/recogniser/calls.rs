//! What stands in the brackets behind a primary.

use super::Recogniser;
use super::facts::HitKind;
use super::targets::Kind;
use super::token::Token;
use crate::syntax::facts::Callee;

/// What the arguments so far allow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Positional,
    /// Behind a keyword: another, or a starred argument.
    Keyword,
    /// Behind `**`: a keyword or `**`.
    DoubleStarred,
}

impl Recogniser<'_> {
    /// Records the call of a bare name, whose primary begins at `start`, if it is one of those that are facts.
    #[inline]
    pub(super) fn call_of_name(&mut self, start: usize) -> Option<()> {
        let (name_start, name_end) = self.name;
        // The lengths of the names that are facts.
        if !matches!(name_end - name_start, 4 | 5 | 7 | 10) {
            return Some(());
        }
        self.recorded_call(start)
    }

    #[inline(never)]
    fn recorded_call(&mut self, start: usize) -> Option<()> {
        let name = self.text.slice(self.name.0, self.name.1);
        let Some(callee) = std::str::from_utf8(name).ok().and_then(Callee::from_name) else { return Some(()) };
        // The lines of calls inside f-strings differ between versions.
        if self.fields > 0 {
            return None;
        }
        self.hit(start, HitKind::Call(callee));
        Some(())
    }

    /// `[arguments] ')'`: `args`, `kwargs`, `kwarg_or_starred`, `kwarg_or_double_starred`; for a call also the rest of a `genexp`.
    pub(super) fn arguments(&mut self, is_call: bool) -> Option<()> {
        let mut stage = Stage::Positional;
        let mut keyword_hits = usize::MAX;
        let first = self.start;
        while self.token != Token::RightParenthesis {
            let start = self.start;
            let hits = self.hit_count();
            match self.token {
                Token::Star => {
                    if stage == Stage::DoubleStarred {
                        return None;
                    }
                    self.next()?;
                    self.down(1, Self::expression)?;
                    // The fields put it before the keywords.
                    if hits > keyword_hits && self.hit_count() > hits {
                        return None;
                    }
                }
                Token::DoubleStar => {
                    stage = Stage::DoubleStarred;
                    self.next()?;
                    self.down(1, Self::expression)?;
                }
                _ => {
                    let mark = self.mark();
                    let kind = self.expression_from(mark)?;
                    match self.token {
                        // `kwarg`: the `keyword` is a level of its own.
                        Token::Equal if kind.is(Kind::BARE) => {
                            if stage == Stage::Positional {
                                stage = Stage::Keyword;
                                keyword_hits = hits;
                            }
                            self.next()?;
                            self.down(1, Self::expression)?;
                        }
                        Token::For | Token::Async if is_call && start == first => {
                            self.wrap(mark)?;
                            self.down(1, Self::for_if_clauses)?;
                            self.release(mark);
                            return self.expect(Token::RightParenthesis);
                        }
                        Token::ColonEqual if stage == Stage::Positional => {
                            self.assignment_expression(kind)?;
                        }
                        Token::Comma | Token::RightParenthesis if stage == Stage::Positional => {}
                        _ => return None,
                    }
                    self.release(mark);
                }
            }
            if !self.skip(Token::Comma)? {
                break;
            }
        }
        self.expect(Token::RightParenthesis)
    }

    /// `slices ']'`
    pub(super) fn slices(&mut self) -> Option<()> {
        let mark = self.mark();
        let starred = self.slice()?;
        if starred || self.token == Token::Comma {
            self.wrap(mark)?;
            self.depth += 1;
            while self.skip(Token::Comma)? {
                if self.token == Token::RightBracket {
                    break;
                }
                self.slice()?;
            }
            self.depth -= 1;
        }
        self.release(mark);
        self.expect(Token::RightBracket)
    }

    /// `slice`, or a `starred_expression`, which makes a tuple: whether it was that.
    fn slice(&mut self) -> Option<bool> {
        if self.skip(Token::Star)? {
            self.down(1, Self::expression)?;
            return Some(true);
        }
        let mark = self.mark();
        if self.token != Token::Colon {
            let kind = self.named_expression_from(mark)?;
            if self.token != Token::Colon {
                self.release(mark);
                return Some(false);
            }
            if kind.is(Kind::WALRUS) {
                return None;
            }
            self.wrap(mark)?;
        }
        self.next()?;
        self.depth += 1;
        if !matches!(self.token, Token::Colon | Token::Comma | Token::RightBracket) {
            self.expression()?;
        }
        if self.skip(Token::Colon)? && !matches!(self.token, Token::Comma | Token::RightBracket) {
            self.expression()?;
        }
        self.depth -= 1;
        self.release(mark);
        Some(false)
    }
}
