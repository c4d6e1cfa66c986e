//! From the parser's statements to symbols. The nesting of statements is bounded by the guard, and expressions are not entered.

use ruff_python_ast::token::Tokens;
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::signature::{self, Header};
use super::{Symbol, SymbolKind};
use crate::source::{LineStarts, is_python_space};

/// What the statements stand in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Module,
    Class,
    Function,
}

pub(super) struct Visitor<'a> {
    text: &'a str,
    tokens: &'a Tokens,
    starts: LineStarts,
    depth: u32,
    pub(super) symbols: Vec<Symbol>,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(text: &'a str, tokens: &'a Tokens, starts: LineStarts) -> Self {
        Self { text, tokens, starts, depth: 0, symbols: Vec::new() }
    }

    pub(super) fn module(&mut self, body: &[Stmt]) {
        self.body(body, Scope::Module);
    }

    fn body(&mut self, body: &[Stmt], scope: Scope) {
        for statement in body {
            self.statement(statement, scope);
        }
    }

    fn statement(&mut self, statement: &Stmt, scope: Scope) {
        match statement {
            // Lost to an error in the text: what stands in it is told of as if it stood around it.
            Stmt::FunctionDef(node) if node.name.is_empty() => self.body(&node.body, scope),
            Stmt::ClassDef(node) if node.name.is_empty() => self.body(&node.body, scope),
            Stmt::FunctionDef(node) => {
                let kind = if scope == Scope::Class { SymbolKind::Method } else { SymbolKind::Function };
                self.definition(kind, node.is_async, &node.name, &node.decorator_list, node.range, &node.body);
                self.inside(&node.body, Scope::Function);
            }
            Stmt::ClassDef(node) => {
                self.definition(SymbolKind::Class, false, &node.name, &node.decorator_list, node.range, &node.body);
                self.inside(&node.body, Scope::Class);
            }
            Stmt::Assign(node) if scope != Scope::Function => {
                for target in &node.targets {
                    self.targets(target, node.range);
                }
            }
            Stmt::AnnAssign(node) if scope != Scope::Function => {
                if let Expr::Name(name) = &*node.target {
                    let annotation = signature::between(self.text, self.tokens, node.annotation.range());
                    self.variable(&name.id, format!("{}: {annotation}", name.id), node.range);
                }
            }
            Stmt::TypeAlias(node) if scope != Scope::Function => {
                if let Expr::Name(name) = &*node.name {
                    self.variable(&name.id, format!("type {}", name.id), node.range);
                }
            }
            Stmt::For(node) => {
                self.body(&node.body, scope);
                self.body(&node.orelse, scope);
            }
            Stmt::While(node) => {
                self.body(&node.body, scope);
                self.body(&node.orelse, scope);
            }
            Stmt::If(node) => {
                self.body(&node.body, scope);
                for clause in &node.elif_else_clauses {
                    self.body(&clause.body, scope);
                }
            }
            Stmt::With(node) => self.body(&node.body, scope),
            Stmt::Match(node) => {
                for case in &node.cases {
                    self.body(&case.body, scope);
                }
            }
            Stmt::Try(node) => {
                self.body(&node.body, scope);
                for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
                    self.body(&handler.body, scope);
                }
                self.body(&node.orelse, scope);
                self.body(&node.finalbody, scope);
            }
            _ => {}
        }
    }

    fn inside(&mut self, body: &[Stmt], scope: Scope) {
        self.depth += 1;
        self.body(body, scope);
        self.depth -= 1;
    }

    fn definition(
        &mut self,
        kind: SymbolKind,
        is_async: bool,
        name: &ast::Identifier,
        decorators: &[ast::Decorator],
        range: TextRange,
        body: &[Stmt],
    ) {
        let start = decorators.last().map_or(range.start(), |last| last.range.end());
        let end = body.first().map_or(range.end(), Ranged::start);
        let Header { start, text } = signature::header(self.text, self.tokens, TextRange::new(start, end.max(start)));
        self.symbols.push(Symbol {
            depth: self.depth,
            kind,
            is_async,
            name: name.as_str().to_owned(),
            line: self.starts.line(start),
            first_line: self.starts.line(range.start().to_usize()),
            last_line: self.starts.line(range.end().to_usize()),
            signature: text,
            doc: body.first().and_then(doc),
        });
    }

    /// The names among the targets of an assignment, which nest in tuples and lists.
    fn targets(&mut self, target: &Expr, range: TextRange) {
        let mut left = vec![target];
        while let Some(target) = left.pop() {
            match target {
                Expr::Name(name) => self.variable(&name.id, name.id.to_string(), range),
                Expr::Tuple(node) => left.extend(node.elts.iter().rev()),
                Expr::List(node) => left.extend(node.elts.iter().rev()),
                Expr::Starred(node) => left.push(&node.value),
                _ => {}
            }
        }
    }

    fn variable(&mut self, name: &str, signature: String, range: TextRange) {
        if name.is_empty() {
            return;
        }
        let line = self.starts.line(range.start().to_usize());
        self.symbols.push(Symbol {
            depth: self.depth,
            kind: SymbolKind::Variable,
            is_async: false,
            name: name.to_owned(),
            line,
            first_line: line,
            last_line: self.starts.line(range.end().to_usize()),
            signature,
            doc: None,
        });
    }
}

/// The first line of a docstring that is not blank.
fn doc(statement: &Stmt) -> Option<String> {
    let Stmt::Expr(statement) = statement else { return None };
    let Expr::StringLiteral(literal) = &*statement.value else { return None };
    let lines = literal.value.to_str().split(['\n', '\r']).map(|line| line.trim_matches(is_python_space));
    lines.filter(|line| !line.is_empty()).map(str::to_owned).next()
}
