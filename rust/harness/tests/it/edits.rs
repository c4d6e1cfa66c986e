//! 12,000 rounds of edit-then-ask, on a disk (ext4, as a rule) and in memory (tmpfs), by each clock.

use std::path::Path;
use std::sync::Mutex;
use std::{fs, process};

use rev_accel_harness::edits::{Mode, Plan, Rounds, Tally};

const PLACES: [&str; 2] = ["/var/tmp", "/dev/shm"];

/// The clock is that of the process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn run(mode: Mode, trees: usize, rounds: u64) -> Vec<Tally> {
    let _guard = ONE_AT_A_TIME.lock();
    let places = PLACES.iter().filter(|place| Path::new(place).is_dir());
    let run_in = |place: &&str| {
        let folder = Path::new(place).join(format!("rev-accel-edits-{}-{mode:?}", process::id()));
        fs::create_dir(&folder).unwrap();
        let mut campaign = Rounds::new(Plan { mode, trees, seed: 1 }, &folder).unwrap();
        let outcome = campaign.run(rounds);
        fs::remove_dir_all(&folder).unwrap();
        outcome.unwrap_or_else(|error| panic!("{error}"));
        campaign.tally().clone()
    };
    places.map(run_in).collect()
}

#[test]
fn no_answer_is_stale_when_all_stamps_are_trusted_at_once() {
    for tally in run(Mode::Ahead, 64, 3_000) {
        assert!(tally.trusting > 1_000, "{tally}");
        assert!(tally.answered.iter().all(|&(questions, _)| questions > 5), "{tally}");
        assert!(tally.edits["branch switched by git"] > 5, "{tally}");
    }
}

#[test]
fn no_answer_is_stale_when_the_clock_is_put_back() {
    for tally in run(Mode::Jumps, 64, 1_500) {
        assert!(tally.trusting > 300, "{tally}");
        assert!(tally.edits["clock put back between edits"] > 40, "{tally}");
    }
}

#[test]
fn no_answer_is_stale_by_the_real_clock() {
    for tally in run(Mode::Real, 512, 1_500) {
        assert!(tally.trusting > 150, "{tally}");
    }
}
