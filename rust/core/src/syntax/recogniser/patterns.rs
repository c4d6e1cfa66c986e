//! The `match` statement. Patterns hold no facts; only their depth counts.

use super::Recogniser;
use super::token::Token;

/// What a pattern is, as far as the rule around it cares.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Star,
    Other,
}

impl Recogniser<'_> {
    /// `match_stmt`, at a name `match`: false, and back at that name, if its line begins no such statement.
    pub(super) fn match_stmt(&mut self) -> Option<bool> {
        let checkpoint = self.checkpoint();
        if self.begins_match().is_none() {
            self.rewind(&checkpoint);
            return Some(false);
        }
        self.indented(Self::case_block)?;
        Some(true)
    }

    /// `"match" subject_expr ':'` before a line end. No simple statement ends with a colon.
    fn begins_match(&mut self) -> Option<()> {
        self.next()?;
        if matches!(self.token, Token::Equal | Token::Dot | Token::Comma | Token::RightParenthesis) {
            return None;
        }
        self.down(1, Self::subject_expr)?;
        self.expect(Token::Colon)?;
        (self.token == Token::Newline).then_some(())
    }

    /// `case_block`
    fn case_block(&mut self) -> Option<()> {
        if !self.is_name(b"case") {
            return None;
        }
        self.next()?;
        self.down(1, |this| {
            this.down(1, |this| {
                this.patterns()?;
                if this.skip(Token::If)? {
                    this.named_expression()?;
                }
                Some(())
            })?;
            this.block()
        })
    }

    /// `patterns`
    fn patterns(&mut self) -> Option<()> {
        let shape = self.maybe_star_pattern()?;
        if self.token == Token::Comma {
            return self.rest_of_sequence(Token::Colon);
        }
        (shape != Shape::Star).then_some(())
    }

    /// The patterns behind the first of an `open_sequence_pattern` or `maybe_sequence_pattern`, up to a closing token, or to a guard
    /// instead of a colon.
    fn rest_of_sequence(&mut self, close: Token) -> Option<()> {
        self.down(1, |this| {
            while this.skip(Token::Comma)? {
                if this.token == close || (close == Token::Colon && this.token == Token::If) {
                    break;
                }
                this.maybe_star_pattern()?;
            }
            Some(())
        })
    }

    /// `maybe_star_pattern`, `star_pattern`
    fn maybe_star_pattern(&mut self) -> Option<Shape> {
        if self.skip(Token::Star)? {
            self.expect(Token::Name)?;
            return Some(Shape::Star);
        }
        self.pattern()?;
        Some(Shape::Other)
    }

    /// `pattern`, `as_pattern`
    fn pattern(&mut self) -> Option<()> {
        self.enter()?;
        self.depth += 3;
        self.deepest = self.deepest.max(self.depth);
        self.or_pattern()?;
        self.depth -= 3;
        if self.skip(Token::As)? {
            self.pattern_capture_target()?;
        }
        self.leave();
        Some(())
    }

    /// `pattern_capture_target`
    fn pattern_capture_target(&mut self) -> Option<()> {
        if self.is_name(b"_") {
            return None;
        }
        self.expect(Token::Name)?;
        (!matches!(self.token, Token::Dot | Token::LeftParenthesis | Token::Equal)).then_some(())
    }

    /// `or_pattern`
    fn or_pattern(&mut self) -> Option<()> {
        loop {
            self.closed_pattern()?;
            if !self.skip(Token::Bar)? {
                return Some(());
            }
        }
    }

    /// `closed_pattern`, with `group_pattern` and `sequence_pattern`.
    fn closed_pattern(&mut self) -> Option<()> {
        match self.token {
            // A `wildcard_pattern`: what may follow other names may not follow this one, since its rule comes first in the grammar.
            Token::Name if self.is_name(b"_") => self.next(),
            Token::Name => {
                // A `capture_pattern` or a `value_pattern`, or else a `class_pattern`.
                self.name_or_attr()?;
                if self.skip(Token::LeftParenthesis)? { self.class_pattern_arguments() } else { Some(()) }
            }
            Token::LeftParenthesis => {
                self.next()?;
                if self.skip(Token::RightParenthesis)? {
                    return Some(());
                }
                let shape = self.maybe_star_pattern()?;
                if self.token == Token::Comma {
                    self.rest_of_sequence(Token::RightParenthesis)?;
                } else if shape == Shape::Star {
                    return None;
                }
                self.expect(Token::RightParenthesis)
            }
            Token::LeftBracket => {
                self.next()?;
                if self.skip(Token::RightBracket)? {
                    return Some(());
                }
                self.maybe_star_pattern()?;
                self.rest_of_sequence(Token::RightBracket)?;
                self.expect(Token::RightBracket)
            }
            Token::LeftBrace => self.mapping_pattern(),
            _ => self.literal_expr(),
        }
    }

    /// `literal_expr` or `literal_pattern`. An f-string is none that is surely accepted.
    fn literal_expr(&mut self) -> Option<()> {
        match self.token {
            Token::None | Token::True | Token::False => self.next(),
            Token::Text | Token::Bytes => {
                let token = self.token;
                while self.token == token {
                    self.next()?;
                }
                (!matches!(self.token, Token::Text | Token::Bytes | Token::FString)).then_some(())
            }
            Token::Number | Token::Minus => self.number_pattern(),
            _ => None,
        }
    }

    /// `signed_number` or `complex_number`, of `signed_real_number` (`real_number`) and `imaginary_number`.
    fn number_pattern(&mut self) -> Option<()> {
        self.skip(Token::Minus)?;
        let real = self.token == Token::Number && !self.is_imaginary();
        self.expect(Token::Number)?;
        if matches!(self.token, Token::Plus | Token::Minus) {
            self.next()?;
            if !real || self.token != Token::Number || !self.is_imaginary() {
                return None;
            }
            self.next()?;
        }
        Some(())
    }

    /// `name_or_attr`, `attr`: whether it has a dot.
    fn name_or_attr(&mut self) -> Option<bool> {
        let mut dotted = false;
        self.expect(Token::Name)?;
        let depth = self.depth;
        while self.skip(Token::Dot)? {
            dotted = true;
            self.expect(Token::Name)?;
            self.depth += 1;
        }
        self.deepest = self.deepest.max(self.depth);
        self.depth = depth;
        Some(dotted)
    }

    /// What follows the parenthesis of a `class_pattern`: `positional_patterns`, `keyword_patterns` of `keyword_pattern`.
    fn class_pattern_arguments(&mut self) -> Option<()> {
        let mut keywords = false;
        while self.token != Token::RightParenthesis {
            if self.begins_keyword_pattern()? {
                keywords = true;
                self.next()?;
                self.next()?;
            } else if keywords {
                return None;
            }
            self.pattern()?;
            if !self.skip(Token::Comma)? {
                break;
            }
        }
        self.expect(Token::RightParenthesis)
    }

    /// Whether a name and an equals sign come next.
    fn begins_keyword_pattern(&mut self) -> Option<bool> {
        if self.token != Token::Name {
            return Some(false);
        }
        let checkpoint = self.checkpoint();
        self.next()?;
        let is_keyword = self.token == Token::Equal;
        self.rewind(&checkpoint);
        Some(is_keyword)
    }

    /// `mapping_pattern`, with `items_pattern` and `double_star_pattern`.
    fn mapping_pattern(&mut self) -> Option<()> {
        self.next()?;
        while self.token != Token::RightBrace {
            if self.skip(Token::DoubleStar)? {
                self.pattern_capture_target()?;
                self.skip(Token::Comma)?;
                break;
            }
            self.mapping_key()?;
            self.expect(Token::Colon)?;
            self.pattern()?;
            if !self.skip(Token::Comma)? {
                break;
            }
        }
        self.expect(Token::RightBrace)
    }

    /// The key of a `key_value_pattern`: a literal or an attribute.
    fn mapping_key(&mut self) -> Option<()> {
        if self.token == Token::Name {
            return if self.name_or_attr()? { Some(()) } else { None };
        }
        self.literal_expr()
    }
}
