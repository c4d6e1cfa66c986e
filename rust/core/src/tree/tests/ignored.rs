//! What decides about a selection beside the entries of its folders: ignore files, repositories, virtual environments, links.

use super::*;

fn ignore(what: &str, prepare: impl Fn(&Path), change: impl Fn(&Path)) {
    must_reselect(what, Selection::Ignore, prepare, change);
}

fn remove(root: &Path, name: &str) {
    fs::remove_file(root.join(name)).unwrap();
}

/// Changes the content under the same inode without another size, and puts the modification time back.
fn rewrite(root: &Path, name: &str, text: &str) {
    let file = fs::OpenOptions::new().write(true).open(root.join(name)).unwrap();
    let before = file.metadata().unwrap();
    assert_eq!(before.len(), text.len() as u64);
    std::io::Write::write_all(&mut &file, text.as_bytes()).unwrap();
    file.set_times(fs::FileTimes::new().set_modified(before.modified().unwrap())).unwrap();
}

/// In the tree, in a folder of it, and above it.
const FOLDERS: [&str; 3] = ["top/", "top/sub/", ""];

#[test]
fn ignore_files_created_edited_and_removed() {
    for folder in FOLDERS {
        for name in [".gitignore", ".ignore"] {
            let name = &format!("{folder}{name}");
            ignore(name, |_| {}, |place| write(place, name, "[ab].py\n"));
            ignore(name, |place| write(place, name, "[ab].py\n"), |place| rewrite(place, name, "[yz].py\n"));
            ignore(name, |place| write(place, name, "[ab].py\n"), |place| remove(place, name));
        }
    }
}

#[test]
fn ignore_files_moved_into_place() {
    for folder in FOLDERS {
        let name = &format!("{folder}.gitignore");
        let prepare = |place: &Path| {
            write(place, name, "[yz].py\n");
            write(place, "aside", "[ab].py\n");
        };
        ignore(name, prepare, |place| fs::rename(place.join("aside"), place.join(name)).unwrap());
    }
}

#[test]
fn ignore_files_behind_links() {
    for folder in FOLDERS {
        let name = &format!("{folder}.gitignore");
        let prepare = |place: &Path| {
            write(place, "other/one", "[yz].py\n");
            write(place, "other/two", "[ab].py\n");
            symlink(place.join("other/link"), place.join(name)).unwrap();
            symlink(place.join("other/one"), place.join("other/link")).unwrap();
        };
        ignore(name, prepare, |place| rewrite(place, "other/one", "[ab].py\n"));
        ignore(name, prepare, |place| {
            remove(place, "other/link");
            symlink(place.join("other/two"), place.join("other/link")).unwrap();
        });
    }
}

#[test]
fn a_link_to_nothing_makes_uncertain() {
    for place in places() {
        write(place.path(), "top/a.py", "");
        symlink(place.path().join("nothing"), place.path().join("top/.gitignore")).unwrap();
        let known = Known::new(&place.path().join("top"), &["."], Selection::Ignore, later);
        assert!(known.check().reselect);
    }
}

#[test]
fn the_exclude_file_of_a_repository() {
    for folder in FOLDERS {
        let name = &format!("{folder}.git/info/exclude");
        let repository = |place: &Path| write(place, &format!("{folder}.git/HEAD"), "");
        ignore(name, repository, |place| write(place, name, "[ab].py\n"));
        ignore(name, |_| {}, |place| write(place, name, "[ab].py\n"));
        ignore(name, |place| write(place, name, "[ab].py\n"), |place| rewrite(place, name, "[yz].py\n"));
        ignore(name, |place| write(place, name, "[ab].py\n"), |place| remove(place, name));
        let moved = |place: &Path| {
            fs::rename(place.join(format!("{folder}.git")), place.join("aside")).unwrap();
        };
        ignore(name, |place| write(place, name, "[ab].py\n"), moved);
    }
}

#[test]
fn the_chain_of_a_worktree() {
    for folder in FOLDERS {
        let git = &format!("{folder}.git");
        let worktree = |exclude: &'static str| {
            move |place: &Path| {
                let own = place.join("main/.git/worktrees/one");
                write(place, git, &format!("gitdir: {}\n", own.display()));
                write(&own, "commondir", "../..\n");
                write(place, "main/.git/info/exclude", exclude);
            }
        };
        let (with, without) = (worktree("[ab].py\n"), worktree("[yz].py\n"));
        ignore(git, without, |place| rewrite(place, "main/.git/info/exclude", "[ab].py\n"));
        ignore(git, with, |place| remove(place, "main/.git/info/exclude"));
        ignore(git, with, |place| remove(place, "main/.git/worktrees/one/commondir"));
        ignore(git, with, |place| rewrite(place, "main/.git/worktrees/one/commondir", ".....\n"));
        ignore(git, with, |place| rewrite(place, git, &"x".repeat(fs::read(place.join(git)).unwrap().len())));
        ignore(git, with, |place| remove(place, git));
        ignore(
            git,
            |place| {
                with(place);
                remove(place, "main/.git/worktrees/one/commondir");
            },
            |place| write(place, "main/.git/worktrees/one/commondir", "../..\n"),
        );
        ignore(
            git,
            |place| {
                with(place);
                remove(place, "main/.git/info/exclude");
            },
            |place| write(place, "main/.git/info/exclude", "[ab].py\n"),
        );
    }
}

#[test]
fn a_repository_folder_behind_a_link() {
    for folder in FOLDERS {
        let git = &format!("{folder}.git");
        let prepare = |place: &Path| {
            write(place, "repository/info/exclude", "[yz].py\n");
            symlink(place.join("repository"), place.join(git)).unwrap();
        };
        ignore(git, prepare, |place| rewrite(place, "repository/info/exclude", "[ab].py\n"));
        ignore(git, prepare, |place| {
            fs::remove_dir_all(place.join("repository")).unwrap();
            write(place, "main/.git/info/exclude", "[ab].py\n");
            write(place, "main/own/commondir", "../.git\n");
            let text = format!("gitdir: {}\n", place.join("main/own").display());
            write(place, "repository", &text);
        });
    }
}

#[test]
fn marks_of_virtual_environments() {
    let folder = |place: &Path| write(place, "top/env/lib/c.py", "c = 1\n");
    for mark in ["pyvenv.cfg", "conda-meta"] {
        let name = &format!("top/env/{mark}");
        ignore(mark, folder, |place| write(place, name, ""));
        let environment = |place: &Path| {
            folder(place);
            write(place, name, "");
        };
        ignore(mark, environment, |place| remove(place, name));
    }
}

#[test]
fn a_mark_behind_a_link() {
    for place in places() {
        let place = place.path();
        write(place, "top/env/lib/c.py", "c = 1\n");
        write(place, "mark", "");
        symlink(place.join("mark"), place.join("top/env/pyvenv.cfg")).unwrap();
        let with = Known::new(&place.join("top"), &["."], Selection::Ignore, later);
        assert_eq!(with.check(), Check::default());
        remove(place, "mark");
        assert!(with.check().reselect);
        // A link to nothing can become a mark without any other trace.
        let without = Known::new(&place.join("top"), &["."], Selection::Ignore, later);
        assert_ne!(with.was_selected(), without.was_selected());
        assert!(without.check().reselect);
    }
}

#[test]
fn links_with_the_name_of_a_python_file() {
    let link = |place: &Path| symlink(place.join("target"), place.join("top/c.py")).unwrap();
    let to_folder = |place: &Path| {
        link(place);
        fs::create_dir(place.join("target")).unwrap();
    };
    let to_file = |place: &Path| {
        link(place);
        write(place, "target", "c = 1\n");
    };
    ignore("a folder becomes a file", to_folder, |place| {
        fs::remove_dir(place.join("target")).unwrap();
        write(place, "target", "c = 1\n");
    });
    ignore("a file becomes a folder", to_file, |place| {
        remove(place, "target");
        fs::create_dir(place.join("target")).unwrap();
    });
    ignore("nothing becomes a folder", link, |place| fs::create_dir(place.join("target")).unwrap());
    ignore("a folder vanishes", to_folder, |place| fs::remove_dir(place.join("target")).unwrap());
}

#[test]
fn a_top_folder_that_moves_under_other_ignore_files() {
    for place in places() {
        let place = place.path();
        write(place, "one/top/a.py", "a = 1\n");
        write(place, "two/.gitignore", "a.py\n");
        symlink(place.join("one"), place.join("link")).unwrap();
        tick();
        let known = Known::new(&place.join("link/top"), &["."], Selection::Ignore, later);
        assert_eq!(known.check(), Check::default());
        tick();
        // The folder itself stays the same, inode and all.
        fs::rename(place.join("one/top"), place.join("two/top")).unwrap();
        fs::rename(place.join("one"), place.join("three")).unwrap();
        remove(place, "link");
        symlink(place.join("two"), place.join("link")).unwrap();
        assert_ne!(known.selected(), known.was_selected());
        let check = known.check();
        assert_eq!(check.cause.unwrap().reason, "the path leads elsewhere");
    }
}
