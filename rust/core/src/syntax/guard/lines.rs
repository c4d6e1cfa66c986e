//! Ends of lines, statements and blocks.

use memchr::memchr2;

use super::{HEAD_BYTES, Level, MAX_DEPTH, MAX_INDENTS, Pass, Stop};

impl Pass<'_> {
    pub(super) fn line_end(&self) -> usize {
        memchr2(b'\n', b'\r', &self.text[self.index..]).map_or(self.text.len(), |length| self.index + length)
    }

    pub(super) fn end_statement(&mut self) -> Result<(), Stop> {
        let depth = self.levels[0].elements.depth();
        self.levels[0] = Level::default();
        self.after_operand = false;
        if self.index <= HEAD_BYTES {
            self.outline.head = self.index;
        }
        self.outline.depth = self.outline.depth.max(depth);
        if depth > MAX_DEPTH { Err(Stop::Depth) } else { Ok(()) }
    }

    pub(super) fn new_line(&mut self, byte: u8) -> Result<(), Stop> {
        self.index += if byte == b'\r' && self.byte(1) == b'\n' { 2 } else { 1 };
        if self.open > 0 {
            return Ok(());
        }
        self.end_statement()?;
        self.indentation()
    }

    /// Follows the blocks by CPython's two counts, at the start of a line that is in no bracket.
    pub(super) fn indentation(&mut self) -> Result<(), Stop> {
        let start = self.index;
        while self.byte(0) == b' ' {
            self.index += 1;
        }
        let mut column = (self.index - start) as u32;
        let mut alternative = column;
        loop {
            match self.byte(0) {
                b' ' => (column, alternative) = (column + 1, alternative + 1),
                b'\t' => (column, alternative) = ((column / 8 + 1) * 8, alternative + 1),
                0x0c => (column, alternative) = (0, 0),
                b'#' | b'\n' | b'\r' => return Ok(()),
                b'\\' => {
                    self.outline.odd_indentation |= self.index > start;
                    return Ok(());
                }
                _ => break,
            }
            self.index += 1;
        }
        if self.index >= self.text.len() {
            return Ok(());
        }
        if column > self.blocks[self.block].0 {
            if self.block + 1 >= MAX_INDENTS {
                return Err(Stop::Indents);
            }
            if alternative <= self.blocks[self.block].1 {
                return Err(Stop::Tabs);
            }
            self.block += 1;
            self.blocks[self.block] = (column, alternative);
            return Ok(());
        }
        while column < self.blocks[self.block].0 {
            self.block -= 1;
        }
        let (level, level_alternative) = self.blocks[self.block];
        if column != level {
            return Err(Stop::Dedent);
        }
        if alternative == level_alternative { Ok(()) } else { Err(Stop::Tabs) }
    }
}
