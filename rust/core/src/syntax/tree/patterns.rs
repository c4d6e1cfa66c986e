//! Patterns of `match`.

use ruff_python_ast::{Expr, Pattern};
use ruff_text_size::Ranged;

use super::{Doubt, Visitor};

impl<'a> Visitor<'a> {
    pub(super) fn pattern(&mut self, pattern: &'a Pattern) {
        self.down(|visitor| match pattern {
            Pattern::MatchValue(node) => {
                visitor.not_the_wildcard(&node.value);
                visitor.expression(&node.value);
            }
            Pattern::MatchSequence(node) => visitor.patterns(&node.patterns),
            Pattern::MatchMapping(node) => {
                visitor.expressions(&node.keys);
                visitor.patterns(&node.patterns);
            }
            Pattern::MatchClass(node) => {
                if node.cls.start() != node.range.start() {
                    visitor.doubt(Doubt::Invalid("the name of a class pattern stands in parentheses"));
                }
                visitor.not_the_wildcard(&node.cls);
                visitor.expression(&node.cls);
                visitor.patterns(&node.arguments.patterns);
                for keyword in &node.arguments.keywords {
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
