//! What an expression may be used for besides its value.
//!
//! Targets are recognised as expressions; a set of properties tells afterwards whether the rule for a target takes them.

use super::Recogniser;
use super::token::Token;

/// A set of properties of an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind(u8);

impl Kind {
    /// None of the others.
    pub(super) const OTHER: Self = Self(0);
    /// It may be assigned to (`star_target`; with parentheses or brackets a `star_atom`: `star_targets_tuple_seq`,
    /// `star_targets_list_seq`).
    pub(super) const ASSIGNABLE: Self = Self(1);
    /// It may be the target of an augmented or annotated assignment (`single_target`, `single_subscript_attribute_target`).
    pub(super) const SINGLE: Self = Self(2);
    /// It may be deleted (`del_target`, `del_t_atom`).
    pub(super) const DELETABLE: Self = Self(4);
    /// It is a name without parentheses.
    pub(super) const BARE: Self = Self(8);
    /// It is a name, in parentheses or not.
    pub(super) const NAME: Self = Self(16);
    /// It is starred.
    pub(super) const STARRED: Self = Self(32);
    /// It is an assignment expression without parentheses.
    pub(super) const WALRUS: Self = Self(64);

    /// An attribute or a subscript (a `t_primary` and what follows its `t_lookahead`).
    pub(super) const PLACE: Self = Self::ASSIGNABLE.or(Self::SINGLE).or(Self::DELETABLE);

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn is(self, property: Self) -> bool {
        self.0 & property.0 != 0
    }
}

impl Recogniser<'_> {
    /// `star_targets`, before `in`.
    pub(super) fn star_targets(&mut self) -> Option<()> {
        let mark = self.mark();
        let starred = self.token == Token::Star;
        self.star_target()?;
        if self.token == Token::Comma {
            self.wrap(mark)?;
            self.down(1, |this| {
                while this.skip(Token::Comma)? {
                    if this.token == Token::In {
                        break;
                    }
                    this.star_target()?;
                }
                Some(())
            })?;
        } else if starred {
            return None;
        }
        self.release(mark);
        Some(())
    }

    /// `star_target`
    fn star_target(&mut self) -> Option<()> {
        if self.skip(Token::Star)? {
            return self.down(1, Self::target_with_star_atom);
        }
        self.target_with_star_atom()
    }

    /// `target_with_star_atom`
    pub(super) fn target_with_star_atom(&mut self) -> Option<()> {
        let mark = self.mark();
        let kind = self.primary(mark)?;
        self.release(mark);
        kind.is(Kind::ASSIGNABLE).then_some(())
    }

    /// `del_targets`, up to the end of the statement.
    pub(super) fn del_targets(&mut self) -> Option<()> {
        loop {
            let mark = self.mark();
            let kind = self.primary(mark)?;
            self.release(mark);
            if !kind.is(Kind::DELETABLE) {
                return None;
            }
            if !self.skip(Token::Comma)? || self.is_at_statement_end() {
                return self.is_at_statement_end().then_some(());
            }
        }
    }
}
