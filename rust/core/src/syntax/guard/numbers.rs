//! What may stand right behind a number, by the rule of CPython's tokenizer.

use std::ops::Range;

use super::classes::{CLASSES, Class};

const KEYWORDS: [&[u8]; 8] = [b"and", b"else", b"for", b"if", b"in", b"is", b"not", b"or"];

/// Whether a run of letters and digits that begins with a digit can be a number, or the fraction of one, with at most a keyword behind
/// it; and what follows the point behind a whole number can be its fraction.
pub(super) fn may_end(text: &[u8], run: Range<usize>) -> bool {
    let (word, behind) = (&text[run.clone()], &text[run.end..]);
    let rest = match word {
        [b'0', b'x' | b'X', digits @ ..] => skip(digits, u8::is_ascii_hexdigit),
        [b'0', b'b' | b'B' | b'o' | b'O', digits @ ..] => skip(digits, u8::is_ascii_digit),
        _ => {
            let is_whole = !text[..run.start].ends_with(b".") && skip(word, u8::is_ascii_digit).is_empty();
            let fraction = behind.strip_prefix(b".").filter(|_| is_whole).unwrap_or_default();
            return decimal_may_end(word, behind) && may_follow_point(fraction);
        }
    };
    is_keyword_or_nothing(rest)
}

fn may_follow_point(text: &[u8]) -> bool {
    let is_word = |byte: &u8| matches!(CLASSES[*byte as usize], Class::Word | Class::Digit);
    let end = text.iter().position(|byte| !is_word(byte)).unwrap_or(text.len());
    let (word, behind) = text.split_at(end);
    decimal_may_end(word, behind)
}

fn decimal_may_end(word: &[u8], behind: &[u8]) -> bool {
    let rest = skip(word, u8::is_ascii_digit);
    let rest = match rest {
        [b'e' | b'E'] if matches!(behind.first(), Some(b'+' | b'-')) => return true,
        [b'e' | b'E', exponent @ ..] if exponent.first().is_some_and(u8::is_ascii_digit) => {
            skip(exponent, u8::is_ascii_digit)
        }
        _ => rest,
    };
    is_keyword_or_nothing(rest.strip_prefix(b"j").or_else(|| rest.strip_prefix(b"J")).unwrap_or(rest))
}

fn skip(digits: &[u8], is_digit: impl Fn(&u8) -> bool) -> &[u8] {
    let end = digits.iter().position(|byte| !is_digit(byte) && *byte != b'_').unwrap_or(digits.len());
    &digits[end..]
}

fn is_keyword_or_nothing(word: &[u8]) -> bool {
    word.is_empty() || KEYWORDS.iter().any(|keyword| word.starts_with(keyword))
}
