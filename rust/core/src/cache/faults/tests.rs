use std::path::Path;
use std::time::{Duration, Instant};

use super::{Fault, Plan, install};
use crate::cache::counts::{self, Counts};
use crate::cache::folder::{Folder, Place};
use crate::cache::store::tests::{Home, key, rows, value};
use crate::cache::store::{Mode, Store};
use crate::cancel::Cancel;

static NEVER: Cancel = Cancel::new();

const MANIFEST: &str = "manifests/one";
const CONTENT: &[u8] = &[7; 10_000];

/// All that a call does with the folder. What it finds is right; what it cannot do it leaves. Returns how much worked.
fn call(home: &Path) -> usize {
    let place = Place { configured: Some(home.to_path_buf()), analysed: &[], create: true, is_network: |_| false };
    let Ok(folder) = Folder::open(&place) else { return 0 };
    let mut worked = manifest(&folder);
    let Ok(mut store) = Store::open(&folder, Mode::Write, &NEVER) else { return worked };
    let hits = |store: &mut Store| {
        let found = (0..40).filter(|number| {
            let found = store.get(&key(*number));
            assert!(found.as_ref().is_none_or(|found| *found == value(*number)), "a wrong value");
            found.is_some()
        });
        found.count()
    };
    hits(&mut store);
    worked += usize::from(store.put_many(&rows(0..40), &NEVER));
    worked += hits(&mut store);
    worked += usize::from(store.finish(1 << 30, &NEVER));
    worked += usize::from(store.verify(&NEVER).is_some());
    // Beyond its size, and with the log folded in.
    worked += usize::from(store.gc(1 << 30, &NEVER));
    drop(store);
    if let Ok(mut reader) = Store::open(&folder, Mode::Read, &NEVER) {
        worked += hits(&mut reader);
    }
    worked
}

fn manifest(folder: &Folder) -> usize {
    let counts = Counts { miss: 1, ..Counts::default() };
    let mut worked = usize::from(counts::add(folder, counts));
    let read = |worked: &mut usize| {
        let mut bytes = Vec::new();
        if let Ok(mut file) = folder.open_file(MANIFEST)
            && file.read_into(0, file.len(), &mut bytes).is_ok()
        {
            assert!(bytes == CONTENT, "a file that is not whole");
            *worked += 1;
        }
    };
    read(&mut worked);
    let written = folder.create_file(MANIFEST).and_then(|mut draft| {
        draft.write(&CONTENT[..10])?;
        draft.write(&CONTENT[10..])?;
        draft.commit()
    });
    worked += usize::from(written.is_ok());
    read(&mut worked);
    worked += folder.files("manifests").map_or(0, |files| files.len());
    worked
}

/// Fails one step after the other until a run has fewer.
fn fail_each_step(fault: Fault, for_good: bool, is_fresh: bool) {
    for nth in 1.. {
        let home = Home::on("/dev/shm").unwrap_or_else(Home::new);
        let path = home.path();
        if !is_fresh {
            call(&path);
        }
        let started = Instant::now();
        let installed = install(Plan { below: path.clone(), nth, for_good, fault });
        call(&path);
        let has_failed = installed.has_failed();
        drop(installed);
        assert!(started.elapsed() < Duration::from_secs(3), "{fault:?} {nth}");
        // Nothing of it lasts.
        call(&path);
        let worked = call(&path);
        assert_eq!(worked, 1 + 1 + 1 + 1 + 1 + 1 + 40 + 1 + 1 + 1 + 40, "{fault:?} {nth} {for_good} {is_fresh}");
        if !has_failed {
            assert!(nth > 50, "{fault:?}: only {nth} steps");
            return;
        }
    }
}

fn fail_everywhere(fault: Fault) {
    for (for_good, is_fresh) in [(false, false), (false, true), (true, false), (true, true)] {
        fail_each_step(fault, for_good, is_fresh);
    }
}

#[test]
fn a_full_disk_costs_the_cache_and_nothing_else() {
    fail_everywhere(Fault::Error(libc::ENOSPC));
}

#[test]
fn errors_of_the_disk_cost_the_cache_and_nothing_else() {
    fail_everywhere(Fault::Error(libc::EIO));
}

#[test]
fn missing_rights_cost_the_cache_and_nothing_else() {
    fail_everywhere(Fault::Error(libc::EACCES));
}

#[test]
fn signals_cost_nothing_or_the_cache() {
    fail_everywhere(Fault::Error(libc::EINTR));
}

#[test]
fn short_reads_and_writes_cost_nothing_or_the_cache() {
    fail_everywhere(Fault::Short);
}

#[test]
fn missing_memory_in_sqlite_costs_the_cache_and_nothing_else() {
    fail_everywhere(Fault::Memory);
}
