//! Files that are read, and what names their content.

use std::fs::File;
use std::io::{ErrorKind, Read};

use super::fault::Outcome;
use super::{Kind, Place, Resolution, Right, Workspace, WorkspaceFault};
use crate::cancel::Cancel;
use crate::digest::Digest;
use crate::error::{Error, Result};

/// How much is read or written between two looks whether to stop.
pub(super) const CHUNK: usize = 1 << 20;

/// What a file held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// BLAKE3 of its bytes.
    pub digest: Digest,
    /// How many bytes there are.
    pub size: u64,
}

impl Version {
    /// That of a content.
    #[must_use]
    pub fn of(data: &[u8]) -> Self {
        Self { digest: Digest::from_bytes(*blake3::hash(data).as_bytes()), size: data.len() as u64 }
    }

    /// That of what an open file holds from where it stands.
    pub(super) fn of_file(mut file: &File, cancel: &Cancel) -> Outcome<Self> {
        let mut hasher = blake3::Hasher::new();
        let expected = usize::try_from(file.metadata()?.len()).unwrap_or(CHUNK);
        let mut buffer = vec![0; expected.clamp(1, CHUNK)];
        loop {
            if cancel.is_cancelled() {
                return Err(WorkspaceFault::Cancelled);
            }
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => _ = hasher.update(&buffer[..read]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Self { digest: Digest::from_bytes(*hasher.finalize().as_bytes()), size: hasher.count() })
    }
}

impl Workspace {
    /// Opens a regular file for reading. Nothing else is opened, and nothing is waited for.
    pub fn open(&self, path: &str) -> Result<File> {
        self.within(path, Right::Read, Resolution::default(), Place::open)
    }

    /// What a file holds now; `None` if there is none.
    pub fn version(&self, path: &str, cancel: &Cancel) -> Result<Option<Version>> {
        let file = match self.open(path) {
            Err(Error::Workspace { fault: WorkspaceFault::System(error), .. })
                if error.kind() == ErrorKind::NotFound =>
            {
                return Ok(None);
            }
            opened => opened?,
        };
        Version::of_file(&file, cancel).map(Some).map_err(|fault| fault.at(path))
    }
}

impl Place {
    pub(super) fn open(&self) -> Outcome<File> {
        // Opening a device can have effects, so what is there is looked at before.
        match self.status()?.kind {
            Kind::File => {}
            found => return Err(WorkspaceFault::Kind { found, expected: "a regular file" }),
        }
        let file = self.folder.file(&self.last)?;
        if !file.metadata()?.is_file() {
            return Err(WorkspaceFault::Kind { found: Kind::Other, expected: "a regular file" });
        }
        Ok(file)
    }
}
