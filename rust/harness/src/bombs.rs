//! Nests, chains and blocks of many sizes: what can reach the limits of CPython's parser.

/// An opening and a closing piece between which anything may stand.
const NESTS: &[(&str, &str)] = &[
    ("(", ")"),
    ("[", "]"),
    ("{", "}"),
    ("(lambda:", ")"),
    ("lambda:", ""),
    ("lambda x=", ":1"),
    ("-", ""),
    ("not ", ""),
    ("f(", ")"),
    ("f(k=", ")"),
    ("a[", "]"),
    ("a[1:", "]"),
    ("{1:", "}"),
    ("{**", "}"),
    ("(yield ", ")"),
    ("(await x)(", ")"),
    ("1 if 1 else ", ""),
    ("a**", ""),
    ("(a:=", ")"),
    ("[x for x in ", "]"),
    ("[", " for x in y]"),
    ("(*", ",)"),
    ("~", ""),
    ("a.b.c.d.e.f.g.h(1)(", ")"),
    ("1+1+1+1+1+1+1+1+(", ")"),
    ("(1 or 1 and 1 == ", ")"),
    ("(", " if 1 else 2)"),
    ("(", ".a.b.c.d.e.f.g.h)"),
    ("(", "()()()()()()()())"),
    ("f\"{", "}\""),
    ("lambda a,b=1,*c,d=", ":0"),
    ("f(*", ")"),
    ("{a:1 for a in ", "}"),
    ("(not ", ")"),
    ("(1 if ", " else 2)"),
    ("1 or 1 and not 1 == 1 | 1 ^ 1 & 1 << 1 + 1 * -1 ** (", ")"),
    ("print(", ")"),
    ("print(eval(1), *", ")"),
    ("(", "+1+1+1+1+1+1)"),
];

/// The texts, some tens of thousands.
pub fn bombs(mut visit: impl FnMut(String)) {
    for &(open, close) in NESTS {
        for count in 1..45 {
            visit(format!("x = {}1{}\n", open.repeat(count), close.repeat(count)));
        }
        for &(other_open, other_close) in NESTS {
            for count in [3, 10, 13, 18, 19, 20] {
                let text = [open.repeat(count), other_open.repeat(count), "1".into(), other_close.repeat(count)];
                visit(format!("{}{}\n", text.concat(), close.repeat(count)));
                let (opens, closes) = (format!("{open}{other_open}"), format!("{other_close}{close}"));
                visit(format!("{}1{}\n", opens.repeat(count), closes.repeat(count)));
            }
        }
        for blocks in [5, 20, 38, 39, 40, 41] {
            let (head, indent) = (blocks_of(blocks, ["if 1:", "for x in y:", "def f():"]), " ".repeat(blocks));
            for count in [15, 20, 38, 40] {
                for chain in [0, 90, 150, 200, 305] {
                    let (opens, closes) = (open.repeat(count), close.repeat(count));
                    visit(format!("{head}{indent}x = {opens}1{}{closes}\n", "+1".repeat(chain)));
                }
            }
        }
    }
    chains(&mut visit);
}

fn blocks_of(count: usize, lines: [&str; 3]) -> String {
    let lines: Vec<String> = (0..count).map(|level| format!("{}{}\n", " ".repeat(level), lines[level % 3])).collect();
    lines.concat()
}

fn chains(visit: &mut impl FnMut(String)) {
    for count in [9, 90, 99, 100, 150, 195, 198, 200, 300, 310, 400, 900, 2_000] {
        for link in [
            ".b",
            "()",
            "[1]",
            ".b()",
            " + 1",
            " or 1",
            " and not 1",
            " < 1",
            " if 1 else 1",
            ", 1",
            " = x",
            "; x",
            " ** 1",
            "(print())",
        ] {
            visit(format!("x = a{}\n", link.repeat(count)));
            visit(format!("x = print(){}\n", link.repeat(count)));
        }
        let elifs = "elif 2:\n  print()\n".repeat(count);
        visit(format!("if 1:\n  pass\n{elifs}else:\n  pass\n"));
        visit(format!("x = {}\n", "'a' ".repeat(count)));
        visit(format!("x = f'{}'\n", "{a}".repeat(count)));
        visit(format!("x = '{}'\n", "1".repeat(count)));
        visit(format!("x = {}\n", "1".repeat(count)));
        visit(format!("import {}\n", vec!["a"; count].join(".")));
        visit(format!("match x:\n  case {}:\n    pass\n", vec!["1"; count].join(" | ")));
        visit(format!("match x:\n  case {}1{}:\n    pass\n", "[".repeat(count), "]".repeat(count)));
        visit(format!("with {}:\n  pass\n", vec!["a"; count].join(", ")));
        visit(format!("with {}a{}:\n  pass\n", "(".repeat(count), ")".repeat(count)));
        visit(format!("{}x = 1\n", "@a\n".repeat(count)));
        for blocks in [30, 40] {
            let level = |index: usize| {
                let (indent, count) = (" ".repeat(index), count.min(100));
                let elifs = format!("{indent}elif 2:\n{indent} pass\n").repeat(count);
                format!("{indent}if 1:\n{indent} pass\n{elifs}{indent}else:\n")
            };
            let head: String = (0..blocks).map(level).collect();
            visit(format!("{head}{}pass\n", " ".repeat(blocks)));
        }
    }
    for blocks in 1..102 {
        for lines in [["if 1:"; 3], ["try:", "while 1:", "with a:"], ["def f():", "class A:", "async def g():"]] {
            visit(format!("{}{}print()\n", blocks_of(blocks, lines), " ".repeat(blocks)));
        }
    }
}
