//! The kinds of edits, among them all that could leave a file or folder looking as it did before.

use std::fs::{self, File, FileTimes, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::contents::Contents;
use super::tree::{FOLDERS, Tree, overwrite, remove, text_of, write};
use super::walk::IGNORE_FILES;
use crate::random::Random;

const HOUR: Duration = Duration::from_hours(1);

/// A modification time long ago, since 1970.
const OLD: Duration = Duration::from_hours(400_000);

const PATTERNS: [&str; 11] =
    ["a.py", "/b.py", "pkg/", "sub/", "!a.py", "!/b.py", "*.py", "/lib/", "!c.py", "# nothing", "x.txt"];

type Act = fn(&mut Tree, &Contents, &mut Random) -> io::Result<()>;

/// A kind of edit.
pub(super) struct Kind {
    weight: usize,
    pub(super) name: &'static str,
    pub(super) act: Act,
}

/// All kinds, but for what only a repository allows.
#[rustfmt::skip]
pub(super) const KINDS: [Kind; 26] = [
    Kind { weight: 12, name: "same size in place", act: same_size },
    Kind { weight: 4, name: "rewritten", act: rewritten },
    Kind { weight: 12, name: "same size, times restored", act: times_restored },
    Kind { weight: 6, name: "replaced", act: replaced },
    Kind { weight: 8, name: "replaced twice, times restored", act: replaced_twice },
    Kind { weight: 6, name: "removed and made, times restored", act: made_anew },
    Kind { weight: 5, name: "renamed over", act: renamed_over },
    Kind { weight: 6, name: "exchanged", act: exchanged },
    Kind { weight: 5, name: "touched to the future", act: future },
    Kind { weight: 3, name: "touched to the past", act: past },
    Kind { weight: 6, name: "created", act: created },
    Kind { weight: 4, name: "created and deleted at once", act: created_and_deleted },
    Kind { weight: 4, name: "deleted", act: deleted },
    Kind { weight: 5, name: "deleted and created at once", act: deleted_and_created },
    Kind { weight: 4, name: "new folder", act: new_folder },
    Kind { weight: 4, name: "folder swapped for a link or back", act: folder_or_link },
    Kind { weight: 4, name: "folder swapped for its twin", act: other_folder },
    Kind { weight: 4, name: "file swapped for a folder or back", act: file_or_folder },
    Kind { weight: 4, name: "linked file", act: linked_file },
    Kind { weight: 4, name: "hard link", act: hard_link },
    Kind { weight: 4, name: "moved", act: moved },
    Kind { weight: 2, name: "mode", act: mode },
    Kind { weight: 3, name: "ignore file", act: ignore_file },
    Kind { weight: 1, name: "ignore file above", act: ignore_file_above },
    Kind { weight: 2, name: "virtual environment", act: environment },
    Kind { weight: 1, name: "no Python file", act: other_file },
];

/// Some kind, by weight.
pub(super) fn choose(random: &mut Random) -> &'static Kind {
    let mut left = random.below(KINDS.iter().map(|kind| kind.weight).sum());
    let chosen = KINDS.iter().find(|kind| {
        let found = left < kind.weight;
        left = left.saturating_sub(kind.weight);
        found
    });
    chosen.unwrap_or(&KINDS[0])
}

fn set_modified(path: &Path, time: SystemTime) -> io::Result<()> {
    File::open(path)?.set_times(FileTimes::new().set_modified(time))
}

fn same_size(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let path = tree.file(contents, random)?;
    overwrite(&path, contents.other_than(&text_of(&path), random))
}

fn rewritten(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    write(&tree.file(contents, random)?, contents.any(random))
}

fn times_restored(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    disguised(&tree.file(contents, random)?, contents, random)
}

/// Another text of the same size in place of the one that is there, under the same modification time.
pub(super) fn disguised(path: &Path, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let before = path.metadata()?.modified()?;
    overwrite(path, contents.other_than(&text_of(path), random))?;
    set_modified(path, before)
}

fn replaced(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let (path, draft) = (tree.file(contents, random)?, tree.fresh());
    let (text, before) = (text_of(&path), path.metadata()?.modified()?);
    write(&draft, contents.other_than(&text, random))?;
    if random.below(2) == 0 {
        set_modified(&draft, before)?;
    }
    fs::rename(&draft, &path)
}

/// The second time ext4 gives the draft the inode that the file had at first.
fn replaced_twice(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let path = tree.file(contents, random)?;
    let (text, before) = (text_of(&path), path.symlink_metadata()?);
    for _ in 0..2 {
        let draft = tree.fresh();
        write(&draft, contents.other_than(&text, random))?;
        set_modified(&draft, before.modified()?)?;
        fs::rename(&draft, &path)?;
    }
    count_reused(tree, &path, &before)
}

fn made_anew(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let path = tree.file(contents, random)?;
    let (text, before) = (text_of(&path), path.symlink_metadata()?);
    fs::remove_file(&path)?;
    write(&path, contents.other_than(&text, random))?;
    set_modified(&path, before.modified()?)?;
    count_reused(tree, &path, &before)
}

/// Counts that a file which looks as before has even the inode.
fn count_reused(tree: &mut Tree, path: &Path, before: &fs::Metadata) -> io::Result<()> {
    tree.reused_inodes += u64::from(path.symlink_metadata()?.ino() == before.ino());
    Ok(())
}

fn renamed_over(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let (from, to) = (tree.file(contents, random)?, tree.file(contents, random)?);
    fs::rename(from, to)
}

fn exchanged(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let (one, other, spare) = (tree.file(contents, random)?, tree.file(contents, random)?, tree.fresh());
    for path in [&one, &other] {
        set_modified(path, SystemTime::UNIX_EPOCH + OLD)?;
    }
    fs::rename(&one, &spare)?;
    // Where both are the same, it comes back.
    let _ = fs::rename(&other, &one);
    fs::rename(&spare, &other)
}

fn future(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let path = tree.file(contents, random)?;
    overwrite(&path, contents.other_than(&text_of(&path), random))?;
    set_modified(&path, SystemTime::now() + HOUR)
}

fn past(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let path = tree.file(contents, random)?;
    write(&path, contents.any(random))?;
    set_modified(&path, SystemTime::UNIX_EPOCH + OLD)
}

fn created(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    File::create_new(tree.some(random))?.write_all(contents.any(random))
}

fn created_and_deleted(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let path = tree.some(random);
    drop(File::create_new(&path)?);
    overwrite(&path, contents.any(random))?;
    fs::remove_file(path)
}

fn deleted(tree: &mut Tree, _: &Contents, random: &mut Random) -> io::Result<()> {
    remove(&tree.some(random))
}

fn deleted_and_created(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let path = tree.file(contents, random)?;
    fs::remove_file(&path)?;
    write(&path, contents.any(random))
}

fn new_folder(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let path = tree.below(FOLDERS[1 + random.below(FOLDERS.len() - 1)]);
    if path.symlink_metadata().is_err() {
        fs::create_dir_all(&path)?;
    } else if random.below(3) == 0 {
        return remove(&path);
    }
    write(&path.join("a.py"), contents.any(random))
}

fn folder_or_link(tree: &mut Tree, _: &Contents, random: &mut Random) -> io::Result<()> {
    let (path, spare) = (tree.folder(random), tree.fresh());
    if path.is_symlink() {
        let target = path.read_link()?;
        fs::remove_file(&path)?;
        return fs::rename(target, path);
    }
    fs::rename(&path, &spare)?;
    symlink(&spare, &path)
}

/// A folder in place of another with the same names in it, perhaps the root itself.
fn other_folder(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let (path, twin, spare) = (tree.folder(random), tree.fresh(), tree.fresh());
    let before = path.metadata()?.modified()?;
    copy(&path, &twin, contents, random)?;
    set_modified(&twin, before)?;
    fs::rename(&path, &spare)?;
    fs::rename(&twin, &path)?;
    remove(&spare)
}

/// Copies a folder, with other texts in place of those at the top.
fn copy(from: &Path, to: &Path, contents: &Contents, random: &mut Random) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, path, target) = (entry.file_type()?, entry.path(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&path, &target, contents, random)?;
        } else if kind.is_symlink() {
            symlink(path.read_link()?, target)?;
        } else if path.extension().is_some_and(|extension| extension == "py") {
            write(&target, contents.other_than(&text_of(&path), random))?;
        } else {
            fs::copy(path, target)?;
        }
    }
    Ok(())
}

fn file_or_folder(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let path = tree.some(random);
    if path.is_dir() {
        remove(&path)?;
        return write(&path, contents.any(random));
    }
    let _ = fs::remove_file(&path);
    fs::create_dir(&path)?;
    if random.below(2) == 0 {
        write(&path.join("b.py"), contents.any(random))?;
    }
    Ok(())
}

fn linked_file(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let (path, target) = (tree.some(random), tree.fresh());
    if path.is_symlink() {
        // Perhaps anew, where the link led nowhere.
        return write(&path.read_link()?, contents.any(random));
    }
    if path.symlink_metadata().is_ok() {
        remove(&path)?;
    }
    if random.below(5) > 0 {
        write(&target, contents.any(random))?;
    }
    symlink(target, path)
}

fn hard_link(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let (path, other) = (tree.file(contents, random)?, tree.some(random));
    let linked = fs::hard_link(&path, other);
    overwrite(&path, contents.other_than(&text_of(&path), random))?;
    linked
}

fn moved(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let (path, other) = (tree.file(contents, random)?, tree.some(random));
    if other.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(path, other)
}

fn mode(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    let mode = [0o600, 0o644, 0o755][random.below(3)];
    fs::set_permissions(tree.file(contents, random)?, Permissions::from_mode(mode))
}

fn ignore_file(tree: &mut Tree, _: &Contents, random: &mut Random) -> io::Result<()> {
    ignore_in(&tree.folder(random), random)
}

fn ignore_file_above(tree: &mut Tree, _: &Contents, random: &mut Random) -> io::Result<()> {
    ignore_in(&tree.holder, random)
}

fn ignore_in(folder: &Path, random: &mut Random) -> io::Result<()> {
    let path = folder.join(IGNORE_FILES[random.below(IGNORE_FILES.len())]);
    if random.below(2) == 0 && path.exists() {
        return fs::remove_file(path);
    }
    let lines: Vec<_> = (0..random.below(4)).map(|_| PATTERNS[random.below(PATTERNS.len())]).collect();
    write(&path, (lines.join("\n") + "\n").as_bytes())
}

fn environment(tree: &mut Tree, _: &Contents, random: &mut Random) -> io::Result<()> {
    let path = tree.folder(random).join("pyvenv.cfg");
    if path.exists() { fs::remove_file(path) } else { write(&path, b"") }
}

fn other_file(tree: &mut Tree, contents: &Contents, random: &mut Random) -> io::Result<()> {
    write(&tree.folder(random).join("x.txt"), contents.any(random))
}
