//! A call whose cache fails at one step after the other.

use super::*;
use crate::cache::faults::{Fault, Plan, install};

const FILES: usize = 20;

/// What the cache holds when the call begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    Filled,
    /// With so many other files that the content store is asked.
    Stale,
}

const STATES: [State; 3] = [State::Fresh, State::Filled, State::Stale];

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, from.metadata().unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

/// A tree, and what its cache is to be like, beside the cache itself.
fn prepared(form: Form, state: State) -> Place {
    let place = Place::new();
    for number in 0..FILES {
        place.write(&format!("p{}/m{number}.py", number % 3), text(number));
    }
    place.write("broken.py", "def (");
    place.write("latin.py", b"\xff");
    place.write("large.py", [b'#'; 3_000]);
    place.tick();
    fs::create_dir(place.path().join("prepared")).unwrap();
    if state != State::Fresh {
        let _ = ask(form, &options(&place, None));
        copy(&place.cache(), &place.path().join("prepared"));
    }
    if state == State::Stale {
        for number in 0..FILES - 2 {
            place.write(&format!("p{}/m{number}.py", number % 3), text(number + 1));
        }
        place.write("new.py", text(1));
        fs::remove_file(place.tree().join("p1/m19.py")).unwrap();
        place.tick();
    }
    place
}

fn options(place: &Place, memory: Option<&'static Memory>) -> Options {
    Options { max_bytes: 2_000, threads: Some(1), ..place.options(memory, later) }
}

/// Fails one step after the other until a run has fewer; gives how many there were.
fn fail_each_step(fault: Fault, for_good: bool, form: Form, state: State) -> usize {
    let place = prepared(form, state);
    let (expected, _) = ask(form, &Options { cache: None, ..options(&place, None) });
    for nth in 1.. {
        drop(fs::remove_dir_all(place.cache()));
        if state != State::Fresh {
            copy(&place.path().join("prepared"), &place.cache());
        }
        let memory = (nth % 2 == 0 && form != Form::Lines).then(new_memory);
        let what = || format!("{fault:?} at step {nth}, for good {for_good}, {form:?}, {state:?}");
        let installed = install(Plan { below: place.cache(), nth, for_good, fault });
        let (answer, _) = ask(form, &options(&place, memory));
        let has_failed = installed.has_failed();
        drop(installed);
        assert!(answer == expected, "{}: {answer:?} instead of {expected:?}", what());
        // What was left behind misleads nobody, with and without what this process remembers.
        for memory in [memory, None] {
            let (again, figures) = ask(form, &options(&place, memory));
            assert!(again == expected, "after {}: {again:?} instead of {expected:?}", what());
            assert_eq!(figures.cache_problem, None, "after {}", what());
        }
        if !has_failed {
            return nth;
        }
    }
    unreachable!("one run has no more steps")
}

fn fail_everywhere(fault: Fault) {
    for form in FORMS {
        for state in STATES {
            // Then there is nothing to look up by content.
            if fault == Fault::Memory && state == State::Filled {
                continue;
            }
            for for_good in [false, true] {
                let steps = fail_each_step(fault, for_good, form, state);
                assert!(steps > 20, "{fault:?}, {form:?}, {state:?}: only {steps} steps");
            }
        }
    }
}

#[test]
fn a_full_disk_does_not_change_an_answer() {
    fail_everywhere(Fault::Error(libc::ENOSPC));
}

#[test]
fn errors_of_the_disk_do_not_change_an_answer() {
    fail_everywhere(Fault::Error(libc::EIO));
}

#[test]
fn missing_rights_do_not_change_an_answer() {
    fail_everywhere(Fault::Error(libc::EACCES));
}

#[test]
fn signals_do_not_change_an_answer() {
    fail_everywhere(Fault::Error(libc::EINTR));
}

#[test]
fn short_reads_and_writes_do_not_change_an_answer() {
    fail_everywhere(Fault::Short);
}

#[test]
fn missing_memory_in_sqlite_does_not_change_an_answer() {
    fail_everywhere(Fault::Memory);
}
