//! Folders of files for the tests.

use std::fs;
use std::path::Path;

use rev_accel_core::{Cancel, DropInText, Grammar, Options, Result, Scan, scan_drop_in};
use tempfile::TempDir;

/// A temporary folder with these files.
pub(crate) fn tree(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, text) in files {
        write(folder.path(), name, text);
    }
    folder
}

pub(crate) fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("the folder can be made");
    fs::write(path, text).expect("the file can be written");
}

/// All options at their defaults, over the whole folder.
pub(crate) fn options(root: &Path) -> Options {
    Options::new(root, [root.to_path_buf()])
}

pub(crate) fn scan(options: &Options) -> Result<Scan> {
    rev_accel_core::scan(options, &Grammar::default(), &Cancel::new(), &|_, _| {})
}

/// The drop-in's object without its last key and closing brace; `None` for a tree without Python files.
pub(crate) fn drop_in(options: &Options) -> Option<Vec<u8>> {
    let mut made = Vec::new();
    let answer =
        scan_drop_in(options, None, "", &Grammar::default(), &Cancel::new(), &mut |text| made.clone_from(&text))
            .expect("an answer");
    answer.text.map(|text| match text {
        DropInText::Kept(text) => text.bytes().to_vec(),
        DropInText::Made(_) => made,
    })
}

/// The keys of all files that have something to say.
pub(crate) fn keys(scan: &Scan) -> Vec<String> {
    scan.reports.iter().map(|report| report.key.to_text().into_owned()).collect()
}
