//! Expressions, comprehensions, fields of strings.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::{Doubt, FactKind, Visitor};
use crate::syntax::facts::Callee;

impl<'a> Visitor<'a> {
    #[inline]
    pub(super) fn expression(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(_)
            | Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_) => {}
            Expr::NumberLiteral(number) => self.number(number),
            _ => self.down(|visitor| visitor.inner_expression(expression)),
        }
    }

    /// An expression that has children, at its own depth.
    pub(super) fn inner_expression(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Call(node) => {
                if let Expr::Name(name) = &*node.func {
                    if let Some(callee) = Callee::from_name(name.id.as_str()) {
                        self.hit(node.range().start().to_usize(), FactKind::Call(callee));
                    }
                } else {
                    self.expression(&node.func);
                }
                self.arguments(&node.arguments);
            }
            Expr::Attribute(node) => self.expression(&node.value),
            Expr::BinOp(node) => {
                self.expression(&node.left);
                self.expression(&node.right);
            }
            Expr::BoolOp(node) => self.expressions(&node.values),
            Expr::Named(node) => self.named_expression(node),
            Expr::UnaryOp(node) => self.expression(&node.operand),
            Expr::Lambda(node) => {
                if let Some(parameters) = &node.parameters {
                    self.parameters(parameters);
                }
                self.expression(&node.body);
            }
            Expr::If(node) => {
                self.expression(&node.test);
                self.expression(&node.body);
                self.expression(&node.orelse);
            }
            Expr::Dict(node) => self.dict(node),
            Expr::Set(node) => self.expressions(&node.elts),
            Expr::ListComp(node) => {
                self.expression(&node.elt);
                self.comprehensions(&node.generators);
            }
            Expr::SetComp(node) => {
                self.expression(&node.elt);
                self.comprehensions(&node.generators);
            }
            Expr::Generator(node) => {
                if matches!(&*node.elt, Expr::Yield(_) | Expr::YieldFrom(_))
                    && !self.text[self.next_token(node.elt.end().to_usize())..].starts_with(')')
                {
                    self.doubt(Doubt::Invalid("a `yield` in a generator expression needs parentheses"));
                }
                self.expression(&node.elt);
                self.comprehensions(&node.generators);
            }
            Expr::DictComp(node) => {
                self.optional(node.key.as_deref());
                self.expression(&node.value);
                self.comprehensions(&node.generators);
            }
            Expr::Await(node) => self.expression(&node.value),
            Expr::Yield(node) => {
                if !self.ends_expression(node.range.end().to_usize()) {
                    self.doubt(Doubt::Invalid("a `yield` inside an expression needs parentheses"));
                }
                self.optional(node.value.as_deref());
            }
            Expr::YieldFrom(node) => self.expression(&node.value),
            Expr::Compare(node) => {
                self.expression(&node.left);
                self.expressions(&node.comparators);
            }
            Expr::FString(node) => {
                for part in &node.value {
                    if let ast::FStringPart::FString(string) = part {
                        self.fields(&string.elements, 0);
                    }
                }
            }
            Expr::TString(node) => {
                for string in &node.value {
                    self.fields(&string.elements, 0);
                }
            }
            Expr::Subscript(node) => self.subscript(node),
            Expr::Starred(node) => {
                self.starred(node.range.start(), &node.value);
                self.expression(&node.value);
            }
            Expr::List(node) => self.expressions(&node.elts),
            Expr::Tuple(node) => self.expressions(&node.elts),
            Expr::Slice(node) => {
                self.optional(node.lower.as_deref());
                self.optional(node.upper.as_deref());
                self.optional(node.step.as_deref());
            }
            _ => {}
        }
    }

    fn dict(&mut self, node: &'a ast::ExprDict) {
        let mut start = node.range.start();
        for item in &node.items {
            if item.key.is_none() {
                self.starred(start, &item.value);
            }
            start = item.value.end();
        }
        self.expressions(node.items.iter().filter_map(|item| item.key.as_ref()));
        self.expressions(node.items.iter().map(|item| &item.value));
    }

    fn subscript(&mut self, node: &'a ast::ExprSubscript) {
        self.expression(&node.value);
        match &*node.slice {
            Expr::Tuple(tuple) if !tuple.parenthesized => {
                self.down(|visitor| tuple.elts.iter().for_each(|element| visitor.argument(element)));
            }
            slice => self.argument(slice),
        }
    }

    /// An argument or an index; behind its star any expression may stand.
    pub(super) fn argument(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Starred(node) => self.down(|visitor| visitor.expression(&node.value)),
            _ => self.expression(expression),
        }
    }

    /// Notes an operation behind a star, or two, if it needs parentheses and has none.
    ///
    /// The parser takes a parenthesis that ends before the operator for one around all of it.
    ///
    /// `start` is before the star, and behind what stands before that.
    fn starred(&mut self, start: TextSize, value: &Expr) {
        if !binds_weakly(value) {
            return;
        }
        let mut is_open = false;
        for line in self.text[TextRange::new(start, value.start())].lines() {
            for byte in line.split('#').next().unwrap_or_default().bytes() {
                match byte {
                    b'*' => is_open = false,
                    b'(' => is_open = true,
                    _ => {}
                }
            }
        }
        if !is_open {
            self.doubt(Doubt::Invalid("an operation behind a star needs parentheses"));
        }
    }

    fn named_expression(&mut self, node: &'a ast::ExprNamed) {
        if node.target.start() != node.range.start() {
            self.doubt(Doubt::Invalid("the target of `:=` stands in parentheses"));
        }
        self.expression(&node.target);
        self.expression(&node.value);
    }

    pub(super) fn comprehensions(&mut self, comprehensions: &'a [ast::Comprehension]) {
        for comprehension in comprehensions {
            self.down(|visitor| {
                visitor.expression(&comprehension.target);
                visitor.expression(&comprehension.iter);
                visitor.expressions(&comprehension.ifs);
            });
        }
    }

    pub(super) fn number(&mut self, number: &ast::ExprNumberLiteral) {
        if self.integer_digits == 0 || number.range.len().to_usize() <= self.integer_digits {
            return;
        }
        let written = &self.text[number.range];
        let is_decimal = !matches!(written.as_bytes().get(1), Some(b'x' | b'X' | b'o' | b'O' | b'b' | b'B'));
        if number.value.is_int() && is_decimal {
            let digits = written.bytes().filter(u8::is_ascii_digit).count();
            if digits > self.integer_digits {
                self.doubt(Doubt::Invalid("an integer literal has too many digits"));
            }
        }
    }

    /// The replacement fields of a string, or of a format specification `nesting` levels inside one.
    pub(super) fn fields(&mut self, elements: &'a ast::InterpolatedStringElements, nesting: u32) {
        for element in elements {
            let ast::InterpolatedStringElement::Interpolation(field) = element else { continue };
            if nesting > 0 && field.debug_text.is_some() {
                // CPython 3.12 takes it and cannot make a tree of it.
                self.doubt(Doubt::Valid);
            }
            if nesting > 1 || self.is_doubtful(field) {
                self.doubt(Doubt::InvalidBefore312("a form of f-string that needs a later Python"));
            }
            self.down(|visitor| {
                visitor.expression(&field.expression);
                if let Some(specification) = &field.format_spec {
                    visitor.down(|visitor| visitor.fields(&specification.elements, nesting + 1));
                }
            });
        }
    }

    /// Forms of a field that the parser takes for any target version and CPython does not: a blank behind the conversion, a star.
    pub(super) fn is_doubtful(&self, field: &ast::InterpolatedElement) -> bool {
        let converted = !matches!(field.conversion, ast::ConversionFlag::None);
        let before_end =
            field.format_spec.as_ref().map_or(field.range.end(), |specification| specification.range().start());
        let tail = &self.text[TextRange::new(field.expression.end(), before_end)];
        let blank_behind_conversion =
            converted && tail.trim_end_matches(['}', ':']).ends_with(|character: char| character.is_whitespace());
        blank_behind_conversion || field.expression.is_starred_expr()
    }
}

/// Whether an expression binds less than `|` does, which is what may stand bare behind the star of an element.
fn binds_weakly(expression: &Expr) -> bool {
    match expression {
        Expr::BoolOp(_) | Expr::Compare(_) | Expr::Lambda(_) | Expr::If(_) | Expr::Named(_) => true,
        Expr::UnaryOp(node) => node.op == ast::UnaryOp::Not,
        _ => false,
    }
}
