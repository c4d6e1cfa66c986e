//! Expressions down to primaries.
//!
//! A rule that may turn out to be the left operand of another takes the [`Mark`] of its first token, so that all rules that begin there
//! share one.

use super::Recogniser;
use super::facts::Mark;
use super::targets::Kind;
use super::token::{Token, power};

impl Recogniser<'_> {
    /// `star_expressions`
    pub(super) fn star_expressions(&mut self) -> Option<Kind> {
        self.expression_list(Self::star_expression_from)
    }

    /// `subject_expr`
    pub(super) fn subject_expr(&mut self) -> Option<Kind> {
        self.expression_list(Self::star_named_expression_from)
    }

    /// One expression, or several with commas, which make a tuple.
    #[inline]
    fn expression_list(&mut self, item: impl Fn(&mut Self, Mark) -> Option<Kind>) -> Option<Kind> {
        let mark = self.mark();
        let mut kind = item(self, mark)?;
        if self.token == Token::Comma {
            kind = kind.and(Kind::ASSIGNABLE);
            self.wrap(mark)?;
            self.depth += 1;
            while self.skip(Token::Comma)? {
                if self.is_at_list_end() {
                    break;
                }
                let mark = self.mark();
                kind = kind.and(item(self, mark)?);
                self.release(mark);
            }
            self.depth -= 1;
        } else if kind.is(Kind::STARRED) {
            return None;
        }
        self.release(mark);
        Some(kind)
    }

    /// Whether the current token ends a list whose last comma is already behind.
    fn is_at_list_end(&self) -> bool {
        matches!(
            self.token,
            Token::Newline
                | Token::Semicolon
                | Token::Equal
                | Token::Colon
                | Token::RightParenthesis
                | Token::RightBracket
                | Token::RightBrace
                | Token::Exclamation
        )
    }

    /// `star_expression`
    pub(super) fn star_expression(&mut self) -> Option<Kind> {
        let mark = self.mark();
        let kind = self.star_expression_from(mark)?;
        self.release(mark);
        Some(kind)
    }

    #[inline]
    fn star_expression_from(&mut self, mark: Mark) -> Option<Kind> {
        if self.token == Token::Star { self.starred(power::BITWISE_OR) } else { self.expression_from(mark) }
    }

    /// `star_named_expression`
    #[inline]
    pub(super) fn star_named_expression(&mut self) -> Option<Kind> {
        let mark = self.mark();
        let kind = self.star_named_expression_from(mark)?;
        self.release(mark);
        Some(kind)
    }

    #[inline]
    pub(super) fn star_named_expression_from(&mut self, mark: Mark) -> Option<Kind> {
        if self.token == Token::Star { self.starred(power::BITWISE_OR) } else { self.named_expression_from(mark) }
    }

    /// A star and an operand that binds at least as tightly as `min`.
    fn starred(&mut self, min: u8) -> Option<Kind> {
        self.next()?;
        let kind = self.operand(min)?;
        Some(kind.and(Kind::ASSIGNABLE).or(Kind::STARRED))
    }

    /// `named_expression`
    #[inline]
    pub(super) fn named_expression(&mut self) -> Option<Kind> {
        let mark = self.mark();
        let kind = self.named_expression_from(mark)?;
        self.release(mark);
        Some(kind)
    }

    #[inline]
    pub(super) fn named_expression_from(&mut self, mark: Mark) -> Option<Kind> {
        let kind = self.expression_from(mark)?;
        if self.token == Token::ColonEqual { self.assignment_expression(kind) } else { Some(kind) }
    }

    /// `assignment_expression`, from `:=` on.
    pub(super) fn assignment_expression(&mut self, target: Kind) -> Option<Kind> {
        if !target.is(Kind::BARE) {
            return None;
        }
        self.next()?;
        self.enter()?;
        self.down(1, Self::expression)?;
        self.leave();
        if self.token == Token::ColonEqual { None } else { Some(Kind::WALRUS) }
    }

    /// `expression`
    #[inline]
    pub(super) fn expression(&mut self) -> Option<Kind> {
        let mark = self.mark();
        let kind = self.expression_from(mark)?;
        self.release(mark);
        Some(kind)
    }

    #[inline]
    pub(super) fn expression_from(&mut self, mark: Mark) -> Option<Kind> {
        if self.token == Token::Lambda {
            return self.lambdef();
        }
        let kind = self.operators(mark, power::DISJUNCTION)?;
        if self.token == Token::If { self.conditional(mark) } else { Some(kind) }
    }

    /// `disjunction`
    pub(super) fn disjunction(&mut self) -> Option<Kind> {
        let mark = self.mark();
        let kind = self.operators(mark, power::DISJUNCTION)?;
        self.release(mark);
        Some(kind)
    }

    /// The rest of a conditional expression, from `if` on.
    fn conditional(&mut self, mark: Mark) -> Option<Kind> {
        self.wrap(mark)?;
        let test = self.hit_count();
        self.next()?;
        self.enter()?;
        self.down(1, |this| {
            this.disjunction()?;
            // The fields are test, body and orelse.
            this.swap_hits(mark.first_hit(), test, this.hit_count());
            this.expect(Token::Else)?;
            this.expression()
        })?;
        self.leave();
        Some(Kind::OTHER)
    }

    /// `lambdef`
    fn lambdef(&mut self) -> Option<Kind> {
        // CPython 3.11 takes its colon for that of a format specification.
        if self.fields > 0 {
            return None;
        }
        self.next()?;
        self.enter()?;
        self.down(1, |this| {
            this.parameters(Token::Colon)?;
            this.expression()
        })?;
        self.leave();
        Some(Kind::OTHER)
    }

    /// `yield_expr`
    pub(super) fn yield_expr(&mut self) -> Option<()> {
        self.next()?;
        if self.skip(Token::From)? {
            self.down(1, Self::expression)?;
        } else if !self.is_at_statement_end() && self.token != Token::RightParenthesis {
            self.down(1, Self::star_expressions)?;
        }
        Some(())
    }

    /// A child of the current node with operators that bind at least as tightly as `min`.
    #[inline]
    pub(super) fn operand(&mut self, min: u8) -> Option<Kind> {
        self.depth += 1;
        let mark = self.mark();
        let kind = self.operators(mark, min)?;
        self.release(mark);
        self.depth -= 1;
        Some(kind)
    }

    /// The rules from `disjunction` down to `await_primary`, by precedence (`conjunction`, `inversion`, `comparison`, `bitwise_or`,
    /// `bitwise_xor`, `bitwise_and`, `shift_expr`, `sum`, `term`, `factor`, `power`): operators that bind at least as tightly as `min`.
    pub(super) fn operators(&mut self, mark: Mark, min: u8) -> Option<Kind> {
        let mut kind = match self.token {
            Token::Not => {
                if min > power::INVERSION {
                    return None;
                }
                self.prefix(power::INVERSION)?
            }
            Token::Minus | Token::Plus | Token::Tilde => self.prefix(power::FACTOR)?,
            Token::Await => {
                self.next()?;
                self.down(1, |this| {
                    let mark = this.mark();
                    this.primary(mark)?;
                    this.release(mark);
                    Some(Kind::OTHER)
                })?
            }
            _ => self.primary(mark)?,
        };
        loop {
            let operator = self.token;
            let power = operator.power();
            if power < min {
                return Some(kind);
            }
            kind = Kind::OTHER;
            self.wrap(mark)?;
            match power {
                // Operators of one kind in a row make one node.
                power::DISJUNCTION | power::CONJUNCTION => {
                    while self.token == operator {
                        self.next()?;
                        self.operand(power + 1)?;
                    }
                }
                power::COMPARISON => {
                    while self.token.power() == power::COMPARISON {
                        self.comparison_operator()?;
                        self.operand(power::BITWISE_OR)?;
                    }
                }
                // To the right of `**` stands a `factor`.
                power::POWER => {
                    self.next()?;
                    self.enter()?;
                    self.operand(power::FACTOR)?;
                    self.leave();
                }
                _ => {
                    self.next()?;
                    self.operand(power + 1)?;
                }
            }
        }
    }

    fn prefix(&mut self, min: u8) -> Option<Kind> {
        self.next()?;
        self.enter()?;
        self.operand(min)?;
        self.leave();
        Some(Kind::OTHER)
    }

    /// The operator of a `compare_op_bitwise_or_pair`: `eq_bitwise_or`, `noteq_bitwise_or`, `lte_bitwise_or`, `lt_bitwise_or`,
    /// `gte_bitwise_or`, `gt_bitwise_or`, `notin_bitwise_or`, `in_bitwise_or`, `isnot_bitwise_or` or `is_bitwise_or`.
    fn comparison_operator(&mut self) -> Option<()> {
        match self.token {
            Token::Not => {
                self.next()?;
                self.expect(Token::In)
            }
            Token::Is => {
                self.next()?;
                self.skip(Token::Not)?;
                Some(())
            }
            _ => self.next(),
        }
    }

    /// `primary`
    #[inline]
    pub(super) fn primary(&mut self, mark: Mark) -> Option<Kind> {
        let start = self.start;
        let mut kind = if self.token == Token::Name {
            self.name = (start, self.end);
            self.next()?;
            Kind::PLACE.or(Kind::BARE).or(Kind::NAME)
        } else {
            self.atom()?
        };
        loop {
            match self.token {
                Token::Dot => {
                    self.next()?;
                    self.expect(Token::Name)?;
                    self.wrap(mark)?;
                    kind = Kind::PLACE;
                }
                Token::LeftParenthesis => {
                    self.wrap(mark)?;
                    if kind.is(Kind::NAME) {
                        self.call_of_name(start)?;
                    }
                    self.next()?;
                    self.enter()?;
                    self.depth += 1;
                    self.arguments(true)?;
                    self.depth -= 1;
                    self.leave();
                    kind = Kind::OTHER;
                }
                Token::LeftBracket => {
                    self.wrap(mark)?;
                    self.next()?;
                    self.enter()?;
                    self.depth += 1;
                    self.slices()?;
                    self.depth -= 1;
                    self.leave();
                    kind = Kind::PLACE;
                }
                _ => return Some(kind),
            }
        }
    }
}
