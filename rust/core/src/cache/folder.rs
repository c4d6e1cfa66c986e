//! The folder that the cache lives in: where it is, whether it can be trusted, and how files in it are read and replaced.
//!
//! ```text
//! rev-accel/                 (or the folder that the user named)
//!   v1/                      everything below has this layout; another layout gets another number
//!     CACHEDIR.TAG
//!     counts                 hits and misses
//!     manifests/             one file for each analysed tree
//!     facts/                 findings by content
//!     replies/               replies of models by request
//! ```
//!
//! What lies here decides what users are told about their code, so it is used only when nobody else can write to it.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::faults::{Step, attempt};
use super::files::Draft;
use super::system;

/// The layout of everything below; part of the path, so that versions with different layouts do not meet.
const LAYOUT: &str = "v1";

/// Where manifests are kept.
pub(crate) const MANIFESTS: &str = "manifests";

/// Where findings are kept by content.
pub(crate) const FACTS: &str = "facts";

/// Where replies are kept by request.
pub(crate) const REPLIES: &str = "replies";

/// Tells backup programs to leave the folder out: <https://bford.info/cachedir/>.
const TAG: (&str, &[u8]) = (
    "CACHEDIR.TAG",
    b"Signature: 8a477f597d28d172789f06886806bc55\n# This folder holds the cache of rev-accel. It can be removed at any time.\n",
);

/// Why there is no cache, in one line for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    text: String,
    absent: bool,
}

impl Problem {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), absent: false }
    }

    pub(super) fn absent(text: impl Into<String>) -> Self {
        Self { text: text.into(), absent: true }
    }

    fn of(folder: &Path, reason: impl fmt::Display) -> Self {
        Self::new(format!("the cache folder `{}` is not used: {reason}", folder.display()))
    }

    /// Whether nothing is wrong: there is no cache yet, and none was to be created.
    pub(crate) const fn is_absent(&self) -> bool {
        self.absent
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where the cache is, and what else is to be known to open it.
pub(crate) struct Place<'a> {
    /// The folder that the user named, or `None` for the usual one.
    pub(crate) configured: Option<PathBuf>,
    /// What is analysed: the cache must not lie inside, where the analysed project could have put it.
    pub(crate) analysed: &'a [&'a Path],
    /// Whether to create what is missing.
    pub(crate) create: bool,
    /// Whether a folder is on a network file system.
    pub(crate) is_network: fn(&Path) -> bool,
}

/// A folder that nobody else can write to.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Without links, since SQLite is told not to follow any.
    path: PathBuf,
    writable: bool,
    network: bool,
    /// Whether left-over temporary files were looked for.
    pub(super) swept: AtomicBool,
}

impl Folder {
    /// Finds the folder, creates it if wanted, and checks that it can be trusted.
    pub(crate) fn open(place: &Place<'_>) -> Result<Self, Problem> {
        let own = match &place.configured {
            Some(folder) if !folder.is_absolute() => return Err(Problem::of(folder, "it is not an absolute path")),
            // What it leads to could change while the folders on the way are created.
            Some(folder) if folder.components().any(|part| part == Component::ParentDir) => {
                return Err(Problem::of(folder, "there is a `..` in it"));
            }
            Some(folder) => folder.components().collect(),
            None => usual(|name| std::env::var_os(name))?.join("rev-accel"),
        };
        let path = own.join(LAYOUT);
        refuse_inside(&path, place.analysed)?;
        let folders = [own.clone(), path.clone(), path.join(MANIFESTS), path.join(FACTS), path.join(REPLIES)];
        let mut found = [None; 5];
        for (folder, found) in folders.iter().zip(&mut found) {
            *found = check(folder)?;
        }
        // Nothing is made before it is known that all that is there can be trusted.
        let mut refused = None;
        if place.create && found.contains(&None) {
            // What lies above is somebody else's and normally there, but a new account has no `~/.cache` yet.
            refused = own.parent().and_then(|above| create(above, true).err());
            for (folder, found) in folders.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
                if let Err(error) = create(folder, false) {
                    refused.get_or_insert(error);
                }
                *found = check(folder)?;
            }
        }
        if let Some(absent) = found[..2].iter().position(Option::is_none) {
            let absent = &folders[absent];
            let above = absent.ancestors().find(|above| attempt(Step::Stat, above, || above.metadata()).is_ok());
            return Err(match (refused, above) {
                (Some(error), _) => Problem::of(absent, format_args!("it cannot be created: {error}")),
                (None, Some(above)) if !system::is_writable(above) => {
                    let reason = format_args!("it is not there, and `{}` cannot be written to", above.display());
                    Problem::of(absent, reason)
                }
                _ => Problem::absent(format!("the cache folder `{}` does not exist", absent.display())),
            });
        }
        let writable = found.iter().all(|found| *found == Some(true));
        let resolved = attempt(Step::Stat, &path, || path.canonicalize());
        let resolved = resolved.map_err(|error| Problem::of(&path, error))?;
        let network = (place.is_network)(&resolved);
        let folder = Self { path: resolved, writable, network, swept: AtomicBool::new(false) };
        if writable && place.create {
            // The tag stands in our own folder: around one that the user named may be anything.
            tag(if place.configured.is_none() { &own } else { &path });
        }
        Ok(folder)
    }

    /// Its path, without links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether files can be written; if not, what is there may still be read.
    pub(crate) const fn is_writable(&self) -> bool {
        self.writable
    }

    /// As on a medium that cannot be written to; root can write whatever the modes say.
    #[cfg(test)]
    pub(super) const fn refuse_writing(&mut self) {
        self.writable = false;
    }

    /// The folder of a store, refused on a network file system: SQLite's write-ahead log needs memory that all processes share.
    ///
    /// Manifests are replaced as a whole and keep working there.
    pub(crate) fn databases(&self, part: &str, store: &str) -> Result<PathBuf, Problem> {
        if self.network {
            let reason = format!("it is on a network file system, where the {store} does not work");
            return Err(Problem::new(format!(
                "the cache folder `{}` is only partly used: {reason}",
                self.path.display()
            )));
        }
        Ok(self.path.join(part))
    }
}

fn tag(folder: &Path) {
    let path = folder.join(TAG.0);
    if attempt(Step::Stat, &path, || path.symlink_metadata()).is_err() {
        // Without the tag a backup is larger, and nothing else is wrong.
        let _ = Draft::new(path).and_then(|mut draft| {
            draft.write(TAG.1)?;
            draft.commit()
        });
    }
}

/// The user's folder for caches.
fn usual(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, Problem> {
    // A relative value is to be ignored, says the XDG specification of base folders.
    let folder = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let (found, names) = if cfg!(windows) {
        (folder("LOCALAPPDATA"), "`LOCALAPPDATA` does not name")
    } else if cfg!(target_os = "macos") {
        (folder("HOME").map(|home| home.join("Library/Caches")), "`HOME` does not name")
    } else {
        let home = || folder("HOME").map(|home| home.join(".cache"));
        (folder("XDG_CACHE_HOME").or_else(home), "neither `XDG_CACHE_HOME` nor `HOME` names")
    };
    found.ok_or_else(|| Problem::new(format!("there is no folder for the cache: {names} one by an absolute path")))
}

fn refuse_inside(path: &Path, analysed: &[&Path]) -> Result<(), Problem> {
    let resolved = resolved(path);
    for tree in analysed {
        let tree = attempt(Step::Stat, tree, || tree.canonicalize()).unwrap_or_else(|_| tree.to_path_buf());
        if resolved.starts_with(&tree) || path.starts_with(&tree) {
            return Err(Problem::of(path, format_args!("it is inside `{}`, which is analysed", tree.display())));
        }
    }
    Ok(())
}

/// The path without links, also where its last parts do not exist yet.
fn resolved(path: &Path) -> PathBuf {
    for ancestor in path.ancestors() {
        if let Ok(real) = attempt(Step::Stat, ancestor, || ancestor.canonicalize()) {
            return real.join(path.strip_prefix(ancestor).unwrap_or(Path::new("")));
        }
    }
    path.to_path_buf()
}

/// Creates a folder for the user alone if nothing is there, with those above it if `all`.
fn create(folder: &Path, all: bool) -> io::Result<()> {
    if attempt(Step::Stat, folder, || folder.symlink_metadata()).is_ok() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(all);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match attempt(Step::MakeFolder, folder, || builder.create(folder)) {
        // Another process was quicker.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        done => done,
    }
}

/// Whether a folder that can be trusted can be written to; `None` when there is none.
fn check(folder: &Path) -> Result<Option<bool>, Problem> {
    let metadata = match attempt(Step::Stat, folder, || fs::symlink_metadata(folder)) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Problem::of(folder, error)),
    };
    if metadata.is_symlink() {
        return Err(Problem::of(folder, "it is a symbolic link"));
    }
    if !metadata.is_dir() {
        return Err(Problem::of(folder, "it is not a folder"));
    }
    if let Some(reason) = distrust(&metadata) {
        return Err(Problem::of(folder, reason));
    }
    Ok(Some(system::is_writable(folder)))
}

/// Why somebody else may have written what is there.
#[cfg(unix)]
pub(super) fn distrust(metadata: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let (owner, user) = (metadata.uid(), system::effective_user());
    if owner != user {
        return Some(format!("it belongs to user {owner}, and this process acts for user {user}"));
    }
    let writers = match metadata.mode() & 0o022 {
        0 => return None,
        0o020 => "its group",
        _ => "other users",
    };
    Some(format!("{writers} can write to it; `chmod go-w` helps, after a look at what is inside"))
}

/// On other systems the rights of the user's own folder are inherited.
#[cfg(not(unix))]
pub(super) fn distrust(_metadata: &Metadata) -> Option<String> {
    None
}

#[cfg(test)]
mod tests;
