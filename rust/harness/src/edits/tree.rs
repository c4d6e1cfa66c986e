//! A small tree, and what edits of it are made of.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::contents::{Contents, Node};
use super::walk;
use crate::random::Random;

const NAMES: [&str; 5] = ["a.py", "b.py", "c.py", "d.py", "e.py"];
pub(super) const FOLDERS: [&str; 5] = ["", "pkg", "pkg/sub", "lib", "lib/f.py"];

/// How many branches a repository has.
const BRANCHES: usize = 4;

/// A tree below a folder of its own, which also holds what the tree's links lead to.
pub(super) struct Tree {
    pub(super) holder: PathBuf,
    pub(super) root: PathBuf,
    away: PathBuf,
    spare: usize,
    pub(super) is_repository: bool,
    /// How often a file was replaced by one with the same inode.
    pub(super) reused_inodes: u64,
}

impl Tree {
    /// Makes a tree of at least so many files in a folder that does not exist.
    pub(super) fn new(holder: PathBuf, files: usize, contents: &Contents, random: &mut Random) -> io::Result<Self> {
        let (root, away) = (holder.join("root"), holder.join("away"));
        fs::create_dir_all(&root)?;
        fs::create_dir(&away)?;
        for number in 0..files {
            let folder = root.join(FOLDERS[number % 4]);
            fs::create_dir_all(&folder)?;
            let name = NAMES.get(number / 4).map_or_else(|| format!("n{number}.py"), |&name| name.to_owned());
            write(&folder.join(name), contents.any(random))?;
        }
        Ok(Self { holder, root, away, spare: 0, is_repository: false, reused_inodes: 0 })
    }

    /// A path outside of the tree that does not exist.
    pub(super) fn fresh(&mut self) -> PathBuf {
        self.spare += 1;
        self.away.join(self.spare.to_string())
    }

    /// Some folder of the tree, perhaps through a link.
    pub(super) fn folder(&self, random: &mut Random) -> PathBuf {
        let some = (0..20).map(|_| self.below(FOLDERS[random.below(FOLDERS.len())]));
        let mut folders = some.filter(|folder| folder.is_dir());
        folders.next().unwrap_or_else(|| self.root.clone())
    }

    /// A path in the tree where there may be a file.
    pub(super) fn some(&self, random: &mut Random) -> PathBuf {
        self.folder(random).join(NAMES[random.below(NAMES.len())])
    }

    /// A path in the tree where there is a file, if that is found soon.
    pub(super) fn existing_file(&self, random: &mut Random) -> Option<PathBuf> {
        (0..6).map(|_| self.some(random)).find(|path| path.is_file())
    }

    /// A path in the tree where there is a file; it is made if need be.
    pub(super) fn file(&self, contents: &Contents, random: &mut Random) -> io::Result<PathBuf> {
        if let Some(path) = self.existing_file(random) {
            return Ok(path);
        }
        let path = self.some(random);
        if path.symlink_metadata().is_ok() {
            remove(&path)?;
        }
        write(&path, contents.any(random))?;
        Ok(path)
    }

    pub(super) fn below(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.root.clone() } else { self.root.join(name) }
    }

    fn git(&self, arguments: &[&str]) -> io::Result<bool> {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.root).args(["-c", "gc.auto=0", "-c", "core.fsync=none"]).args(arguments);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "test").env(format!("GIT_{who}_EMAIL"), "test@example.org");
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(command.status()?.success())
    }

    /// Makes the tree a repository with some branches; `change` makes each another one.
    pub(super) fn make_branches(&mut self, mut change: impl FnMut(&mut Self)) -> io::Result<()> {
        self.git(&["init", "-q"])?;
        for branch in 0..BRANCHES {
            self.git(&["checkout", "-q", "-b", &format!("branch{branch}")])?;
            change(self);
            self.git(&["add", "-A", "-f"])?;
            self.git(&["commit", "-q", "--allow-empty", "-m", "some"])?;
        }
        self.is_repository = true;
        Ok(())
    }

    /// Checks out a branch over whatever there is, as far as git can.
    pub(super) fn switch(&self, random: &mut Random) -> io::Result<()> {
        let branch = format!("branch{}", random.below(BRANCHES));
        let switched = self.git(&["checkout", "-q", "-f", &branch])?;
        if switched { Ok(()) } else { Err(io::Error::other("git cannot")) }
    }
}

/// Writes a file anew, in place.
pub(super) fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    File::create(path)?.write_all(text)
}

/// Writes over the start of a file, as long as it is.
pub(super) fn overwrite(path: &Path, text: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.write_all(text)
}

/// The text of a file, links followed.
pub(super) fn text_of(path: &Path) -> Vec<u8> {
    match walk::read(path) {
        Node::Text(text) => text,
        Node::Failure(_) => Vec::new(),
    }
}

/// Removes whatever is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    if path.symlink_metadata()?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}
