//! Manifests: any bytes are refused or harmless, and what was written comes back as far as it is not damaged.

mod layout;

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{LazyLock, Mutex, PoisonError};

use rev_accel_core::fuzzing::{LoadedManifest, Manifests};

use self::layout::{Sections, described, with_meta};
use super::input::Input;

/// Makes a manifest of the bytes and reads it: they are the file, or a section under sound checksums, or describe what is in it, and
/// then perhaps also some damage.
///
/// # Panics
/// When a manifest that is whole does not say what was written, when a damaged one says anything else, or when two ways to read one
/// differ.
pub fn manifests(data: &[u8]) {
    let folder = FOLDER.as_ref().map(|folder| folder.lock().unwrap_or_else(PoisonError::into_inner));
    assert!(
        folder.is_some(),
        "there must be a place for a cache in `/dev/shm` or `{}`",
        std::env::temp_dir().display()
    );
    let Some(folder) = folder else { return };
    let mut input = Input(data);
    match input.below(4) {
        0 => {
            let _ = judged(&folder, input.0);
        }
        1 => {
            let _ = judged(&folder, &with_meta(input.0).file());
        }
        kind => {
            let (place, change) = (u16::from_le_bytes(input.array()), if kind == 2 { 0 } else { input.byte() });
            let sections = described(&mut input);
            let mut bytes = sections.file();
            let sound = judged(&folder, &bytes);
            assert!(sound.as_ref().is_some_and(|sound| said(sound, &sections, true)), "{sections:?} as {sound:?}");
            let Some(sound) = sound.filter(|_| change != 0) else { return };
            let place = usize::from(place) % bytes.len();
            bytes[place] ^= change;
            let damaged = judged(&folder, &bytes);
            let is_harmless =
                damaged.is_none_or(|damaged| damaged.0.is_same(&sound.0) && said(&damaged, &sections, false));
            assert!(is_harmless, "byte {place} of {sections:?}");
        }
    }
}

/// Inputs with what the bytes describe: a meta section, and a whole file.
pub(super) fn examples(data: &[u8]) -> [Vec<u8>; 2] {
    let sections = described(&mut Input(data));
    [[&[1], &sections.meta[..]].concat(), [&[0], &sections.file()[..]].concat()]
}

/// What a manifest says: of the tree, the records, the text.
type Said = (LoadedManifest, Vec<Option<Vec<u8>>>, Option<Vec<u8>>);

/// Whether all that is said was written, and, if wanted, all that was written is said.
fn said((loaded, records, text): &Said, sections: &Sections, all: bool) -> bool {
    let is_in = |said: &Option<Vec<u8>>, written: &[u8]| said.as_ref().map_or(!all, |said| said == written);
    records.len() == sections.records.len()
        && records.iter().zip(&sections.records).all(|(said, written)| is_in(said, written))
        && loaded.has_text() == sections.has_text
        && is_in(text, &sections.text)
}

/// Reads a manifest in every way.
fn judged(folder: &Manifests, bytes: &[u8]) -> Option<Said> {
    let put = folder.put(bytes);
    assert!(put.is_ok(), "{put:?}");
    let [from_memory, from_file] = [true, false].map(|in_memory| {
        folder.load(in_memory).map(|mut loaded| {
            let (records, text) = (loaded.records(), loaded.text());
            (loaded, records, text)
        })
    });
    let is_sound = folder.is_sound();
    let (Some(read), Some(other)) = (&from_memory, &from_file) else {
        assert!(from_memory.is_none() && from_file.is_none() && !is_sound, "one way to read it fails");
        return None;
    };
    assert!(read.0.is_same(&other.0) && read.1 == other.1 && read.2 == other.2, "two ways to read it differ");
    let is_whole = read.1.iter().all(Option::is_some) && (read.2.is_some() || !read.0.has_text());
    assert_eq!(is_whole, is_sound);
    // Memory is taken only for what is there.
    assert!(read.0.weight() <= 2 * bytes.len() + 1024, "{} for {}", read.0.weight(), bytes.len());
    assert_eq!(read.0.files(), read.1.len());
    assert!(read.0.check().is_none_or(|changed| changed <= read.0.files()));
    if let Some(records) = read.1.iter().cloned().collect::<Option<Vec<_>>>() {
        assert!(read.0.write(folder, &records, read.2.as_deref()), "it cannot be written again");
        let again = folder.load(true);
        let is_again = again.is_some_and(|mut again| {
            let is_text_again = read.2.is_none() || !read.0.has_text() || again.text() == read.2;
            again.is_same(&read.0) == (read.2.is_some() || !read.0.has_text())
                && again.records() == read.1
                && is_text_again
        });
        assert!(is_again, "what is written again is something else");
    }
    from_memory
}

/// In memory where that can be had: nothing here waits for a disk.
static FOLDER: LazyLock<Option<Mutex<Manifests>>> = LazyLock::new(|| {
    let above = [PathBuf::from("/dev/shm"), std::env::temp_dir()].into_iter().find(|above| above.is_dir())?;
    remove_left_over(&above);
    Manifests::open(&above.join(format!("{PREFIX}{}", process::id()))).map(Mutex::new)
});

const PREFIX: &str = "rev-accel-fuzz-";

/// A fuzzer ends without a chance to clear up.
fn remove_left_over(above: &Path) {
    for entry in fs::read_dir(above).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner =
            name.to_str().and_then(|name| name.strip_prefix(PREFIX)).filter(|owner| owner.parse::<u32>().is_ok());
        if owner.is_some_and(|owner| Path::new("/proc/self").exists() && !Path::new("/proc").join(owner).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
