//! Files that are written: as a whole or not at all.
//!
//! The new content is written to a temporary file in the same folder, which then takes the name in one step. It is on the disk before: some
//! file systems would have an empty file under the name after a power cut else. That the name is on the disk, too, is not waited for: until
//! then a power cut leaves the old content, which is as whole as the new one.

use std::fs::File;
use std::io::{ErrorKind, Write};

use super::fault::Outcome;
use super::reading::{CHUNK, Version};
use super::temporary::{self, Temporary};
use super::{Kind, Place, Resolution, Right, Workspace, WorkspaceFault, attributes};
use crate::cancel::Cancel;
use crate::digest::Digest;
use crate::error::Result;

/// What has to be there for a file to be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is.
    #[default]
    Anything,
    /// Nothing.
    Absent,
    /// A file with this content.
    Content(Digest),
}

/// How a file is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct WriteOptions {
    /// What has to be there.
    pub expected: Expected,
    /// Whether folders that are missing are made.
    pub makes_folders: bool,
    /// Whether a file with several names may be parted from the others.
    pub breaks_links: bool,
}

impl Workspace {
    /// Gives a file a content. Its mode, its extended attributes and, where the system lets us, its owner stay.
    ///
    /// What was expected is compared right before the new content takes its place. Between the two there are some microseconds: no system
    /// offers to do both in one step.
    pub fn write(&self, path: &str, data: &[u8], options: WriteOptions, cancel: &Cancel) -> Result<Version> {
        let how = Resolution { makes_folders: options.makes_folders, ..Resolution::default() };
        self.within(path, Right::Write, how, |place| write(place, data, options, cancel))
    }
}

fn write(place: &Place, data: &[u8], options: WriteOptions, cancel: &Cancel) -> Outcome<Version> {
    let Place { folder, last, .. } = place;
    let former = place.status_if_any()?;
    if let Some(status) = former {
        if options.expected == Expected::Absent {
            return Err(WorkspaceFault::Stale { found: current(place, cancel)?, expected_absent: true });
        }
        if status.kind != Kind::File {
            return Err(WorkspaceFault::Kind { found: status.kind, expected: "a regular file, or nothing" });
        }
        if status.links > 1 && !options.breaks_links {
            return Err(WorkspaceFault::HardLinks(status.links));
        }
        // Replacing would get round the mode of the file.
        folder.may_write(last)?;
    }
    temporary::sweep(folder, cancel);
    let (temporary, file) = Temporary::new(folder, |name| folder.create(name, former.is_some()))?;
    fill(&file, data, cancel)?;
    if let Some(status) = former {
        attributes::give(&file, status, place.open().ok().as_ref())?;
    }
    file.sync_all()?;
    if let Expected::Content(digest) = options.expected {
        let found = current(place, cancel)?;
        if found.is_none_or(|found| found.digest != digest) {
            return Err(WorkspaceFault::Stale { found, expected_absent: false });
        }
    }
    match temporary.place(last, options.expected != Expected::Absent) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(WorkspaceFault::Stale { found: current(place, cancel)?, expected_absent: true })
        }
        placed => Ok(placed.map(|()| Version::of(data))?),
    }
}

fn fill(mut file: &File, data: &[u8], cancel: &Cancel) -> Outcome<()> {
    for chunk in data.chunks(CHUNK) {
        if cancel.is_cancelled() {
            return Err(WorkspaceFault::Cancelled);
        }
        file.write_all(chunk)?;
    }
    Ok(())
}

/// What the file holds now, if there is one.
fn current(place: &Place, cancel: &Cancel) -> Outcome<Option<Version>> {
    match place.open() {
        Err(WorkspaceFault::System(error)) if error.kind() == ErrorKind::NotFound => Ok(None),
        file => Version::of_file(&file?, cancel).map(Some),
    }
}
