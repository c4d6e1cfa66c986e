//! The drop-in's object, put together entry by entry, and again from an earlier one of which few entries have changed.

use super::json;
use crate::pages;

const SEPARATOR: &[u8] = b",\n";

/// Where the entries of the files lie in a text that [`Object`] made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Of each file in order, also of those without an entry.
    pub(crate) entries: Vec<Entry>,
    /// Offset of the first entry.
    pub(crate) start: usize,
    /// Length of the entries with what separates them.
    pub(crate) length: usize,
}

/// The entry of one file in the drop-in's object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// In bytes; 0 when there is nothing to say of the file.
    pub(crate) length: u32,
    /// How many issues it lists.
    pub(crate) issues: u32,
}

/// The text under construction.
pub(crate) struct Object {
    text: Vec<u8>,
    layout: Layout,
    issues: u64,
}

impl Object {
    /// An object of so many files, with room for so many bytes if that can be had.
    pub(crate) fn new(files: usize, capacity: usize) -> Self {
        let mut text = Vec::new();
        let _ = text.try_reserve(capacity.saturating_add(256));
        pages::prefer_large(&mut text);
        text.extend_from_slice(b"{\n  \"scanned_files\": ");
        json::number(&mut text, files as u64);
        text.extend_from_slice(b",\n  \"files\": {\n");
        let layout = Layout { entries: Vec::with_capacity(files), start: text.len(), length: 0 };
        Self { text, layout, issues: 0 }
    }

    /// Adds the entry of the next file, empty when there is nothing to say of it.
    pub(crate) fn push(&mut self, entry: &[u8], issues: u32) {
        self.write(|text| {
            text.extend_from_slice(entry);
            issues
        });
    }

    /// Adds the entry of the next file: `entry` appends it, or nothing, and gives the number of issues in it.
    pub(crate) fn write(&mut self, entry: impl FnOnce(&mut Vec<u8>) -> u32) {
        let before = self.text.len();
        self.separate();
        let start = self.text.len();
        let issues = entry(&mut self.text);
        let length = self.text.len() - start;
        if length == 0 {
            self.text.truncate(before);
        }
        self.issues += u64::from(issues);
        self.layout.entries.push(Entry { length: length as u32, issues });
    }

    /// Adds the files of another object after those of this one.
    pub(crate) fn append(&mut self, other: &Self) {
        let bytes = &other.text[other.layout.start..];
        if !bytes.is_empty() {
            self.separate();
            self.text.extend_from_slice(bytes);
        }
        self.issues += other.issues;
        self.layout.entries.extend_from_slice(&other.layout.entries);
    }

    /// Adds the next `count` files as an earlier text has them.
    pub(crate) fn push_earlier(&mut self, earlier: &mut Earlier<'_>, count: usize) {
        let (entries, bytes) = earlier.take(count);
        if !bytes.is_empty() {
            self.separate();
            self.text.extend_from_slice(bytes);
        }
        self.issues += entries.iter().map(|entry| u64::from(entry.issues)).sum::<u64>();
        self.layout.entries.extend_from_slice(entries);
    }

    /// Adds all entries at once: `read` appends their bytes.
    pub(crate) fn fill(&mut self, entries: &[Entry], read: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<()> {
        read(&mut self.text)?;
        self.issues += entries.iter().map(|entry| u64::from(entry.issues)).sum::<u64>();
        self.layout.entries.extend_from_slice(entries);
        Some(())
    }

    /// As if it were new.
    pub(crate) fn clear(&mut self) {
        self.text.truncate(self.layout.start);
        self.layout.entries.clear();
        self.issues = 0;
    }

    /// The text and its layout; `tail` is the last key with what ends the object.
    pub(crate) fn finish(mut self, tail: &str) -> (Vec<u8>, Layout) {
        self.layout.length = self.text.len() - self.layout.start;
        if self.layout.length == 0 {
            self.text.pop(); // the line end before the first entry
        } else {
            self.text.extend_from_slice(b"\n  ");
        }
        self.text.extend_from_slice(b"},\n  \"total_issues\": ");
        json::number(&mut self.text, self.issues);
        self.text.extend_from_slice(tail.as_bytes());
        (self.text, self.layout)
    }

    fn separate(&mut self) {
        if self.text.len() > self.layout.start {
            self.text.extend_from_slice(SEPARATOR);
        }
    }
}

/// Goes through the entries of an earlier text, in order.
pub(crate) struct Earlier<'a> {
    entries: &'a [Entry],
    /// From the next entry on, or from the separator before it.
    rest: &'a [u8],
}

impl<'a> Earlier<'a> {
    /// `None` when the layout is not that of the text.
    pub(crate) fn new(text: &'a [u8], layout: &'a Layout) -> Option<Self> {
        let rest = text.get(layout.start..layout.start.checked_add(layout.length)?)?;
        (bytes_of(&layout.entries) == rest.len()).then_some(Self { entries: &layout.entries, rest })
    }

    /// Leaves out the entries of the next `count` files.
    pub(crate) fn skip(&mut self, count: usize) {
        self.take(count);
    }

    fn take(&mut self, count: usize) -> (&'a [Entry], &'a [u8]) {
        let (taken, left) = self.entries.split_at(count.min(self.entries.len()));
        self.entries = left;
        let length = bytes_of(taken);
        let (bytes, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = if length > 0 { rest.strip_prefix(SEPARATOR).unwrap_or(rest) } else { rest };
        (taken, bytes)
    }
}

/// The length of entries with what separates them.
fn bytes_of(entries: &[Entry]) -> usize {
    let spoken = entries.iter().filter(|entry| entry.length > 0);
    let sum: usize = spoken.map(|entry| entry.length as usize + SEPARATOR.len()).sum();
    sum.saturating_sub(SEPARATOR.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRIES: [&str; 6] = ["", "    \"a\": 1", "", "    \"b\": 22", "    \"c\": 333", ""];

    fn whole(entries: &[&str]) -> (Vec<u8>, Layout) {
        let mut object = Object::new(entries.len(), 0);
        for entry in entries {
            object.push(entry.as_bytes(), 1);
        }
        object.finish("}")
    }

    #[test]
    fn replacing_any_entries_gives_what_making_it_anew_gives() {
        let (text, layout) = whole(&ENTRIES);
        for changed in 0_u32..64 {
            for replacement in ["", "    \"new\": 4444"] {
                let mut now = ENTRIES;
                let mut earlier = Earlier::new(&text, &layout).unwrap();
                let mut object = Object::new(ENTRIES.len(), 0);
                for (index, entry) in now.iter_mut().enumerate() {
                    if changed & (1 << index) == 0 {
                        object.push_earlier(&mut earlier, 1);
                    } else {
                        *entry = replacement;
                        earlier.skip(1);
                        object.push(replacement.as_bytes(), 1);
                    }
                }
                assert_eq!(object.finish("}"), whole(&now));
            }
        }
    }

    #[test]
    fn a_run_of_entries_is_taken_at_once() {
        let (text, layout) = whole(&ENTRIES);
        for cut in 0..=ENTRIES.len() {
            let mut earlier = Earlier::new(&text, &layout).unwrap();
            let mut object = Object::new(ENTRIES.len(), 0);
            object.push_earlier(&mut earlier, cut);
            object.push_earlier(&mut earlier, ENTRIES.len() - cut);
            assert_eq!(object.finish("}"), (text.clone(), layout.clone()));
        }
    }

    #[test]
    fn two_parts_make_what_the_whole_is() {
        let mut part = Object::new(0, 0);
        for cut in 0..=ENTRIES.len() {
            let mut object = Object::new(ENTRIES.len(), 0);
            for entry in &ENTRIES[..cut] {
                object.push(entry.as_bytes(), 1);
            }
            part.clear();
            for entry in &ENTRIES[cut..] {
                part.push(entry.as_bytes(), 1);
            }
            object.append(&part);
            assert_eq!(object.finish("}"), whole(&ENTRIES));
        }
    }

    #[test]
    fn a_layout_of_another_text_is_refused() {
        let (text, mut layout) = whole(&ENTRIES);
        layout.entries[1].length += 1;
        assert!(Earlier::new(&text, &layout).is_none());
    }
}
