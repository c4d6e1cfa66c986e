//! Keeps SQLite and `fork` apart.
//!
//! The child of a fork inherits the state of SQLite's locks without holding them: what it reads then is not protected, and one that was
//! forked during a write finds the mutexes inside locked for ever. So whoever uses the store says so with [`enter`], and a fork waits,
//! for a while, until nobody does.
//!
//! The three hooks are made for `os.register_at_fork`. [`before_fork`] may wait; its caller must not hold what a use may need to end.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a fork waits for uses to end. Then it goes on, and the child does without the store.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often a waiting fork looks again.
const PAUSE: Duration = Duration::from_millis(1);

struct State {
    uses: usize,
    /// For the life of this process: it was forked while the store was in use.
    off: bool,
}

static STATE: Mutex<State> = Mutex::new(State { uses: 0, off: false });

/// Forks that wait or are under way. No use begins meanwhile, or they would wait for ever.
static FORKS: AtomicUsize = AtomicUsize::new(0);

/// The process that the state above is of; 0 before the first use. A child that was forked past the hooks is told by it.
static PROCESS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// Between the hooks: the thread that forks is also the one that lives on in the child, so it can let go on both sides.
    static HELD: RefCell<Option<MutexGuard<'static, State>>> = const { RefCell::new(None) };

    /// Whether a call that uses the store waits for this thread.
    static AWAITED: Cell<bool> = const { Cell::new(false) };
}

/// The store is in use for as long as this lives.
#[derive(Debug)]
pub(crate) struct Use {
    process: u32,
    /// A use belongs to the thread that began it, which answers for its end.
    thread: PhantomData<*const ()>,
}

/// Begins a use of the store, for one call or less. `None`: this process has to do without it, for now or for good.
///
/// Never waits for another use, so it may be called while one is held.
pub(crate) fn enter() -> Option<Use> {
    let process = std::process::id();
    let known = PROCESS.compare_exchange(0, process, Ordering::SeqCst, Ordering::SeqCst);
    // Past the hooks even the mutex may be one that nobody unlocks.
    if known.is_err_and(|known| known != process) || FORKS.load(Ordering::SeqCst) > 0 {
        return None;
    }
    let mut state = lock();
    if state.off || FORKS.load(Ordering::SeqCst) > 0 {
        return None;
    }
    state.uses += 1;
    Some(Use { process, thread: PhantomData })
}

impl Drop for Use {
    fn drop(&mut self) {
        // In a child it is a copy of its parent's and counts nothing.
        if self.process != std::process::id() {
            return;
        }
        let end = |state: &mut State| state.uses = state.uses.saturating_sub(1);
        // Between the hooks this thread holds the lock already.
        let is_held = HELD.try_with(|held| held.borrow_mut().as_deref_mut().map(end).is_some());
        if !is_held.unwrap_or(false) {
            end(&mut lock());
        }
    }
}

fn lock() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does something that a call of this library waits for: a fork in it does not wait for the end of that call.
pub fn while_awaited<T>(work: impl FnOnce() -> T) -> T {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            AWAITED.set(self.0);
        }
    }
    let _before = Before(AWAITED.replace(true));
    work()
}

/// Waits until the store is not in use, at most [`PATIENCE`], and keeps it so until one of the other hooks is called by this thread.
pub fn before_fork() {
    let known = PROCESS.load(Ordering::SeqCst);
    // Twice by one thread, or in a child that was forked past the hooks, whose lock may be held by nobody.
    if HELD.with_borrow(Option::is_some) || (known != 0 && known != std::process::id()) {
        return;
    }
    FORKS.fetch_add(1, Ordering::SeqCst);
    let started = Instant::now();
    let state = loop {
        let state = lock();
        if state.uses == 0 || AWAITED.get() || started.elapsed() > PATIENCE {
            break state;
        }
        drop(state);
        thread::sleep(PAUSE);
    };
    HELD.set(Some(state));
}

/// Lets the parent go on.
pub fn after_fork_in_parent() {
    if let Some(state) = HELD.take() {
        drop(state);
        FORKS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Makes the child's state its own: it starts without uses, and without the store if its parent was using it.
pub fn after_fork_in_child() {
    if let Some(mut state) = HELD.take() {
        state.off |= state.uses > 0;
        state.uses = 0;
        FORKS.store(0, Ordering::SeqCst);
        PROCESS.store(std::process::id(), Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests;
