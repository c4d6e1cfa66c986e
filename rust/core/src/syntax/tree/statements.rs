//! Statements, their clauses and parameters.

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;

use super::{Doubt, FactKind, Visitor};

impl<'a> Visitor<'a> {
    pub(super) fn statement(&mut self, statement: &'a Stmt) {
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
                if begins_with_target_in_parentheses(node) {
                    self.doubt(Doubt::Invalid("the target of an annotation goes on behind one in parentheses"));
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

    pub(super) fn function(&mut self, function: &'a ast::StmtFunctionDef) {
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
    pub(super) fn def_offset(&self, function: &ast::StmtFunctionDef) -> usize {
        let Some(decorator) = function.decorator_list.last() else {
            return function.range.start().to_usize();
        };
        self.next_token(decorator.range().end().to_usize())
    }

    /// An `elif` is an `If` of its own, one level down; an `else` belongs to the `If` before it.
    pub(super) fn rest_of_if(&mut self, clauses: &'a [ast::ElifElseClause]) {
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

    pub(super) fn try_statement(&mut self, node: &'a ast::StmtTry) {
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

    pub(super) fn arguments(&mut self, arguments: &'a ast::Arguments) {
        for argument in &arguments.args {
            self.argument(argument);
        }
        for keyword in &arguments.keywords {
            self.down(|visitor| visitor.expression(&keyword.value));
        }
    }

    pub(super) fn parameters(&mut self, parameters: &'a ast::Parameters) {
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

    pub(super) fn parameter(&mut self, parameter: &'a ast::Parameter) {
        if let Some(annotation) = &parameter.annotation {
            self.down(|visitor| visitor.expression(annotation));
        }
    }

    pub(super) fn type_parameters(&mut self, parameters: Option<&'a ast::TypeParams>) {
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
}

/// Whether the target of an annotation goes on behind another one in parentheses, as `(a).b: c`, but not `(f()).b: c`: CPython takes such a
/// group for the whole target and does not try again.
fn begins_with_target_in_parentheses(node: &ast::StmtAnnAssign) -> bool {
    let start = node.start();
    let mut first = &*node.target;
    if first.start() != start {
        // All of it stands in parentheses.
        return false;
    }
    // What begins with a group begins where the group does; what is in the group does not.
    while first.start() == start {
        first = match first {
            Expr::Attribute(node) => &node.value,
            Expr::Subscript(node) => &node.value,
            Expr::Call(node) => &node.func,
            _ => return false,
        };
    }
    matches!(first, Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_))
}
