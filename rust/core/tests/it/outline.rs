//! Outlines and definitions.

use rev_accel_core::{
    Cancel, DefinitionOptions, Grammar, Outline, Selection, SymbolKind, find_definitions, outline_source,
};

use crate::tree::tree;

fn outline(source: &str) -> Outline {
    outline_source(source.as_bytes(), 1 << 20, &Grammar::default(), &Cancel::new()).unwrap()
}

#[test]
fn symbols_come_in_the_order_of_the_text_with_their_depth() {
    let outline =
        outline("X: int = 1\n\n@d\nclass C(\n    B,\n):\n    '''\n    Says.\n    '''\n    async def f(self): y = 1\n");
    let symbols: Vec<_> = outline.symbols.iter().map(|each| (each.depth, each.kind, each.signature.as_str())).collect();
    let expected = [
        (0, SymbolKind::Variable, "X: int"),
        (0, SymbolKind::Class, "class C(B)"),
        (1, SymbolKind::Method, "async def f(self)"),
    ];
    assert_eq!(symbols, expected);
    let class = &outline.symbols[1];
    assert_eq!((class.first_line, class.line, class.last_line, class.doc.as_deref()), (3, 4, 10, Some("Says.")));
    assert_eq!(outline.failure, None);
}

#[test]
fn a_text_that_the_guard_stops_is_read_line_by_line() {
    let outline = outline("class C:\n    def f(self):\n        x = (\n\n    def g(self): pass\n\ndef h(): pass\n");
    assert!(outline.failure.is_some());
    let symbols: Vec<_> = outline.symbols.iter().map(|each| (each.depth, each.name.as_str(), each.last_line)).collect();
    assert_eq!(symbols, [(0, "C", 5), (1, "f", 3), (1, "g", 5), (0, "h", 7)]);
}

#[test]
fn what_an_error_has_left_without_a_name_is_no_symbol() {
    let names =
        |source| -> Vec<_> { outline(source).symbols.into_iter().map(|each| (each.depth, each.name)).collect() };
    assert_eq!(names("def (a): pass\ndef f(): pass\n"), [(0, "f".to_owned())]);
    assert_eq!(names("class (A):\n    def f(self): pass\n"), [(0, "f".to_owned())]);
    assert_eq!(names("= 1\nx, = 3\n"), [(0, "x".to_owned())]);
}

#[test]
fn definitions_are_found_by_the_end_of_their_names() {
    let folder =
        tree(&[("a.py", "class C:\n    def f(self): pass\n"), ("b.py", "def f(): pass\nx = f\n"), ("c.txt", "f = 1")]);
    let mut options = DefinitionOptions {
        root: folder.path().canonicalize().unwrap(),
        paths: vec![".".into()],
        name: "f".into(),
        selection: Selection::Ignore,
        exclude: Vec::new(),
        max_bytes: 1 << 20,
        max_definitions: 1,
        threads: None,
    };
    let all = find_definitions(&options, &Grammar::default(), &Cancel::new()).unwrap();
    assert_eq!((all.total, all.found.len(), all.selected), (2, 1, 2));
    assert_eq!(all.found[0].qualified, "C.f");
    options.name = "C.f".into();
    assert_eq!(find_definitions(&options, &Grammar::default(), &Cancel::new()).unwrap().total, 1);
}
