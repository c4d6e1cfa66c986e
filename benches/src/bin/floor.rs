//! The floor of a repeated call: a bare `stat` of every folder and file of a tree, for `warm.py`.
//!
//! `floor TREE THREADS` reads lines and answers each with the nanoseconds of one pass; the first answer is the number of paths.

#![expect(clippy::print_stdout, reason = "it is how it answers")]

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::PathBuf;
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
        line?;
        let started = Instant::now();
        let found = known.look(threads);
        println!("{}", started.elapsed().as_nanos());
        stdout().flush()?;
        if found == 0 {
            return Err("the tree is gone".into());
        }
    }
    Ok(())
}
