//! The canonical encoding: one sequence of bytes for each value made of texts, numbers, lists and dicts.
//!
//! Two values have the same encoding exactly when they are the same data. The encoding is what is hashed (see [`digest`](crate::Digest))
//! and what a person looks at who wants to know why two digests differ; it is never read back.
//!
//! | part | bytes |
//! |---|---|
//! | encoding | [`VERSION`], the domain as a length and its text, then one value |
//! | none | `n` |
//! | true, false | `t`, `f` |
//! | integer | `i`, length, the shortest two's complement with the most significant byte first |
//! | float | `d`, the eight bytes of an IEEE 754 double, sign first; every NaN is `7f f8 00 00 00 00 00 00` |
//! | text | `s`, length, UTF-8; a lone surrogate as the three bytes that its number gives, which valid UTF-8 never holds |
//! | list | `l`, number of elements, the elements |
//! | dict | `m`, number of entries, each a key (encoded as text) and a value, ascending by the bytes of the keys |
//!
//! A length or number is in LEB128: seven bits a byte, the least significant first, the high bit set in all bytes but the last.
//!
//! Why no two values can meet: the tag and the length in front say where each part ends before it is looked at, so no part can run into
//! the next, and every part is written in one way only.

use std::fmt;

use crate::digest::Domain;

/// The first byte of every encoding. Another format would have another one, and so other digests.
pub const VERSION: u8 = 1;

/// How many lists and dicts may stand one inside the other.
pub const MAX_DEPTH: usize = 1_000;

/// How many values one value may be made of. A list that holds the same list twice, forty times over, would have 2⁴⁰.
pub const MAX_VALUES: usize = 10_000_000;

/// Size of the largest encoding. The work is done in one go, so this is also a bound on its time.
pub const MAX_BYTES: usize = 1 << 30;

/// The output gets pieces of this size and multiples of it. BLAKE3 works on whole subtrees as long as what it is given keeps to powers of
/// two of its chunks (1 KiB each); one update of another size sends all later ones down its slow path.
const PIECE: usize = 64 << 10;

/// What a small value needs; the buffer grows from there to [`PIECE`].
const FIRST_BUFFER: usize = 4 << 10;

/// A bound that a value goes beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// More than [`MAX_DEPTH`] lists and dicts inside each other.
    Depth,
    /// More than [`MAX_VALUES`] values.
    Values,
    /// More than [`MAX_BYTES`] bytes.
    Bytes,
    /// More memory than the machine grants.
    Memory,
}

impl fmt::Display for Excess {
    /// Goes on after the name of the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Depth => {
                write!(f, "is nested too deeply: at most {MAX_DEPTH} lists and dicts may be inside each other")
            }
            Self::Values => write!(f, "is made of too many values: at most {MAX_VALUES} are allowed"),
            Self::Bytes => write!(f, "is too large: at most {} MiB are allowed", MAX_BYTES >> 20),
            Self::Memory => f.write_str("takes more memory than the machine grants"),
        }
    }
}

/// Where an encoding goes, piece by piece.
pub trait Output {
    /// What is there at the end.
    type Done;

    /// Takes the next piece.
    fn write(&mut self, piece: &[u8]) -> Result<(), Excess>;

    /// Takes the last piece.
    fn finish(self, last: &[u8]) -> Result<Self::Done, Excess>;
}

impl Output for Vec<u8> {
    type Done = Self;

    fn write(&mut self, piece: &[u8]) -> Result<(), Excess> {
        self.try_reserve(piece.len()).map_err(|_| Excess::Memory)?;
        self.extend_from_slice(piece);
        Ok(())
    }

    fn finish(mut self, last: &[u8]) -> Result<Self, Excess> {
        self.write(last)?;
        Ok(self)
    }
}

/// Encodes one value, whose parts the caller names in order.
///
/// After [`list`](Self::list) come its elements, after [`dict`](Self::dict) its entries, each a [`key`](Self::key) and a value, in the order
/// of [`sort_entries`]; exactly as many as were announced, then [`end`](Self::end).
#[derive(Debug)]
pub struct Encoder<O> {
    output: O,
    /// What the output has not got yet; shorter than [`PIECE`].
    pending: Vec<u8>,
    depth: usize,
    values_left: usize,
    bytes_left: usize,
}

impl<O: Output> Encoder<O> {
    /// Encodes a value in some role.
    pub fn new(domain: Domain<'_>, output: O) -> Self {
        let mut pending = Vec::with_capacity(FIRST_BUFFER);
        let domain = domain.as_str().as_bytes();
        pending.push(VERSION);
        let mut header = Header::default();
        header.number(domain.len());
        pending.extend_from_slice(header.bytes());
        pending.extend_from_slice(domain);
        Self { output, pending, depth: 0, values_left: MAX_VALUES - 1, bytes_left: MAX_BYTES }
    }

    /// The value that is nothing.
    pub fn none(&mut self) -> Result<(), Excess> {
        self.put(b"n")
    }

    /// True or false.
    pub fn boolean(&mut self, value: bool) -> Result<(), Excess> {
        self.put(if value { b"t" } else { b"f" })
    }

    /// An integer.
    pub fn integer(&mut self, value: i64) -> Result<(), Excess> {
        // Bits that only repeat the sign; one of them has to stay.
        let repeated = if value < 0 { value.leading_ones() } else { value.leading_zeros() };
        let superfluous = (repeated - 1) / 8;
        self.header(b'i', 8 - superfluous as usize)?;
        // All eight bytes are stored and some taken back: that is cheaper than to copy a number of bytes that is not known here.
        if self.pending.len() + 8 < PIECE {
            self.pending.extend_from_slice(&(value << (8 * superfluous)).to_be_bytes());
            self.pending.truncate(self.pending.len() - superfluous as usize);
            return Ok(());
        }
        self.put(&value.to_be_bytes()[superfluous as usize..])
    }

    /// An integer of any size in two's complement, the most significant byte first. Superfluous bytes in front change nothing; no byte at
    /// all is zero.
    pub fn large_integer(&mut self, bytes: &[u8]) -> Result<(), Excess> {
        let bytes = shortest(bytes);
        self.header(b'i', bytes.len())?;
        self.put(bytes)
    }

    /// A floating-point number. The two zeros differ, the NaNs do not.
    pub fn float(&mut self, value: f64) -> Result<(), Excess> {
        let bits = if value.is_nan() { 0x7ff8_0000_0000_0000 } else { value.to_bits() };
        self.put(b"d")?;
        self.put(&bits.to_be_bytes())
    }

    /// A text in UTF-8, lone surrogates in three bytes each.
    #[inline]
    pub fn text(&mut self, utf8: &[u8]) -> Result<(), Excess> {
        self.header(b's', utf8.len())?;
        self.put(utf8)
    }

    /// Begins a list of so many elements.
    #[inline]
    pub fn list(&mut self, length: usize) -> Result<(), Excess> {
        self.begin(b'l', length)
    }

    /// Begins a dict of so many entries.
    #[inline]
    pub fn dict(&mut self, length: usize) -> Result<(), Excess> {
        self.begin(b'm', length)
    }

    /// The key of the next entry of a dict: a text.
    #[inline]
    pub fn key(&mut self, utf8: &[u8]) -> Result<(), Excess> {
        self.text(utf8)
    }

    /// Ends the list or dict that was begun last.
    #[inline]
    pub fn end(&mut self) {
        debug_assert!(self.depth > 0, "nothing was begun");
        self.depth -= 1;
    }

    /// What the output made of the encoding.
    pub fn finish(self) -> Result<O::Done, Excess> {
        debug_assert!(self.depth == 0, "a list or dict was not ended");
        if self.pending.len() > self.bytes_left {
            return Err(Excess::Bytes);
        }
        self.output.finish(&self.pending)
    }

    fn begin(&mut self, tag: u8, length: usize) -> Result<(), Excess> {
        if self.depth == MAX_DEPTH {
            return Err(Excess::Depth);
        }
        self.depth += 1;
        // Counted before the caller takes memory for them.
        self.values_left = self.values_left.checked_sub(length).ok_or(Excess::Values)?;
        self.header(tag, length)
    }

    #[inline]
    fn header(&mut self, tag: u8, number: usize) -> Result<(), Excess> {
        if number < 0x80 && self.pending.len() + 2 < PIECE {
            // Two stores. Put together on the stack first, they would be read back before they are there.
            self.pending.push(tag);
            self.pending.push(number as u8);
            return Ok(());
        }
        self.put(Header::new(tag, number).bytes())
    }

    #[inline]
    fn put(&mut self, bytes: &[u8]) -> Result<(), Excess> {
        if bytes.len() < PIECE - self.pending.len() {
            self.pending.extend_from_slice(bytes);
            return Ok(());
        }
        self.put_long(bytes)
    }

    /// What fills the buffer or goes beyond it.
    #[cold]
    fn put_long(&mut self, bytes: &[u8]) -> Result<(), Excess> {
        let (first, rest) = bytes.split_at(PIECE - self.pending.len());
        let whole = rest.len() / PIECE * PIECE;
        self.bytes_left = self.bytes_left.checked_sub(PIECE + whole).ok_or(Excess::Bytes)?;
        self.pending.extend_from_slice(first);
        self.output.write(&self.pending)?;
        self.pending.clear();
        if whole > 0 {
            self.output.write(&rest[..whole])?;
        }
        self.pending.extend_from_slice(&rest[whole..]);
        Ok(())
    }
}

/// Puts the entries of a dict in the order in which they are encoded: ascending by the bytes of their keys, which is the order of their
/// characters' numbers. False when two keys are the same text: such a dict has no encoding.
#[must_use]
pub fn sort_entries<E>(entries: &mut [E], key: impl Fn(&E) -> &[u8]) -> bool {
    entries.sort_unstable_by(|one, other| key(one).cmp(key(other)));
    entries.windows(2).all(|pair| key(&pair[0]) != key(&pair[1]))
}

/// A tag with a number behind it.
#[derive(Default)]
struct Header {
    /// A tag and the ten bytes of the largest number.
    bytes: [u8; 11],
    length: usize,
}

impl Header {
    #[inline]
    fn new(tag: u8, number: usize) -> Self {
        let mut header = Self::default();
        header.bytes[0] = tag;
        header.length = 1;
        header.number(number);
        header
    }

    #[inline]
    fn number(&mut self, mut number: usize) {
        while number >= 0x80 {
            self.bytes[self.length] = number as u8 | 0x80;
            self.length += 1;
            number >>= 7;
        }
        self.bytes[self.length] = number as u8;
        self.length += 1;
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Two's complement without the bytes in front that only repeat the sign; one byte at least.
fn shortest(bytes: &[u8]) -> &[u8] {
    let superfluous = bytes.windows(2).take_while(|pair| match pair[0] {
        0x00 => pair[1] < 0x80,
        0xff => pair[1] >= 0x80,
        _ => false,
    });
    match bytes {
        [] => &[0],
        _ => &bytes[superfluous.count()..],
    }
}
