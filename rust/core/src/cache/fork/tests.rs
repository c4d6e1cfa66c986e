use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use super::{after_fork_in_child, after_fork_in_parent, before_fork, enter, while_awaited};

/// The state is that of the process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn a_fork_waits_for_uses_and_none_begins_meanwhile() {
    let _alone = ONE_AT_A_TIME.lock();
    let inside = enter().unwrap();
    let nested = enter().unwrap();
    let started = Instant::now();
    thread::scope(|scope| {
        let forking = scope.spawn(|| {
            before_fork();
            let waited = started.elapsed();
            thread::sleep(Duration::from_millis(20));
            after_fork_in_parent();
            waited
        });
        thread::sleep(Duration::from_millis(50));
        // The fork waits, and a call that begins now goes without.
        assert!(enter().is_none());
        drop(inside);
        thread::sleep(Duration::from_millis(50));
        drop(nested);
        let waited = forking.join().unwrap();
        assert!(waited >= Duration::from_millis(100) && waited < Duration::from_secs(1), "{waited:?}");
    });
    assert!(enter().is_some());
}

#[test]
fn hooks_that_are_called_twice_or_alone_do_nothing() {
    let _alone = ONE_AT_A_TIME.lock();
    after_fork_in_parent();
    after_fork_in_child();
    before_fork();
    before_fork();
    assert!(enter().is_none());
    after_fork_in_parent();
    after_fork_in_parent();
    assert!(enter().is_some());
}

/// Really forks, and asks the child whether `question` holds.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library does not fork without running a program")]
fn in_child(question: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child calls nothing that needs the other threads, and ends without running destructors of the parent's.
    unsafe {
        match libc::fork() {
            0 => libc::_exit(i32::from(!question())),
            child => {
                let mut status = 0;
                assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
                status == 0
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn a_child_has_the_store_unless_its_parent_used_it() {
    let _alone = ONE_AT_A_TIME.lock();
    drop(enter());
    before_fork();
    let child = in_child(|| {
        after_fork_in_child();
        enter().is_some() && enter().is_some()
    });
    after_fork_in_parent();
    assert!(child);

    // While a use does not end a child goes without, for good, as do its own children.
    let forked = || {
        let started = Instant::now();
        before_fork();
        let waited = started.elapsed();
        let child = in_child(|| {
            after_fork_in_child();
            let alone = enter().is_none();
            before_fork();
            after_fork_in_child();
            alone && enter().is_none()
        });
        after_fork_in_parent();
        assert!(child);
        waited
    };
    let kept = enter();
    assert!(forked() >= Duration::from_secs(2));
    // The use may be that of a call that waits for what forks.
    assert!(while_awaited(forked) < Duration::from_secs(1));
    drop(kept);
    assert!(enter().is_some());

    // Forked past the hooks: no lock is touched.
    assert!(in_child(|| enter().is_none()));
    assert!(in_child(|| {
        before_fork();
        after_fork_in_child();
        enter().is_none()
    }));
    assert!(enter().is_some());
}
