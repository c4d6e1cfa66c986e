//! The floors that scripts here set figures beside: the least that has to be done to know of a tree, or to have its files.
//!
//! `floor TREE THREADS` reads lines and answers each with the nanoseconds of one pass; the first answer is the number of paths.
//! A line says what a pass does: nothing, a bare `stat` of every folder and file, which are known; `walk`, the listing of every
//! folder and a `stat` of every Python file; `read`, the listing, and every Python file read.

#![expect(clippy::print_stdout, reason = "it is how it answers")]

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufRead, Read, Result as IoResult, Write, stdin, stdout};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use rev_accel_core::Selection;
use rev_accel_core::measure::{KnownTree, system_clock};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let tree = PathBuf::from(arguments.next().ok_or("which tree?")?);
    let threads: usize =
        arguments.next().and_then(|text| text.into_string().ok()).ok_or("how many threads?")?.parse()?;
    let known = KnownTree::new(&tree, Selection::All, system_clock)?;
    println!("{}", known.paths());
    stdout().flush()?;
    for line in stdin().lock().lines() {
        let line = line?;
        let started = Instant::now();
        let found = match line.as_str() {
            "" => known.look(threads),
            "walk" => walk(&tree, threads, false),
            "read" => walk(&tree, threads, true),
            other => return Err(format!("what is `{other}`?").into()),
        };
        println!("{}", started.elapsed().as_nanos());
        stdout().flush()?;
        if found == 0 {
            return Err("the tree is gone".into());
        }
    }
    Ok(())
}

/// Lists every folder; looks at every Python file, or reads it. Gives how many there are.
fn walk(tree: &Path, threads: usize, read: bool) -> usize {
    let waiting = Mutex::new(vec![tree.to_owned()]);
    // Folders that wait or are being listed: when there are none, no more can come.
    let open = AtomicUsize::new(1);
    let found = AtomicUsize::new(0);
    let work = || {
        let mut content = Vec::new();
        while open.load(Ordering::Acquire) > 0 {
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(folder) = next else {
                thread::yield_now();
                continue;
            };
            let (files, folders) = list(&folder, read, &mut content).unwrap_or_default();
            found.fetch_add(files, Ordering::Relaxed);
            open.fetch_add(folders.len(), Ordering::Release);
            waiting.lock().unwrap_or_else(PoisonError::into_inner).extend(folders);
            open.fetch_sub(1, Ordering::Release);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    found.into_inner()
}

/// One folder: how many Python files it has, and the folders in it.
fn list(folder: &Path, read: bool, content: &mut Vec<u8>) -> IoResult<(usize, Vec<PathBuf>)> {
    let (mut files, mut folders) = (0, Vec::new());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        } else if entry.file_name().as_encoded_bytes().ends_with(b".py") {
            if read {
                content.clear();
                File::open(entry.path())?.read_to_end(content)?;
            } else {
                entry.metadata()?;
            }
            files += 1;
        }
    }
    Ok((files, folders))
}
