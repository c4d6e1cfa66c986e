//! What a worker keeps from file to file: buffers, and its connection to the content store.

use super::plan::Cached;
use crate::cache::store::{Mode, Store};
use crate::cancel::Cancel;
use crate::tree::read;

/// What a worker keeps between its files.
pub(super) struct Worker<'a> {
    cancel: &'a Cancel,
    /// The bytes of the file.
    pub(super) buffer: Vec<u8>,
    /// For a record that is read.
    pub(super) record: Vec<u8>,
    /// For a record that is made.
    pub(super) encoded: Vec<u8>,
    store: Option<Store>,
    has_tried_store: bool,
}

impl Drop for Worker<'_> {
    /// Marks what was used in the store.
    fn drop(&mut self) {
        if let Some(store) = self.store.as_mut().filter(|_| !self.cancel.is_cancelled()) {
            store.finish(u64::MAX, self.cancel);
        }
    }
}

impl<'a> Worker<'a> {
    pub(super) fn new(cancel: &'a Cancel) -> Self {
        let (buffer, record, encoded) = Default::default();
        Self { cancel, buffer, record, encoded, store: None, has_tried_store: false }
    }

    /// Gives back the memory of a large file.
    pub(super) fn release(&mut self) {
        if self.buffer.len() > read::LARGE {
            self.buffer = Vec::new();
        }
    }

    /// The content store, if it can be used.
    pub(super) fn store(&mut self, cached: &Cached<'_>) -> Option<&mut Store> {
        if !self.has_tried_store {
            self.has_tried_store = true;
            let store = cached.folder().and_then(|folder| Store::open(folder, Mode::Write, self.cancel).ok());
            self.store = store.and_then(|mut store| (!store.is_empty()).then_some(store));
        }
        self.store.as_mut()
    }
}
