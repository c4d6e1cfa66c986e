//! Several processes at one store, and processes that are killed.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::tests::{Home, NEVER, hits, rows};
use super::{Mode, Store};
use crate::cache::folder::{Folder, Place};
use crate::cache::random::Random;

/// Tells this test binary that it is to be one of the processes: folder, first row, and whether to go on for ever.
const TASK: &str = "REV_ACCEL_TEST_STORE";

fn start(home: &Home, first: u64, for_ever: bool) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cache::store::processes::one_of_several_processes"])
        .env(TASK, format!("{}|{first}|{for_ever}", home.path().display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Does nothing unless another test started it.
#[test]
fn one_of_several_processes() {
    let Ok(task) = std::env::var(TASK) else { return };
    let parts: Vec<_> = task.split('|').collect();
    let (path, first, for_ever) = (PathBuf::from(parts[0]), parts[1].parse::<u64>().unwrap(), parts[2] == "true");
    thread::scope(|scope| {
        for thread in 0..4 {
            let path = path.clone();
            scope.spawn(move || {
                let place = Place { configured: Some(path), analysed: &[], create: true, is_network: |_| false };
                let folder = Folder::open(&place).unwrap();
                let first = first + thread * 1_000;
                loop {
                    for start in (first..first + 300).step_by(50) {
                        let mut store = Store::open(&folder, Mode::Write, &NEVER).unwrap();
                        assert!(store.put_many(&rows(start..start + 50), &NEVER));
                        assert_eq!(hits(&mut store, start..start + 50), 50);
                        assert!(store.finish(1 << 30, &NEVER));
                    }
                    if !for_ever {
                        break;
                    }
                }
            });
        }
    });
}

#[test]
fn many_processes_share_a_fresh_folder() {
    for _ in 0..4 {
        let home = Home::new();
        let children: Vec<_> = (0..8).map(|number| start(&home, number * 10_000, false)).collect();
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        let mut store = home.store();
        assert_eq!(store.info().unwrap().rows, 8 * 4 * 300);
        assert_eq!(store.generation, 1);
        assert_eq!(store.verify(&NEVER).unwrap().damaged, 0);
    }
}

#[test]
fn killed_writers_leave_a_store_that_works_at_once() {
    let mut random = Random::new(3);
    for _ in 0..2 {
        let home = Home::new();
        for _ in 0..15 {
            let mut writers = [start(&home, 0, true), start(&home, 10_000, true)];
            let until = Instant::now() + Duration::from_millis(30 + random.next() % 60);
            drop(home.folder());
            while Instant::now() < until {
                if let Ok(mut reader) = Store::open(&home.folder(), Mode::Read, &NEVER) {
                    hits(&mut reader, 0..100);
                }
            }
            for writer in &mut writers {
                writer.kill().unwrap();
                writer.wait().unwrap();
            }
            let started = Instant::now();
            let mut store = home.store();
            hits(&mut store, 0..4_000);
            hits(&mut store, 10_000..14_000);
            assert!(store.put_many(&rows(20_000..20_010), &NEVER));
            assert_eq!(hits(&mut store, 20_000..20_010), 10);
            assert!(store.finish(1 << 30, &NEVER));
            assert_eq!(store.generation, 1);
            assert_eq!(store.verify(&NEVER).unwrap().damaged, 0);
            assert!(started.elapsed() < Duration::from_secs(2));
        }
    }
}
