//! Many threads with one memory.

use std::sync::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[test]
fn threads_that_share_a_memory_are_never_given_an_answer_from_before_a_change() {
    let place = Place::new();
    for number in 0..20 {
        place.write(&format!("p{}/m{number}.py", number % 3), text(number));
    }
    // Small enough that it does not hold all answers at once.
    let memory: &'static Memory = Box::leak(Box::new(Memory::new(60_000)));
    let (tree, kept) = (RwLock::new(0_usize), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for asker in 0..4 {
            let (place, tree, kept) = (&place, &tree, &kept);
            scope.spawn(move || {
                let mut options = place.options(Some(memory), later);
                for round in 0.. {
                    let form = FORMS[(asker + round) % 3];
                    options.rules = RuleSet::from_bits([0b11_1111, 0b1][round / 3 % 2]);
                    let change = tree.read().unwrap();
                    if *change == 150 {
                        return;
                    }
                    let stats = same(form, &options, || format!("change {change}"));
                    kept.fetch_add(stats.memory + stats.manifest, Ordering::Relaxed);
                    drop(change);
                    std::thread::yield_now();
                }
            });
        }
        for _ in 0..150 {
            std::thread::sleep(std::time::Duration::from_millis(10));
            let mut change = tree.write().unwrap();
            place.tick();
            *change += 1;
            match *change % 5 {
                0 => place.write(&format!("new{}.py", *change % 20), text(*change)),
                1 => drop(fs::remove_file(place.tree().join(format!("new{}.py", (*change + 9) % 20)))),
                _ => place.write(&format!("p{}/m{}.py", *change % 3, *change % 20), text(100 + *change % 7)),
            }
            place.tick();
        }
    });
    assert!(kept.into_inner() > 1_000);
}
