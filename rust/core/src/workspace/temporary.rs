//! What is made under a temporary name and takes its place when it is complete.

use std::collections::hash_map::RandomState;
use std::ffi::{OsStr, OsString};
use std::hash::BuildHasher;
use std::io::{self, ErrorKind};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::folder::Folder;
use super::tree;
use crate::cancel::Cancel;

/// A temporary name is `.rev-accel-`, 16 hexadecimal digits, `.tmp`.
const BEFORE: &str = ".rev-accel-";
const AFTER: &str = ".tmp";

/// What was not changed for so long belongs to a process that ended before it could remove it.
const LEFT_OVER: Duration = Duration::from_hours(1);

/// How many names are tried.
const NAMES: usize = 8;

/// Something under a temporary name, which is removed unless it takes its place.
pub(super) struct Temporary<'a> {
    folder: &'a Folder,
    name: OsString,
    is_placed: bool,
}

impl<'a> Temporary<'a> {
    /// Makes something in a folder, under a name that is free.
    pub(super) fn new<T>(folder: &'a Folder, make: impl Fn(&OsStr) -> io::Result<T>) -> io::Result<(Self, T)> {
        let (name, thing) = under_free_name(make)?;
        Ok((Self { folder, name, is_placed: false }, thing))
    }

    /// The name that it has meanwhile.
    pub(super) fn name(&self) -> &OsStr {
        &self.name
    }

    /// Gives it its name: in place of what has it, or only if it is free.
    pub(super) fn place(mut self, name: &OsStr, replaces: bool) -> io::Result<()> {
        if replaces {
            self.folder.replace(&self.name, self.folder, name)?;
        } else {
            self.folder.rename(&self.name, self.folder, name)?;
        }
        self.is_placed = true;
        Ok(())
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.is_placed {
            let _ = tree::remove_own(self.folder, &self.name, &Cancel::new());
        }
    }
}

/// Makes something under a temporary name; `make` fails where the name is not free.
pub(super) fn under_free_name<T>(make: impl Fn(&OsStr) -> io::Result<T>) -> io::Result<(OsString, T)> {
    let mut tries = 0;
    loop {
        // The keys of a fresh state are random.
        let name = OsString::from(format!("{BEFORE}{:016x}{AFTER}", RandomState::new().hash_one(0)));
        match make(&name) {
            Ok(thing) => return Ok((name, thing)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && tries < NAMES => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Removes what processes that were killed have left in a folder. What cannot be removed stays.
pub(super) fn sweep(folder: &Folder, cancel: &Cancel) {
    let mut names = Vec::new();
    let _ = folder.each(|name| {
        if is_temporary(name) {
            names.push(name.to_owned());
        }
    });
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().cast_signed();
    let is_old = |name: &OsStr| {
        folder.status(name).is_ok_and(|status| now - status.modified > LEFT_OVER.as_nanos().cast_signed())
    };
    for name in names.iter().filter(|name| is_old(name)) {
        let _ = tree::remove_own(folder, name, cancel);
    }
}

fn is_temporary(name: &OsStr) -> bool {
    let digits = name.to_str().and_then(|name| name.strip_prefix(BEFORE)?.strip_suffix(AFTER));
    digits.is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
