//! Choices made by a sequence of bytes.

/// Bytes that are still to be used. When they are over, every choice is the first one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        byte
    }

    /// A number below `end`, which is at most 256.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    pub(super) fn array<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }

    /// A number of any size, mostly a small one, often one at an edge.
    pub(super) fn number(&mut self) -> u64 {
        match self.byte() {
            byte @ 0..0xd0 => byte.into(),
            0xd0..0xe0 => u16::from_le_bytes(self.array()).into(),
            0xe0..0xe8 => u32::from_le_bytes(self.array()).into(),
            0xe8..0xf0 => u64::from_le_bytes(self.array()),
            byte => {
                let edge = 1_u64.checked_shl(u32::from(byte & 7) * 8 + 7).unwrap_or(0);
                if byte & 8 == 0 { edge } else { edge.wrapping_sub(1) }
            }
        }
    }

    /// At most so many bytes.
    pub(super) fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// A few bytes.
    pub(super) fn bytes(&mut self) -> &'a [u8] {
        let length = self.below(40);
        self.take(length)
    }

    /// A short text; what is not UTF-8 in it is replaced.
    pub(super) fn text(&mut self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
