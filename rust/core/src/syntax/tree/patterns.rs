//! Patterns of `match`.

use ruff_python_ast::{Expr, Pattern};
use ruff_text_size::{Ranged, TextSize};

use super::{Doubt, Visitor};

impl<'a> Visitor<'a> {
    pub(super) fn pattern(&mut self, pattern: &'a Pattern) {
        self.down(|visitor| match pattern {
            Pattern::MatchValue(node) => {
                visitor.not_the_wildcard(&node.value);
                if !is_value(&node.value) {
                    visitor.doubt(Doubt::Invalid("a value pattern is a literal or a dotted name"));
                }
                visitor.expression(&node.value);
            }
            Pattern::MatchSequence(node) => {
                let lacks_comma = |pair: &[Pattern]| !visitor.has_comma(pair[0].end(), pair[1].start());
                if node.patterns.windows(2).any(lacks_comma) {
                    visitor.doubt(Doubt::Invalid("a comma between two patterns is missing"));
                }
                visitor.patterns(&node.patterns);
            }
            Pattern::MatchMapping(node) => {
                visitor.expressions(&node.keys);
                visitor.patterns(&node.patterns);
            }
            Pattern::MatchClass(node) => {
                if node.cls.start() != node.range.start() {
                    visitor.doubt(Doubt::Invalid("the name of a class pattern stands in parentheses"));
                }
                visitor.not_the_wildcard(&node.cls);
                if !is_dotted_name(&node.cls) {
                    visitor.doubt(Doubt::Invalid("the class of a class pattern is a dotted name"));
                }
                visitor.expression(&node.cls);
                visitor.patterns(&node.arguments.patterns);
                for keyword in &node.arguments.keywords {
                    if keyword.attr.start() != keyword.range.start() {
                        visitor.doubt(Doubt::Invalid("the name of a keyword pattern stands in parentheses"));
                    }
                    visitor.pattern(&keyword.pattern);
                }
            }
            Pattern::MatchAs(node) => {
                if let Some(pattern) = &node.pattern {
                    visitor.pattern(pattern);
                }
            }
            Pattern::MatchOr(node) => visitor.patterns(&node.patterns),
            Pattern::MatchSingleton(_) | Pattern::MatchStar(_) => {}
        });
    }

    /// Whether a comma stands between two patterns, outside of comments.
    fn has_comma(&self, start: TextSize, end: TextSize) -> bool {
        let between = &self.text[start.to_usize()..end.to_usize()];
        between.split(['\n', '\r']).any(|line| line.split('#').next().is_some_and(|code| code.contains(',')))
    }

    /// CPython reads `_` as the wildcard before it looks for a dot or a parenthesis.
    pub(super) fn not_the_wildcard(&mut self, value: &Expr) {
        let mut value = value;
        while let Expr::Attribute(node) = value {
            value = &node.value;
        }
        if matches!(value, Expr::Name(node) if node.id == "_") {
            self.doubt(Doubt::Invalid("`_` in a pattern is the wildcard, not a name"));
        }
    }

    pub(super) fn patterns(&mut self, patterns: &'a [Pattern]) {
        for pattern in patterns {
            self.pattern(pattern);
        }
    }
}

/// What may stand as a value, as far as the parser lets more through.
fn is_value(value: &Expr) -> bool {
    match value {
        Expr::Attribute(_) => is_dotted_name(value),
        Expr::UnaryOp(node) => matches!(&*node.operand, Expr::NumberLiteral(_)),
        Expr::BinOp(node) => is_value(&node.left) && is_value(&node.right),
        _ => true,
    }
}

fn is_dotted_name(mut value: &Expr) -> bool {
    while let Expr::Attribute(node) = value {
        value = &node.value;
    }
    matches!(value, Expr::Name(_))
}
