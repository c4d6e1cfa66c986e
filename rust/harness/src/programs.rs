//! Programs generated from the grammar, rich in facts and in the orders that differ from that of the text.

use crate::random::Random;

/// A module of a few statements.
pub fn program(random: &mut Random) -> String {
    let mut writer = Writer { random, text: String::new(), indent: 0, budget: 60 };
    for _ in 0..=writer.random.below(4) {
        writer.statement();
    }
    writer.text
}

struct Writer<'a> {
    random: &'a mut Random,
    text: String,
    indent: usize,
    /// How many more nodes may have children.
    budget: usize,
}

impl Writer<'_> {
    fn is_spent(&mut self) -> bool {
        self.budget = self.budget.saturating_sub(1);
        self.budget == 0
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.random.below(chances) == 0
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(&"    ".repeat(self.indent));
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn block(&mut self, head: &str) {
        if self.one_in(8) {
            let body = self.random.pick(&["pass", "print(1)", "global g; x = 1"]);
            return self.line(&format!("{head}: {body}"));
        }
        self.line(&format!("{head}:"));
        self.indent += 1;
        for _ in 0..=self.random.below(3) {
            self.statement();
        }
        self.indent -= 1;
    }

    fn statement(&mut self) {
        if self.is_spent() || self.indent > 5 {
            return self.line("pass");
        }
        match self.random.below(20) {
            0 => self.if_statement(),
            1 => self.function("def"),
            2 => self.function("async def"),
            3 => self.class(),
            4 => {
                let head = format!("for {} in {}", self.target(), self.expressions());
                self.block(&head);
                self.maybe_else();
            }
            5 => {
                let head = format!("while {}", self.named());
                self.block(&head);
                self.maybe_else();
            }
            6 => self.try_statement(),
            7 => self.with_statement(),
            8 => self.match_statement(),
            9 => self.line("global a, b"),
            10 => {
                let text = format!("return {}", self.expressions());
                self.line(&text);
            }
            11 => {
                let text = format!("{}: {} = {}", self.place(), self.expression(), self.expressions());
                self.line(&text);
            }
            12 => {
                let text = format!("{} += {}", self.place(), self.expressions());
                self.line(&text);
            }
            13 => {
                let text = format!("assert {}, {}", self.expression(), self.expression());
                self.line(&text);
            }
            14 => {
                let text = format!("raise {} from {}", self.expression(), self.expression());
                self.line(&text);
            }
            15 => {
                let text = format!("del {}, {}", self.place(), self.place());
                self.line(&text);
            }
            16 => {
                let text = format!("{} = {} = {}", self.target(), self.place(), self.expressions());
                self.line(&text);
            }
            17 => {
                let text = format!("x = yield {}; nonlocal q; import a.b as c, d", self.expressions());
                self.line(&text);
            }
            _ => {
                let text = self.expressions();
                self.line(&text);
            }
        }
    }

    fn maybe_else(&mut self) {
        if self.one_in(3) {
            self.block("else");
        }
    }

    fn if_statement(&mut self) {
        let head = format!("if {}", self.named());
        self.block(&head);
        for _ in 0..self.random.below(3) {
            let head = format!("elif {}", self.named());
            self.block(&head);
        }
        self.maybe_else();
    }

    fn decorators(&mut self) {
        for _ in 0..self.random.below(3) {
            let text = format!("@{}", self.named());
            self.line(&text);
        }
    }

    fn function(&mut self, keyword: &str) {
        self.decorators();
        let name = self.random.pick(&["f", "_g", "print", "method"]);
        let parameters = self.parameters(true);
        let returns = if self.one_in(2) { format!(" -> {}", self.expression()) } else { String::new() };
        self.block(&format!("{keyword} {name}({parameters}){returns}"));
    }

    fn parameters(&mut self, annotated: bool) -> String {
        let mut parts = Vec::new();
        let mut default = false;
        for index in 0..self.random.below(4) {
            let mut part = format!("p{index}");
            if annotated && self.one_in(4) {
                part = format!("{part}: {}", self.expression());
            }
            if default || self.one_in(5) {
                default = true;
                part = format!("{part}={}", self.expression());
            }
            parts.push(part);
            if index == 1 && self.one_in(4) {
                parts.push("/".into());
            }
        }
        if self.one_in(4) {
            parts.push(self.random.pick(&["*args", "*, k", "*args, k=1"]).into());
        }
        if self.one_in(4) {
            parts.push("**kwargs".into());
        }
        parts.join(", ")
    }

    fn class(&mut self) {
        self.decorators();
        let head = if self.one_in(2) {
            "class A".into()
        } else {
            format!("class A({}, k={})", self.expression(), self.expression())
        };
        self.block(&head);
    }

    fn try_statement(&mut self) {
        self.block("try");
        let star = if self.one_in(4) { "*" } else { "" };
        for _ in 0..=self.random.below(2) {
            let head = format!("except{star} {} as e", self.expression());
            self.block(&head);
        }
        if star.is_empty() && self.one_in(3) {
            self.block("except");
        }
        self.maybe_else();
        if self.one_in(3) {
            self.block("finally");
        }
    }

    fn with_statement(&mut self) {
        let (one, other) = (self.expression(), self.expression());
        let head = match self.random.below(5) {
            0 => format!("with {one}"),
            1 => format!("with {one} as {}, {other}", self.place()),
            2 => format!("with ({one} as {}, {other},)", self.place()),
            3 => format!("with ({one}, {other})"),
            _ => format!("with ({one}, {other}) as x"),
        };
        self.block(&head);
    }

    fn match_statement(&mut self) {
        let subject = self.expressions();
        self.line(&format!("match {subject}:"));
        self.indent += 1;
        for _ in 0..=self.random.below(3) {
            let pattern = self.pattern(3);
            let guard = if self.one_in(3) { format!(" if {}", self.named()) } else { String::new() };
            self.block(&format!("case {pattern}{guard}"));
        }
        self.indent -= 1;
    }

    fn pattern(&mut self, levels: usize) -> String {
        if levels == 0 || self.is_spent() {
            return self.random.pick(&["1", "-1", "'a'", "None", "x", "_", "a.b", "1+2j", "b'x' b'y'"]).into();
        }
        let inner = self.pattern(levels - 1);
        match self.random.below(9) {
            0 => format!("[{inner}, *rest]"),
            1 => format!("({inner}, _)"),
            2 => format!("{{'k': {inner}, a.b: _, **rest}}"),
            3 => format!("A({inner}, k={})", self.pattern(levels - 1)),
            4 => format!("({inner} as y)"),
            5 => format!("({inner}) | 2"),
            6 => format!("({inner})"),
            7 => "a.b.C()".into(),
            _ => inner,
        }
    }

    fn target(&mut self) -> String {
        let (one, other) = (self.place(), self.place());
        match self.random.below(6) {
            0 => format!("{one}, *{other}"),
            1 => format!("({one}, {other})"),
            2 => format!("[{one}, ({other})]"),
            3 => format!("{one},"),
            _ => one,
        }
    }

    fn place(&mut self) -> String {
        match self.random.below(5) {
            0 if !self.is_spent() => format!("x[{}]", self.expressions()),
            1 if !self.is_spent() => format!("{}.y", self.call()),
            2 => "a.b.c".into(),
            _ => self.random.pick(&["x", "y", "print"]).into(),
        }
    }

    fn expressions(&mut self) -> String {
        let one = self.expression();
        match self.random.below(8) {
            0 => format!("{one}, {}", self.expression()),
            1 => format!("*(x), {one},"),
            _ => one,
        }
    }

    fn named(&mut self) -> String {
        let expression = self.expression();
        if self.one_in(4) { format!("(n := {expression})") } else { expression }
    }

    fn call(&mut self) -> String {
        let callee = self.random.pick(&[
            "print",
            "eval",
            "exec",
            "compile",
            "__import__",
            "f",
            "(print)",
            "a.print",
            "print()",
            "((eval))",
        ]);
        let mut arguments: Vec<String> = (0..self.random.below(3)).map(|_| self.expression()).collect();
        match self.random.below(8) {
            0 => arguments.push(format!("k={}", self.expression())),
            1 => arguments.push(format!("*{}", self.expression())),
            2 => arguments.push(format!("**{}", self.expression())),
            3 => arguments.push(format!("k={}, *{}", self.expression(), self.expression())),
            4 => arguments = vec![format!("{} for x in {}", self.expression(), self.expression())],
            5 => arguments.insert(0, format!("n := {}", self.expression())),
            _ => {}
        }
        let blank = if self.one_in(6) { " " } else { "" };
        format!("{callee}{blank}({})", arguments.join(", "))
    }

    fn expression(&mut self) -> String {
        if self.is_spent() {
            return self.random.pick(&["x", "1", "'s'", "None", "print()", "eval(1)", "..."]).into();
        }
        match self.random.below(26) {
            0..=7 => self.call(),
            8 => format!("({} if {} else {})", self.expression(), self.expression(), self.expression()),
            9 => {
                let operator = self.random.pick(&["+", "-", "*", "@", "/", "//", "%", "<<", "|", "^", "&", "**"]);
                format!("{} {operator} {}", self.operand(), self.operand())
            }
            10 => {
                let operator = self.random.pick(&["<", "==", "is not", "not in", "in", "is", ">="]);
                format!("{} {operator} {} < {}", self.operand(), self.operand(), self.operand())
            }
            11 => format!("{} or {} and {}", self.operand(), self.operand(), self.operand()),
            12 => format!("not {}", self.operand()),
            13 => format!("-{}", self.operand()),
            14 => format!("(lambda {}: {})", self.parameters(false), self.expression()),
            15 => format!("{{{}: {}, **{}}}", self.expression(), self.expression(), self.operand()),
            16 => format!("{{{}, *{}}}", self.expression(), self.operand()),
            17 => format!("[{} for x in {} if {}]", self.expression(), self.operand(), self.operand()),
            18 => format!("{{{}: {} for x in {}}}", self.expression(), self.expression(), self.operand()),
            19 => format!("({}, {})", self.named(), self.expression()),
            20 => format!("x[{}:{}, {}]", self.expression(), self.expression(), self.expression()),
            21 => format!("{}.a[{}]", self.call(), self.expressions()),
            22 => format!("(yield {})", self.expressions()),
            23 => format!("(await {})", self.call()),
            24 => "f'{x!r:>{w}} {a.b}' 'c'".into(),
            _ => format!("({}\n for x in {})", self.expression(), self.operand()),
        }
    }

    fn operand(&mut self) -> String {
        format!("({})", self.expression())
    }
}
