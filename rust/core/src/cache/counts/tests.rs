use std::fs;
use std::thread;

use super::{Counts, LARGE, REPLIES, add, add_reply_counts, total};
use crate::cache::store::tests::Home;

const ONE: Counts = Counts { memory: 1, manifest: 2, store: 3, recent: 4, miss: 5 };

fn times(number: u64) -> Counts {
    Counts { memory: number, manifest: 2 * number, store: 3 * number, recent: 4 * number, miss: 5 * number }
}

#[test]
fn counts_add_up_also_when_the_file_is_summed_up() {
    let home = Home::new();
    let folder = home.folder();
    assert_eq!(total(&folder), Counts::default());
    for _ in 0..1_500 {
        assert!(add(&folder, ONE));
    }
    assert_eq!(total(&folder), times(1_500));
    assert!(fs::metadata(folder.path().join("counts")).unwrap().len() < LARGE);
    assert!(add(&folder, Counts { miss: u64::MAX, ..ONE }));
    assert_eq!(total(&folder).miss, u64::MAX);
}

#[test]
fn threads_do_not_lose_counts_that_are_only_appended() {
    let home = Home::new();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let folder = home.folder();
                (0..100).for_each(|_| assert!(add(&folder, ONE)));
            });
        }
    });
    assert_eq!(total(&home.folder()), times(800));
}

#[test]
fn a_damaged_record_costs_itself_alone() {
    let home = Home::new();
    let folder = home.folder();
    (0..10).for_each(|_| assert!(add(&folder, ONE)));
    let path = folder.path().join("counts");
    let mut bytes = fs::read(&path).unwrap();
    bytes[70] ^= 1;
    // And one that was not written whole.
    bytes.drain(200..230);
    fs::write(&path, bytes).unwrap();
    assert_eq!(total(&folder), times(8));
    assert!(add(&folder, ONE));
    assert_eq!(total(&folder), times(9));
    fs::write(&path, [0xff; 10_000]).unwrap();
    assert_eq!(total(&folder), Counts::default());
}

#[test]
fn questions_for_replies_are_counted_apart() {
    let home = Home::new();
    add_reply_counts(Some(home.path()), [1; 6]);
    assert!(!home.path().exists(), "for counts alone no cache is made");
    let folder = home.folder();
    assert!(add(&folder, ONE));
    for _ in 0..1_100 {
        add_reply_counts(Some(home.path()), [1, 2, 3, 4, 5, 6]);
    }
    assert_eq!(REPLIES.total(&folder), [1, 2, 3, 4, 5, 6].map(|number| 1_100 * number));
    assert_eq!(total(&folder), ONE);
    assert!(fs::metadata(folder.path().join("reply-counts")).unwrap().len() < LARGE);
}
