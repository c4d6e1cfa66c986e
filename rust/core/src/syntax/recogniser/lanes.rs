//! Searches over sixteen bytes at a time: with SSE2 on x86-64, with NEON on aarch64, and in plain Rust elsewhere.
//!
//! Each search gives the index of the first byte that ends the run, or [`LANES`].

/// Bytes looked at together.
pub(super) const LANES: usize = 16;

type Block = [u8; LANES];

#[cfg(target_arch = "aarch64")]
use neon as native;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
use portable as native;
#[cfg(target_arch = "x86_64")]
use sse2 as native;

/// Length of the run of ASCII letters, digits and underscores.
#[inline]
pub(super) fn word_length(block: &Block) -> usize {
    native::word_length(block)
}

/// Length of the run of anything but three bytes and, if `ascii_only`, bytes outside ASCII.
#[inline]
pub(super) fn find_any(block: &Block, stops: [u8; 3], ascii_only: bool) -> usize {
    native::find_any(block, stops, ascii_only)
}

/// Length of the run of spaces.
#[inline]
pub(super) fn space_length(block: &Block) -> usize {
    native::space_length(block)
}

/// Length of the run of anything but a line feed.
#[inline]
pub(super) fn find_line_end(block: &Block) -> usize {
    native::find_line_end(block)
}

#[cfg(any(test, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod portable {
    use super::{Block, LANES};

    pub(super) fn word_length(block: &Block) -> usize {
        first(block, |byte| !(byte.is_ascii_alphanumeric() || byte == b'_'))
    }

    pub(super) fn find_any(block: &Block, stops: [u8; 3], ascii_only: bool) -> usize {
        first(block, |byte| stops.contains(&byte) || (ascii_only && !byte.is_ascii()))
    }

    pub(super) fn space_length(block: &Block) -> usize {
        first(block, |byte| byte != b' ')
    }

    pub(super) fn find_line_end(block: &Block) -> usize {
        first(block, |byte| byte == b'\n')
    }

    fn first(block: &Block, stops: impl Fn(u8) -> bool) -> usize {
        block.iter().position(|&byte| stops(byte)).unwrap_or(LANES)
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "vector instructions and loads")]
mod sse2 {
    use std::arch::x86_64::{
        __m128i, _mm_and_si128, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_cmplt_epi8, _mm_loadu_si128, _mm_movemask_epi8,
        _mm_or_si128, _mm_set1_epi8,
    };

    use super::Block;

    #[inline]
    pub(super) fn word_length(block: &Block) -> usize {
        // SAFETY: SSE2 is part of x86-64.
        first(!unsafe { words(block) })
    }

    #[inline]
    pub(super) fn find_any(block: &Block, stops: [u8; 3], ascii_only: bool) -> usize {
        // SAFETY: SSE2 is part of x86-64.
        let (stops, outside_ascii) = unsafe { (any(block, stops), outside_ascii(block)) };
        first(if ascii_only { stops | outside_ascii } else { stops })
    }

    #[inline]
    pub(super) fn space_length(block: &Block) -> usize {
        // SAFETY: SSE2 is part of x86-64.
        first(!unsafe { equal(block, b' ') })
    }

    #[inline]
    pub(super) fn find_line_end(block: &Block) -> usize {
        // SAFETY: SSE2 is part of x86-64.
        first(unsafe { equal(block, b'\n') })
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn words(block: &Block) -> u32 {
        let bytes = load(block);
        // The comparisons are signed: bytes outside ASCII are negative and in none of the ranges.
        let lower = _mm_or_si128(bytes, splat(0x20));
        let letters = between(lower, b'a', b'z');
        let digits = between(bytes, b'0', b'9');
        let underscores = _mm_cmpeq_epi8(bytes, splat(b'_'));
        mask(_mm_or_si128(_mm_or_si128(letters, digits), underscores))
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn any(block: &Block, [one, two, three]: [u8; 3]) -> u32 {
        let bytes = load(block);
        let first_two = _mm_or_si128(_mm_cmpeq_epi8(bytes, splat(one)), _mm_cmpeq_epi8(bytes, splat(two)));
        mask(_mm_or_si128(first_two, _mm_cmpeq_epi8(bytes, splat(three))))
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn outside_ascii(block: &Block) -> u32 {
        mask(load(block))
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn equal(block: &Block, byte: u8) -> u32 {
        mask(_mm_cmpeq_epi8(load(block), splat(byte)))
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn load(block: &Block) -> __m128i {
        // SAFETY: `block` points to sixteen readable bytes, and this load asks for no alignment.
        unsafe { _mm_loadu_si128(block.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn splat(byte: u8) -> __m128i {
        _mm_set1_epi8(byte.cast_signed())
    }

    /// Lanes with `first <= byte <= last`.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn between(bytes: __m128i, first: u8, last: u8) -> __m128i {
        _mm_and_si128(_mm_cmpgt_epi8(bytes, splat(first - 1)), _mm_cmplt_epi8(bytes, splat(last + 1)))
    }

    /// The highest bit of each lane.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn mask(lanes: __m128i) -> u32 {
        _mm_movemask_epi8(lanes).cast_unsigned()
    }

    /// Index of the lowest bit, at most sixteen.
    #[inline]
    fn first(mask: u32) -> usize {
        (mask | 0x1_0000).trailing_zeros() as usize
    }
}

#[cfg(target_arch = "aarch64")]
#[expect(unsafe_code, reason = "vector instructions and loads")]
mod neon {
    use std::arch::aarch64::{
        uint8x16_t, vandq_u8, vceqq_u8, vcgeq_u8, vcleq_u8, vdupq_n_u8, vget_lane_u64, vld1q_u8, vorrq_u8,
        vreinterpret_u64_u8, vreinterpretq_u16_u8, vshrn_n_u16,
    };

    use super::{Block, LANES};

    #[inline]
    pub(super) fn word_length(block: &Block) -> usize {
        // SAFETY: NEON is part of aarch64.
        first(!unsafe { words(block) })
    }

    #[inline]
    pub(super) fn find_any(block: &Block, stops: [u8; 3], ascii_only: bool) -> usize {
        // SAFETY: NEON is part of aarch64.
        let (stops, outside_ascii) = unsafe { (any(block, stops), outside_ascii(block)) };
        first(if ascii_only { stops | outside_ascii } else { stops })
    }

    #[inline]
    pub(super) fn space_length(block: &Block) -> usize {
        // SAFETY: NEON is part of aarch64.
        first(!unsafe { equal(block, b' ') })
    }

    #[inline]
    pub(super) fn find_line_end(block: &Block) -> usize {
        // SAFETY: NEON is part of aarch64.
        first(unsafe { equal(block, b'\n') })
    }

    #[inline]
    #[target_feature(enable = "neon")]
    fn words(block: &Block) -> u64 {
        let bytes = load(block);
        // Folding case takes nothing outside ASCII into the range of the letters.
        let lower = vorrq_u8(bytes, vdupq_n_u8(0x20));
        let letters = between(lower, b'a', b'z');
        let digits = between(bytes, b'0', b'9');
        let underscores = vceqq_u8(bytes, vdupq_n_u8(b'_'));
        mask(vorrq_u8(vorrq_u8(letters, digits), underscores))
    }

    #[inline]
    #[target_feature(enable = "neon")]
    fn any(block: &Block, [one, two, three]: [u8; 3]) -> u64 {
        let bytes = load(block);
        let first_two = vorrq_u8(vceqq_u8(bytes, vdupq_n_u8(one)), vceqq_u8(bytes, vdupq_n_u8(two)));
        mask(vorrq_u8(first_two, vceqq_u8(bytes, vdupq_n_u8(three))))
    }

    #[inline]
    #[target_feature(enable = "neon")]
    fn outside_ascii(block: &Block) -> u64 {
        mask(vcgeq_u8(load(block), vdupq_n_u8(0x80)))
    }

    #[inline]
    #[target_feature(enable = "neon")]
    fn equal(block: &Block, byte: u8) -> u64 {
        mask(vceqq_u8(load(block), vdupq_n_u8(byte)))
    }

    #[inline]
    #[target_feature(enable = "neon")]
    fn load(block: &Block) -> uint8x16_t {
        // SAFETY: `block` points to sixteen readable bytes, and this load asks for no alignment.
        unsafe { vld1q_u8(block.as_ptr()) }
    }

    /// Lanes with `first <= byte <= last`.
    #[inline]
    #[target_feature(enable = "neon")]
    fn between(bytes: uint8x16_t, first: u8, last: u8) -> uint8x16_t {
        vandq_u8(vcgeq_u8(bytes, vdupq_n_u8(first)), vcleq_u8(bytes, vdupq_n_u8(last)))
    }

    /// Four bits of each lane: what a narrowing shift leaves of it.
    #[inline]
    #[target_feature(enable = "neon")]
    fn mask(lanes: uint8x16_t) -> u64 {
        vget_lane_u64::<0>(vreinterpret_u64_u8(vshrn_n_u16::<4>(vreinterpretq_u16_u8(lanes))))
    }

    /// Index of the lane of the lowest bit, at most sixteen.
    #[inline]
    fn first(mask: u64) -> usize {
        if mask == 0 { LANES } else { (mask.trailing_zeros() / 4) as usize }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks with each byte at each place, in a filling that does not stop the search and in one that does.
    fn blocks() -> impl Iterator<Item = Block> {
        let fillings = [b'a', b' ', b'_', b'0', b'\n', 0xc3];
        fillings.into_iter().flat_map(|filling| {
            (0..LANES).flat_map(move |place| {
                (0..=u8::MAX).map(move |byte| {
                    let mut block = [filling; LANES];
                    block[place] = byte;
                    block
                })
            })
        })
    }

    #[test]
    fn the_searches_agree_with_the_portable_ones() {
        for block in blocks() {
            assert_eq!(word_length(&block), portable::word_length(&block), "{block:?}");
            assert_eq!(space_length(&block), portable::space_length(&block), "{block:?}");
            assert_eq!(find_line_end(&block), portable::find_line_end(&block), "{block:?}");
            for (stops, ascii_only) in [([b'"', b'\\', b'\n'], false), ([b'\'', b'\\', b'\''], true)] {
                let expected = portable::find_any(&block, stops, ascii_only);
                assert_eq!(find_any(&block, stops, ascii_only), expected, "{block:?}");
            }
        }
    }
}
