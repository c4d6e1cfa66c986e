//! Parameters of functions and lambdas.

use super::Recogniser;
use super::token::Token;

/// What came before the current parameter.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is about another thing that may have come")]
struct Before {
    any: bool,
    slash: bool,
    star: bool,
    default: bool,
    /// A star alone, behind which a name must come.
    bare_star: bool,
}

impl Recogniser<'_> {
    /// `params`, `parameters` up to `)`, or `lambda_params`, `lambda_parameters` up to `:`, which have no annotations; goes on past the
    /// closing token.
    ///
    /// Stands for `slash_no_default`, `slash_with_default`, `star_etc`, `kwds` and their `lambda_` forms, too.
    /// The current node is the `arguments`. Gives how many parameters stand between `/` and `*`.
    pub(super) fn parameters(&mut self, close: Token) -> Option<u32> {
        let annotated = close == Token::RightParenthesis;
        let first_hit = self.hit_count();
        let mut before = Before::default();
        let mut count = 0;
        while self.token != close {
            if before.bare_star && self.token != Token::Name {
                return None;
            }
            before.bare_star = false;
            match self.token {
                Token::Name => {
                    self.parameter(annotated)?;
                    if self.skip(Token::Equal)? {
                        self.down(1, Self::expression)?;
                        before.default = true;
                    } else if before.default && !before.star {
                        return None;
                    }
                    if !before.star {
                        count += 1;
                    }
                }
                Token::Slash => {
                    if before.slash || before.star || !before.any {
                        return None;
                    }
                    before.slash = true;
                    count = 0;
                    self.next()?;
                }
                Token::Star => {
                    if before.star {
                        return None;
                    }
                    before.star = true;
                    self.next()?;
                    before.bare_star = self.token == Token::Comma;
                    if !before.bare_star {
                        self.expect(Token::Name)?;
                        if annotated {
                            self.star_annotation()?;
                        }
                    }
                }
                Token::DoubleStar => {
                    self.next()?;
                    self.parameter(annotated)?;
                    self.skip(Token::Comma)?;
                    break;
                }
                _ => return None,
            }
            before.any = true;
            if !self.skip(Token::Comma)? {
                break;
            }
        }
        // The fields put annotations, and defaults of keyword-only parameters, before other defaults.
        if before.bare_star || self.hit_count() > first_hit + 1 {
            return None;
        }
        self.expect(close)?;
        Some(count)
    }

    /// `param` or `lambda_param`, of `param_no_default`, `param_with_default`, `param_maybe_default`, `param_no_default_star_annotation`,
    /// and `lambda_param_no_default`, `lambda_param_with_default`, `lambda_param_maybe_default`, with its `annotation`.
    fn parameter(&mut self, annotated: bool) -> Option<()> {
        self.expect(Token::Name)?;
        if annotated && self.skip(Token::Colon)? {
            // An `arg` is a level of its own.
            self.down(2, Self::expression)?;
        }
        Some(())
    }

    /// `star_annotation` of a `param_star_annotation`, if there is one.
    fn star_annotation(&mut self) -> Option<()> {
        if !self.skip(Token::Colon)? {
            return Some(());
        }
        self.down(2, |this| {
            if this.token == Token::Star { this.star_expression().map(drop) } else { this.expression().map(drop) }
        })
    }
}
