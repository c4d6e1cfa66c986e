//! Searches: what is kept of a line, and that all is counted.

use rev_accel_core::{Cancel, Case, Error, Pattern, Search, SearchLimits, SearchOptions, Selection, search};
use tempfile::TempDir;

use crate::tree::tree;

fn options(folder: &TempDir, pattern: &str) -> SearchOptions {
    SearchOptions {
        root: folder.path().canonicalize().unwrap(),
        paths: vec![".".into()],
        pattern: Pattern { text: pattern.into(), literal: false, case: Case::Sensitive, words: false },
        selection: Selection::Ignore,
        include: Vec::new(),
        exclude: Vec::new(),
        context: (0, 0),
        limits: SearchLimits { matches: 100, file_matches: 100, characters: 100 },
        threads: None,
    }
}

fn found(options: &SearchOptions) -> Search {
    search(options, &Cancel::new()).unwrap()
}

#[test]
fn lines_come_by_path_with_their_places_and_context() {
    let folder = tree(&[("b.txt", "x\nè word, word\r\ny\n"), ("a/c.py", "word"), ("d.md", "none\n")]);
    let mut options = options(&folder, "wo[r]d");
    options.context = (1, 1);
    let search = found(&options);
    assert_eq!((search.selected, search.files.len()), (3, 2));
    let first = &search.files[0];
    assert_eq!((first.key.to_text().as_ref(), first.lines, first.kept()), ("a/c.py", 1, 1));
    let second = search.line(1, 0).unwrap();
    assert_eq!((second.line, second.column, second.text.as_str()), (2, 3, "è word, word"));
    assert_eq!(second.spans, [(2, 6), (8, 12)]);
    assert_eq!((second.before.as_slice(), second.after.as_slice()), (&["x".to_owned()][..], &["y".to_owned()][..]));
    assert!(search.line(1, 1).is_none() && search.line(2, 0).is_none());
}

#[test]
fn a_list_that_is_full_leaves_the_counts_whole() {
    let lines = "word\n".repeat(50);
    let folder = tree(&[("a", &lines), ("b", &lines), ("c", &lines)]);
    let mut options = options(&folder, "word");
    options.limits = SearchLimits { matches: 30, file_matches: 20, characters: 3 };
    let search = found(&options);
    let kept: Vec<_> = search.files.iter().map(|file| (file.lines, file.kept())).collect();
    assert_eq!(kept, [(50, 20), (50, 10), (50, 0)]);
    let line = search.line(0, 0).unwrap();
    assert_eq!((line.text.as_str(), line.offset, line.length), ("wor", 0, 4));
}

#[test]
fn what_is_said_of_a_line_does_not_depend_on_how_it_was_kept() {
    let text = "word\r\n\nè word\n\nno\n\nend of words";
    let folder = tree(&[("a", text), ("b", &text.repeat(3))]);
    let mut options = options(&folder, "(?m)o?$|w");
    let lines = |options: &SearchOptions| -> Vec<_> {
        let search = found(options);
        let places = search.files.iter().enumerate().flat_map(|(file, matches)| {
            let search = &search;
            (0..matches.kept()).filter_map(move |index| search.line(file, index))
        });
        places.map(|found| (found.line, found.column, found.text, found.spans)).collect()
    };
    let raw = lines(&options);
    options.context = (1, 1);
    assert_eq!(lines(&options), raw);
    // A list that is cut in a file gives the first lines of it.
    options.context = (0, 0);
    options.limits.matches = 9;
    assert_eq!(lines(&options), raw[..9]);
}

#[test]
fn a_pattern_that_cannot_be_used_is_an_error_that_shows_it() {
    let folder = tree(&[("a", "")]);
    for pattern in ["(", "a\nb", r"\w{900}", "(a?){2000}", "(?<=a)b"] {
        let error = search(&options(&folder, pattern), &Cancel::new()).unwrap_err();
        assert!(matches!(&error, Error::Pattern { .. }), "{error}");
        assert!(error.to_string().starts_with(&format!("pattern `{pattern}` cannot be searched for: ")), "{error}");
    }
}

#[test]
fn a_call_that_is_cancelled_gives_nothing() {
    let folder = tree(&[("a", "word\n")]);
    let cancel = Cancel::new();
    cancel.cancel();
    assert!(matches!(search(&options(&folder, "word"), &cancel), Err(Error::Cancelled)));
}
