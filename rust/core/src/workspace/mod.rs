//! A place to work in: files below one or several roots, and nothing outside of them.
//!
//! A [`Workspace`] turns a path into a name without links ([`resolve`](Workspace::resolve)), and works with what is there by handles: the
//! folder of the name is opened without following any link ([`folder`]), and everything else is done in that folder by the last part of
//! the name. So a link that somebody puts in the way after the name was made is met, not followed, and the name is made anew.
//!
//! Outside means by name. Who moves a folder out of the root while something is written in it, moves out what is written, too.

mod attributes;
mod copying;
mod entries;
mod fault;
mod folder;
mod name;
mod plain;
mod reading;
mod resolve;
mod temporary;
mod tree;
mod writing;

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

pub use entries::{Entry, Status as EntryStatus};
pub use fault::WorkspaceFault;
pub use plain::plain_name;
pub use reading::Version;
pub use writing::{Expected, WriteOptions};

use crate::error::{Error, Result};
use fault::Outcome;
use folder::Folder;
pub(crate) use name::shown;

/// How often a name is made anew when a link was met in it.
const ATTEMPTS: usize = 16;

/// What may be done below a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Looking at what is there.
    Read,
    /// Changing it, too.
    Write,
}

/// A folder, and what may be done below it.
#[derive(Clone, Debug)]
pub struct Root {
    /// Its name: absolute, without links.
    pub path: PathBuf,
    /// What may be done.
    pub right: Right,
}

/// What stands behind a name in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A FIFO, a socket, a device.
    Other,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "a file",
            Self::Folder => "a folder",
            Self::Link => "a symbolic link",
            Self::Other => "a FIFO, socket or device",
        })
    }
}

/// Roots with rights. Where one is inside another, the inner one says what may be done in it.
#[derive(Debug)]
pub struct Workspace {
    roots: Vec<Root>,
    /// The roots that are inside another one, which a file system may know under several names: in other case, or mounted twice.
    inner: Vec<(Identity, usize)>,
}

/// What a thing is, whatever its name: the numbers of its device and of itself on it.
type Identity = (u64, u64);

/// How a path is turned into a name.
#[derive(Clone, Copy, Debug, Default)]
struct Resolution {
    /// Whether a link as the last part is meant itself, not what it leads to.
    keeps_last: bool,
    /// Whether more than the last part may be missing.
    makes_folders: bool,
}

impl Workspace {
    /// A workspace of roots; relative paths are relative to the first. Their names have to be absolute and without links.
    #[must_use]
    pub fn new(roots: Vec<Root>) -> Self {
        let is_inner =
            |root: &Root| roots.iter().any(|other| other.path != root.path && root.path.starts_with(&other.path));
        let of_inner = |(index, root): (usize, &Root)| Some((folder::identity(&root.path)?, index));
        let inner = roots.iter().enumerate().filter(|(_, root)| is_inner(root)).filter_map(of_inner).collect();
        Self { roots, inner }
    }

    /// The name without links that a path leads to, in a root with this right. The last part of it may be missing.
    ///
    /// It is true of the moment in which it was made. What is opened by it can be somewhere else a moment later: the other methods work by
    /// handles instead.
    pub fn resolve(&self, path: &str, right: Right) -> Result<PathBuf> {
        self.name_of(path, right, Resolution::default()).map_err(|fault| fault.at(path))
    }

    fn main(&self) -> &Path {
        self.roots.first().map_or(Path::new("/"), |root| &root.path)
    }

    /// The innermost root that a name is in.
    fn root_of(&self, name: &Path) -> Option<&Root> {
        let around = self.roots.iter().filter(|root| name.starts_with(&root.path));
        around.max_by_key(|root| root.path.as_os_str().len())
    }

    /// The innermost root that a name is in, whatever the name is by which it leads there.
    fn inner_root_of<'a>(&'a self, name: &Path, by_name: &'a Root) -> &'a Root {
        if self.inner.is_empty() {
            return by_name;
        }
        let around = name.ancestors().take_while(|folder| *folder != by_name.path);
        let mut found = around.filter_map(folder::identity).filter_map(|identity| {
            self.inner.iter().find(|(inner, _)| *inner == identity).and_then(|(_, index)| self.roots.get(*index))
        });
        found.next().unwrap_or(by_name)
    }

    fn name_of(&self, path: &str, right: Right, how: Resolution) -> Outcome<PathBuf> {
        if let Some(problem) = name::problem(path, name::System::HERE) {
            return Err(WorkspaceFault::Name(problem));
        }
        let name = resolve::walk(self, path, how)?;
        let root = self.root_of(&name).ok_or(WorkspaceFault::Outside)?;
        if right == Right::Write {
            let root = self.inner_root_of(&name, root);
            if root.right == Right::Read {
                return Err(WorkspaceFault::ReadOnly(root.path.clone()));
            }
            let below = name.strip_prefix(&root.path).unwrap_or(&name);
            if below.components().any(|part| part.as_os_str().to_str().is_some_and(name::is_git)) {
                return Err(WorkspaceFault::Protected("is part of a git repository's own data: have `git` change it"));
            }
        }
        Ok(name)
    }

    /// The name that a path leads to, and its folder as a handle.
    fn place(&self, path: &str, right: Right, how: Resolution) -> Result<Place> {
        let open = || {
            let name = self.name_of(path, right, how)?;
            let (parent, last) = match (name.parent(), name.file_name()) {
                (Some(parent), Some(last)) => (parent, last.to_owned()),
                _ => (name.as_path(), OsString::from(".")),
            };
            // That round a root is there.
            let makes = how.makes_folders && self.root_of(parent).is_some();
            let mut made = MadeFolders::default();
            let folder = if makes { self.made(parent, &mut made)? } else { Folder::open(parent)? };
            Ok(Place { folder, last, name, made })
        };
        open().map_err(|fault: WorkspaceFault| fault.at(path))
    }

    /// Does something at the place of a path. If it fails, folders that were made for it go again.
    fn within<T>(
        &self,
        path: &str,
        right: Right,
        how: Resolution,
        mut work: impl FnMut(&Place) -> Outcome<T>,
    ) -> Result<T> {
        again(|| {
            let mut place = self.place(path, right, how)?;
            let done = work(&place).map_err(|fault| fault.at(path))?;
            place.made.0.clear();
            Ok(done)
        })
    }

    /// Whether a name is that of a root, or of a folder around one.
    fn holds_root(&self, name: &Path) -> bool {
        let identity = folder::identity(name);
        let mut around = self.roots.iter().flat_map(|root| root.path.ancestors());
        around.any(|folder| folder == name || (identity.is_some() && folder::identity(folder) == identity))
    }
}

/// Where something is: the last part of a name, in an open folder.
struct Place {
    folder: Folder,
    last: OsString,
    name: PathBuf,
    made: MadeFolders,
}

/// Folders that were made, each by the one that it is in, and are removed if they are still empty in the end.
#[derive(Default)]
struct MadeFolders(Vec<(Folder, OsString)>);

impl Drop for MadeFolders {
    fn drop(&mut self) {
        while let Some((around, name)) = self.0.pop() {
            let _ = around.remove_folder(&name);
        }
    }
}

impl Place {
    /// What is there. The name was made without links, so a link came later.
    fn status(&self) -> Outcome<EntryStatus> {
        match self.folder.status(&self.last)? {
            EntryStatus { kind: Kind::Link, .. } => Err(folder::link_met().into()),
            status => Ok(status),
        }
    }

    /// What is there, if anything is.
    fn status_if_any(&self) -> Outcome<Option<EntryStatus>> {
        match self.status() {
            Err(WorkspaceFault::System(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            status => status.map(Some),
        }
    }
}

/// Repeats what met a link where there was none a moment before.
fn again<T>(mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        match attempt() {
            Err(Error::Workspace { path, fault: WorkspaceFault::System(error) }) if folder::met_link(&error) => {
                if attempts == ATTEMPTS {
                    return Err(WorkspaceFault::Restless.at(&path));
                }
            }
            done => return done,
        }
    }
}
