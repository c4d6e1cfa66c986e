//! The parser as a producer of facts: one parse, one visit.
//!
//! The visit is depth first and records the depth of each hit; a stable sort by depth then gives the order of CPython's `ast.walk`, which
//! is breadth first. That needs CPython's depths, not those of this parser's tree: `arguments`, `arg`, `keyword`, `withitem`,
//! `comprehension`, `match_case`, `ExceptHandler`, `FormattedValue` and a format specification are levels of their own, each `elif` is an
//! `If` inside the one before, and decorators are plain children. Children come in the order of CPython's `_fields`.

use ruff_python_ast as ast;
use ruff_python_ast::{Expr, Pattern, PythonVersion, Stmt};
use ruff_python_parser::{LexicalErrorType, Mode, ParseErrorType, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange};

use super::facts::{Callee, Fact, FactKind};
use super::guard::MAX_DEPTH;
use super::interpreter::Grammar;
use crate::source::Positions;

/// What the parser says of a text.
pub(crate) enum Parse {
    /// It is a module with these facts.
    Accepted(Accepted),
    /// It is not.
    Rejected(Rejection),
}

/// A text that parses.
#[derive(Default)]
pub(crate) struct Accepted {
    pub(crate) facts: Vec<Fact>,
    /// Depth of the tree in CPython's count.
    pub(crate) depth: u32,
    /// A form of which CPython refuses some.
    pub(crate) doubt: Option<Doubt>,
    /// Names with characters outside ASCII, as written.
    pub(crate) foreign_names: Vec<String>,
}

/// A form that this parser accepts and CPython may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// Most of these are valid, so it is taken as valid where CPython cannot be asked.
    Valid,
    /// None of these is known to be valid, so it is taken as an error where CPython cannot be asked.
    Invalid(&'static str),
    /// As `Invalid`, in the grammar before Python 3.12.
    InvalidBefore312(&'static str),
}

/// The first error of a text.
pub(crate) struct Rejection {
    /// Name of the exception class, as far as the parser's error tells it.
    pub(crate) exception: &'static str,
    pub(crate) message: String,
    /// Byte offset of the error.
    pub(crate) offset: usize,
    /// Whether every error is of a kind that the parser is known to report on valid text.
    pub(crate) false_alarm: bool,
}

/// Parses a text whose depth the guard has bounded.
pub(crate) fn parse(text: &str, grammar: Grammar) -> Parse {
    match parse_as_it_is(text, grammar) {
        Parse::Rejected(rejection) => parse_with_plain_keys(text, grammar, rejection),
        accepted @ Parse::Accepted(_) => accepted,
    }
}

/// Parses once more, with f-strings as keys of mapping patterns as plain strings of the same length: CPython takes them, this version of
/// the parser does not.
fn parse_with_plain_keys(text: &str, grammar: Grammar, mut rejection: Rejection) -> Parse {
    let mut plain = text.to_owned();
    for _ in 0..MAX_PLAIN_KEYS {
        let Some(prefix) = f_string_key(&plain, rejection.offset) else { break };
        let replacement = if prefix.len() == 1 { " " } else { " r" };
        plain.replace_range(prefix, replacement);
        match parse_as_it_is(&plain, grammar) {
            Parse::Rejected(next) if next.offset > rejection.offset => rejection = next,
            Parse::Rejected(_) => break,
            accepted @ Parse::Accepted(_) => return accepted,
        }
    }
    Parse::Rejected(rejection)
}

/// The prefix of an f-string that begins at an offset, behind `{` or `,`, and that holds at most names: no facts.
fn f_string_key(text: &str, offset: usize) -> Option<std::ops::Range<usize>> {
    let (before, after) = text.split_at_checked(offset)?;
    if !before.trim_end().ends_with(['{', ',']) {
        return None;
    }
    let quote = after.find(['"', '\''])?;
    let is_prefix =
        matches!(&after.as_bytes()[..quote], [b'f' | b'F'] | [b'f' | b'F', b'r' | b'R'] | [b'r' | b'R', b'f' | b'F']);
    let delimiter = &after[quote..=quote];
    let content = after[quote + 1..].split(delimiter).next()?;
    let mut pieces = content.split('{');
    let holds_names = !pieces.next()?.contains(['\\', '\n', '}'])
        && pieces.all(|piece| {
            piece.split_once('}').is_some_and(|(name, rest)| {
                !rest.contains(['\\', '\n', '}'])
                    && !name.is_empty()
                    && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            })
        });
    (is_prefix && holds_names).then_some(offset..offset + quote)
}

fn parse_as_it_is(text: &str, grammar: Grammar) -> Parse {
    let version = PythonVersion { major: 3, minor: grammar.minor };
    let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module).with_target_version(version));
    let error = parsed.errors().first();
    let unsupported = parsed.unsupported_syntax_errors().first();
    if error.is_some() || unsupported.is_some() {
        let rejection = match (error, unsupported) {
            (Some(error), other) if other.is_none_or(|other| error.location.start() <= other.range.start()) => {
                Rejection {
                    exception: exception_of(&error.error),
                    message: error.error.to_string(),
                    offset: error.location.start().to_usize(),
                    false_alarm: other.is_none()
                        && parsed.errors().iter().all(|error| is_false_alarm(text, error.location)),
                }
            }
            (_, other) => Rejection {
                exception: "SyntaxError",
                message: other.map_or_else(String::new, ToString::to_string),
                offset: other.map_or(0, |other| other.range.start().to_usize()),
                false_alarm: false,
            },
        };
        if !rejection.false_alarm {
            return Parse::Rejected(rejection);
        }
    }
    let ast::Mod::Module(module) = parsed.syntax() else {
        return Parse::Accepted(Accepted::default());
    };
    let mut visitor = Visitor { text, integer_digits: grammar.integer_digits, depth: 1, ..Visitor::default() };
    visitor.body(&module.body);
    let foreign_names = if text.is_ascii() {
        Vec::new()
    } else {
        let names = parsed.tokens().iter().filter(|token| token.kind() == ast::token::TokenKind::Name);
        let names = names.map(|token| &text[token.range()]).filter(|name| !name.is_ascii());
        names.map(str::to_owned).collect()
    };
    Parse::Accepted(Accepted {
        depth: visitor.deepest,
        doubt: visitor.doubt,
        foreign_names,
        facts: visitor.into_facts(),
    })
}

/// CPython's class for an error of the parser. `TabError` is found by the guard.
fn exception_of(error: &ParseErrorType) -> &'static str {
    match error {
        ParseErrorType::UnexpectedIndentation | ParseErrorType::Lexical(LexicalErrorType::IndentationError) => {
            "IndentationError"
        }
        ParseErrorType::OtherError(message) if message.starts_with("Expected an indented block") => "IndentationError",
        _ => "SyntaxError",
    }
}

/// Valid Python that this version of the parser reports: a bare `raise` followed by a semicolon.
fn is_false_alarm(text: &str, location: TextRange) -> bool {
    let (before, after) = text.split_at(location.start().to_usize());
    let before = before.trim_end_matches([' ', '\t', '\x0c']);
    let Some(rest) = before.strip_suffix("raise") else { return false };
    after.starts_with(';')
        && !rest.ends_with(|character: char| character.is_alphanumeric() || character == '_' || character == '.')
}

/// How many f-strings as keys of mapping patterns are taken in one text.
const MAX_PLAIN_KEYS: usize = 8;

/// A fact before its place is turned into a line.
struct Hit {
    depth: u32,
    offset: usize,
    kind: FactKind,
}

#[derive(Default)]
struct Visitor<'a> {
    text: &'a str,
    integer_digits: usize,
    depth: u32,
    deepest: u32,
    hits: Vec<Hit>,
    doubt: Option<Doubt>,
}

impl<'a> Visitor<'a> {
    fn into_facts(mut self) -> Vec<Fact> {
        self.hits.sort_by_key(|hit| hit.depth);
        let mut by_offset: Vec<u32> = (0..self.hits.len() as u32).collect();
        by_offset.sort_unstable_by_key(|&index| self.hits[index as usize].offset);
        let mut places = vec![(0, 0); self.hits.len()];
        let mut positions = Positions::new(self.text);
        for index in by_offset {
            places[index as usize] = positions.at(self.hits[index as usize].offset);
        }
        let hits = self.hits.into_iter().zip(places);
        hits.map(|(hit, (line, column))| Fact { line, column, kind: hit.kind }).collect()
    }

    fn hit(&mut self, offset: usize, kind: FactKind) {
        self.hits.push(Hit { depth: self.depth, offset, kind });
    }

    /// Notes a doubtful form; one is enough.
    fn doubt(&mut self, doubt: Doubt) {
        self.doubt.get_or_insert(doubt);
    }

    /// The first byte from an offset on that is no blank; 0 at the end of the text.
    fn next_byte(&self, offset: usize) -> u8 {
        let rest = &self.text.as_bytes()[offset..];
        rest.iter().copied().find(|byte| !matches!(byte, b' ' | b'\t' | 0x0c)).unwrap_or(0)
    }

    /// Whether what follows an offset can stand behind a whole expression.
    fn ends_expression(&self, offset: usize) -> bool {
        matches!(self.next_byte(offset), 0 | b')' | b']' | b'}' | b':' | b';' | b'!' | b'#' | b'\n' | b'\r')
    }

    /// Visits a child of the current node.
    #[inline]
    fn down(&mut self, visit: impl FnOnce(&mut Self)) {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        // Deeper trees are refused by their depth; the walk itself must not go on.
        if self.depth <= MAX_DEPTH {
            visit(self);
        }
        self.depth -= 1;
    }

    fn body(&mut self, statements: &'a [Stmt]) {
        for statement in statements {
            if !matches!(
                statement,
                Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) | Stmt::Import(_) | Stmt::ImportFrom(_)
            ) {
                self.down(|visitor| visitor.statement(statement));
            }
        }
    }

    #[inline]
    fn expression(&mut self, expression: &'a Expr) {
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

    fn optional(&mut self, expression: Option<&'a Expr>) {
        if let Some(expression) = expression {
            self.expression(expression);
        }
    }

    fn expressions(&mut self, expressions: impl IntoIterator<Item = &'a Expr>) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    fn number(&mut self, number: &ast::ExprNumberLiteral) {
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

    fn statement(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => {
                if let Some(arguments) = &class.arguments {
                    self.arguments(arguments);
                }
                self.body(&class.body);
                self.expressions(class.decorator_list.iter().map(|decorator| &decorator.expression));
                self.type_parameters(class.type_params.as_deref());
            }
            Stmt::Return(node) => self.optional(node.value.as_deref()),
            Stmt::Delete(node) => self.expressions(&node.targets),
            Stmt::TypeAlias(node) => {
                self.type_parameters(node.type_params.as_deref());
                self.expression(&node.value);
            }
            Stmt::Assign(node) => {
                self.expressions(&node.targets);
                self.expression(&node.value);
            }
            Stmt::AugAssign(node) => {
                self.expression(&node.target);
                self.expression(&node.value);
            }
            Stmt::AnnAssign(node) => {
                if self.text.as_bytes().get(node.range.start().to_usize()) == Some(&b'(') {
                    // CPython takes a group for the whole target and does not try again: `(a).b: c` is an error, `(f()).b: c` is not.
                    self.doubt(Doubt::Valid);
                }
                self.expression(&node.target);
                self.expression(&node.annotation);
                self.optional(node.value.as_deref());
            }
            Stmt::For(node) => {
                self.expression(&node.target);
                self.expression(&node.iter);
                self.body(&node.body);
                self.body(&node.orelse);
            }
            Stmt::While(node) => {
                self.expression(&node.test);
                self.body(&node.body);
                self.body(&node.orelse);
            }
            Stmt::If(node) => {
                self.expression(&node.test);
                self.body(&node.body);
                self.rest_of_if(&node.elif_else_clauses);
            }
            Stmt::With(node) => {
                for item in &node.items {
                    self.down(|visitor| {
                        visitor.expression(&item.context_expr);
                        visitor.optional(item.optional_vars.as_deref());
                    });
                }
                self.body(&node.body);
            }
            Stmt::Match(node) => {
                self.expression(&node.subject);
                for case in &node.cases {
                    self.down(|visitor| {
                        visitor.pattern(&case.pattern);
                        visitor.optional(case.guard.as_deref());
                        visitor.body(&case.body);
                    });
                }
            }
            Stmt::Raise(node) => {
                self.optional(node.exc.as_deref());
                self.optional(node.cause.as_deref());
            }
            Stmt::Try(node) => self.try_statement(node),
            Stmt::Assert(node) => {
                self.expression(&node.test);
                self.optional(node.msg.as_deref());
            }
            Stmt::Global(node) => {
                let names = node.names.iter().map(|name| name.as_str().to_owned()).collect();
                self.hit(node.range.start().to_usize(), FactKind::Global(names));
            }
            Stmt::Expr(node) => self.expression(&node.value),
            _ => {}
        }
    }

    fn function(&mut self, function: &'a ast::StmtFunctionDef) {
        let name = function.name.as_str();
        let parameters = function.parameters.args.len() as u32;
        let returns = function.returns.is_some();
        if !function.is_async {
            let kind = FactKind::Function { name: name.to_owned(), parameters, returns };
            self.hit(self.def_offset(function), kind);
        }
        self.parameters(&function.parameters);
        self.body(&function.body);
        self.expressions(function.decorator_list.iter().map(|decorator| &decorator.expression));
        self.optional(function.returns.as_deref());
        self.type_parameters(function.type_params.as_deref());
    }

    /// Where `def` stands: the parser's range starts at the first decorator, CPython's `lineno` after the last.
    fn def_offset(&self, function: &ast::StmtFunctionDef) -> usize {
        let Some(decorator) = function.decorator_list.last() else {
            return function.range.start().to_usize();
        };
        let text = self.text.as_bytes();
        let mut offset = decorator.range().end().to_usize();
        while let Some(byte) = text.get(offset) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0c | b'\\' => offset += 1,
                b'#' => {
                    offset += memchr::memchr2(b'\n', b'\r', &text[offset..]).unwrap_or(text.len() - offset);
                }
                _ => break,
            }
        }
        offset
    }

    /// An `elif` is an `If` of its own, one level down; an `else` belongs to the `If` before it.
    fn rest_of_if(&mut self, clauses: &'a [ast::ElifElseClause]) {
        let Some((clause, rest)) = clauses.split_first() else { return };
        match &clause.test {
            Some(test) => self.down(|visitor| {
                visitor.expression(test);
                visitor.body(&clause.body);
                visitor.rest_of_if(rest);
            }),
            None => self.body(&clause.body),
        }
    }

    fn try_statement(&mut self, node: &'a ast::StmtTry) {
        if node.handlers.is_empty() && !node.orelse.is_empty() {
            self.doubt(Doubt::Invalid("a `try` with an `else` needs an `except`"));
        }
        self.body(&node.body);
        for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
            self.down(|visitor| {
                visitor.optional(handler.type_.as_deref());
                visitor.body(&handler.body);
            });
        }
        self.body(&node.orelse);
        self.body(&node.finalbody);
    }

    fn arguments(&mut self, arguments: &'a ast::Arguments) {
        self.expressions(&arguments.args);
        for keyword in &arguments.keywords {
            self.down(|visitor| visitor.expression(&keyword.value));
        }
    }

    fn parameters(&mut self, parameters: &'a ast::Parameters) {
        if parameters.is_empty() {
            return;
        }
        self.down(|visitor| {
            let positional = || parameters.posonlyargs.iter().chain(&parameters.args);
            for parameter in positional() {
                visitor.parameter(&parameter.parameter);
            }
            if let Some(parameter) = &parameters.vararg {
                visitor.parameter(parameter);
            }
            for parameter in &parameters.kwonlyargs {
                visitor.parameter(&parameter.parameter);
            }
            visitor.expressions(parameters.kwonlyargs.iter().filter_map(|parameter| parameter.default.as_deref()));
            if let Some(parameter) = &parameters.kwarg {
                visitor.parameter(parameter);
            }
            visitor.expressions(positional().filter_map(|parameter| parameter.default.as_deref()));
        });
    }

    fn parameter(&mut self, parameter: &'a ast::Parameter) {
        if let Some(annotation) = &parameter.annotation {
            self.down(|visitor| visitor.expression(annotation));
        }
    }

    fn type_parameters(&mut self, parameters: Option<&'a ast::TypeParams>) {
        for parameter in parameters.into_iter().flat_map(|parameters| &parameters.type_params) {
            self.down(|visitor| match parameter {
                ast::TypeParam::TypeVar(node) => {
                    visitor.optional(node.bound.as_deref());
                    visitor.optional(node.default.as_deref());
                }
                ast::TypeParam::ParamSpec(node) => visitor.optional(node.default.as_deref()),
                ast::TypeParam::TypeVarTuple(node) => visitor.optional(node.default.as_deref()),
            });
        }
    }

    fn comprehensions(&mut self, comprehensions: &'a [ast::Comprehension]) {
        for comprehension in comprehensions {
            self.down(|visitor| {
                visitor.expression(&comprehension.target);
                visitor.expression(&comprehension.iter);
                visitor.expressions(&comprehension.ifs);
            });
        }
    }

    /// An expression that has children, at its own depth.
    fn inner_expression(&mut self, expression: &'a Expr) {
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
            Expr::Named(node) => {
                self.expression(&node.target);
                self.expression(&node.value);
            }
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
            Expr::Dict(node) => {
                self.expressions(node.items.iter().filter_map(|item| item.key.as_ref()));
                self.expressions(node.items.iter().map(|item| &item.value));
            }
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
                    && self.next_byte(node.elt.end().to_usize()) != b')'
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
            Expr::Subscript(node) => {
                self.expression(&node.value);
                self.expression(&node.slice);
            }
            Expr::Starred(node) => self.expression(&node.value),
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

    /// The replacement fields of a string, or of a format specification `nesting` levels inside one.
    fn fields(&mut self, elements: &'a ast::InterpolatedStringElements, nesting: u32) {
        for element in elements {
            let ast::InterpolatedStringElement::Interpolation(field) = element else { continue };
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
    fn is_doubtful(&self, field: &ast::InterpolatedElement) -> bool {
        let converted = !matches!(field.conversion, ast::ConversionFlag::None);
        let before_end =
            field.format_spec.as_ref().map_or(field.range.end(), |specification| specification.range().start());
        let tail = &self.text[TextRange::new(field.expression.end(), before_end)];
        let blank_behind_conversion =
            converted && tail.trim_end_matches(['}', ':']).ends_with(|character: char| character.is_whitespace());
        blank_behind_conversion || field.expression.is_starred_expr()
    }

    fn pattern(&mut self, pattern: &'a Pattern) {
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
    fn not_the_wildcard(&mut self, value: &Expr) {
        let mut value = value;
        while let Expr::Attribute(node) = value {
            value = &node.value;
        }
        if matches!(value, Expr::Name(node) if node.id == "_") {
            self.doubt(Doubt::Invalid("`_` in a pattern is the wildcard, not a name"));
        }
    }

    fn patterns(&mut self, patterns: &'a [Pattern]) {
        for pattern in patterns {
            self.pattern(pattern);
        }
    }
}
