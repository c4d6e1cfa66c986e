use std::path::Path;

use super::*;
use crate::cache::known::{Base, BaseFile, Learned, NO_DIGEST, Records, check_of};
use crate::report::object::Entry;
use crate::tree::key::Key;
use crate::tree::snapshot::Snapshot;
use crate::tree::stamp::Stamp;

fn key(number: u8) -> TreeKey {
    TreeKey([number; 32])
}

/// A tree of one file, with so many bytes of records.
fn known(bytes: usize) -> Arc<Known> {
    let mut snapshot = Snapshot::default();
    assert!(snapshot.set_files([(Path::new("/a.py"), Stamp::UNKNOWN)].into_iter()));
    let records = vec![1; bytes];
    let file = BaseFile { digest: NO_DIGEST, size: 9, start: 0, length: bytes as u32, check: check_of(&records) };
    let base = Base { snapshot, files: vec![file], records: Records::Bytes(records) };
    Arc::new(Known::new(base, None, 0))
}

fn text_form(tail: usize) -> Form {
    Form::DropIn { rules: RuleSet::ALL, check_error: None, tail: tail.to_string() }
}

const REPORTS: Form = Form::Scan { rules: RuleSet::ALL };

fn text(bytes: usize) -> Answer {
    let layout = Layout { entries: vec![Entry::default()], start: 0, length: 0 };
    Answer::DropIn(Arc::new(vec![b'x'; bytes]), Arc::new(layout))
}

fn reports(count: usize) -> Answer {
    let report = FileReport { key: Key::from("a.py"), outcome: Ok(Vec::new()) };
    Answer::Scan(Arc::new(std::iter::repeat_n(Arc::new(report), count).collect()))
}

/// Whether the tree is known, and the answer in a form; the length of a text.
fn recalled(memory: &Memory, tree: u8, form: &Form) -> (bool, Option<usize>) {
    match memory.recall(key(tree), form) {
        None => (false, None),
        Some((_, answer)) => {
            let length = answer.map(|answer| match answer {
                Answer::DropIn(text, _) => text.bytes().len(),
                Answer::Scan(reports) => reports.len(),
            });
            (true, length)
        }
    }
}

#[test]
fn several_forms_of_an_answer_are_remembered_side_by_side() {
    let memory = Memory::new(1 << 20);
    let known = known(100);
    memory.remember(key(1), &known, Some((text_form(1), text(11))));
    memory.remember(key(1), &known, Some((text_form(2), text(22))));
    memory.remember(key(1), &known, Some((REPORTS, reports(3))));
    assert_eq!(recalled(&memory, 1, &text_form(1)), (true, Some(11)));
    assert_eq!(recalled(&memory, 1, &text_form(2)), (true, Some(22)));
    assert_eq!(recalled(&memory, 1, &REPORTS), (true, Some(3)));
    assert_eq!(recalled(&memory, 1, &Form::Scan { rules: RuleSet::from_bits(1) }), (true, None));
    assert_eq!(recalled(&memory, 2, &REPORTS), (false, None));
    // One in the same form takes its place.
    memory.remember(key(1), &known, Some((text_form(1), text(12))));
    assert_eq!(recalled(&memory, 1, &text_form(1)), (true, Some(12)));
    memory.clear();
    assert_eq!(recalled(&memory, 1, &REPORTS), (false, None));
}

#[test]
fn answers_go_when_the_content_is_another_and_stay_when_only_stamps_are() {
    let memory = Memory::new(1 << 20);
    let first = known(100);
    memory.remember(key(1), &first, Some((text_form(1), text(11))));
    let learned = || Learned { stamp: Stamp::UNKNOWN, digest: NO_DIGEST, size: 1, record: Arc::from(&b"record"[..]) };
    let same = Arc::new(first.patched(vec![(0, learned())], false, 1));
    memory.remember(key(1), &same, None);
    assert_eq!(recalled(&memory, 1, &text_form(1)), (true, Some(11)));
    let other = Arc::new(same.patched(vec![(0, learned())], true, 2));
    memory.remember(key(1), &other, Some((REPORTS, reports(1))));
    assert_eq!(recalled(&memory, 1, &text_form(1)), (true, None));
    assert_eq!(recalled(&memory, 1, &REPORTS), (true, Some(1)));
    // A slower thread that saw the tree before: its answer is not one about what another thread has seen since.
    memory.remember(key(1), &first, Some((text_form(1), text(13))));
    assert_eq!(recalled(&memory, 1, &REPORTS), (true, None));
    memory.remember(key(1), &other, None);
    assert_eq!(recalled(&memory, 1, &text_form(1)), (true, None));
}

#[test]
fn what_was_used_longest_ago_goes_first_when_there_are_too_many_bytes() {
    let memory = Memory::new(10_000);
    for tree in 1..=3 {
        memory.remember(key(tree), &known(100), Some((REPORTS, text(2_000))));
    }
    assert!(recalled(&memory, 1, &REPORTS).0);
    memory.remember(key(4), &known(100), Some((REPORTS, text(4_500))));
    assert_eq!([1, 2, 3, 4].map(|tree| recalled(&memory, tree, &REPORTS).0), [true, false, true, true]);
    let weight: usize = memory.lock().iter().map(Tree::weight).sum();
    assert!((8_000..=10_000).contains(&weight), "{weight}");
}

#[test]
fn a_tree_that_is_too_large_drives_out_no_other() {
    let memory = Memory::new(10_000);
    memory.remember(key(1), &known(100), Some((REPORTS, text(2_000))));
    memory.remember(key(2), &known(20_000), Some((REPORTS, text(10))));
    assert_eq!([1, 2].map(|tree| recalled(&memory, tree, &REPORTS)), [(true, Some(2_000)), (false, None)]);
    // Where only the answer is too large, what is known of the tree stays.
    memory.remember(key(3), &known(100), Some((REPORTS, text(20_000))));
    assert_eq!([1, 3].map(|tree| recalled(&memory, tree, &REPORTS)), [(true, Some(2_000)), (true, None)]);
}

#[test]
fn a_caller_that_asks_in_another_form_each_time_does_not_fill_the_memory() {
    let memory = Memory::new(50_000);
    let tree = known(100);
    memory.remember(key(1), &known(100), Some((REPORTS, text(2_000))));
    for form in 0..1_000 {
        memory.remember(key(2), &tree, Some((text_form(form), text(1_000))));
        // This one is asked for again and again.
        assert!(recalled(&memory, 2, &text_form(0)).1.is_some());
    }
    assert_eq!(recalled(&memory, 1, &REPORTS), (true, Some(2_000)));
    assert_eq!(recalled(&memory, 2, &text_form(999)), (true, Some(1_000)));
    assert_eq!(recalled(&memory, 2, &text_form(500)), (true, None));
    // And the answers of one tree make room for each other before the tree itself is forgotten.
    for form in 0..5 {
        memory.remember(key(2), &tree, Some((text_form(form), text(20_000))));
    }
    assert_eq!([2, 3, 4].map(|form| recalled(&memory, 2, &text_form(form)).1), [None, Some(20_000), Some(20_000)]);
}

#[test]
fn a_text_that_needs_the_memory_while_it_is_forgotten_is_not_waited_for() {
    /// Looks into the memory when it is dropped, as a caller's object may.
    struct Looking(&'static Memory);
    impl KeptText for Looking {
        fn bytes(&self) -> &[u8] {
            &[0; 3_000]
        }
    }
    impl Drop for Looking {
        fn drop(&mut self) {
            let _ = self.0.recall(key(1), &REPORTS);
        }
    }
    let memory: &'static Memory = Box::leak(Box::new(Memory::new(10_000)));
    let answer = || Answer::DropIn(Arc::new(Looking(memory)), Arc::default());
    for round in 0..40 {
        memory.remember(key(round % 7), &known(10), Some((text_form(usize::from(round) % 3), answer())));
    }
    memory.remember(key(9), &known(20_000), Some((REPORTS, answer())));
    memory.clear();
    assert!(!recalled(memory, 1, &REPORTS).0);
}
