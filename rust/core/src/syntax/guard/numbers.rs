//! Where numbers end, and what may stand right behind them, by the rules of CPython's tokenizer.

const KEYWORDS: [&[u8]; 8] = [b"and", b"else", b"for", b"if", b"in", b"is", b"not", b"or"];

/// Where the number ends whose first digit is at `start`: a whole one, a float, or, behind a point, the rest of a float.
///
/// Digits that its base has not are taken as well; the parser refuses them.
pub(super) fn end(text: &[u8], start: usize) -> usize {
    match text[start..] {
        [b'0', b'x' | b'X', ..] => return digits(text, start + 2, u8::is_ascii_hexdigit),
        [b'0', b'b' | b'B' | b'o' | b'O', ..] => return digits(text, start + 2, u8::is_ascii_digit),
        _ => {}
    }
    let mut end = digits(text, start, u8::is_ascii_digit);
    if text.get(end) == Some(&b'.') && !text[..start].ends_with(b".") {
        end = digits(text, end + 1, u8::is_ascii_digit);
    }
    let exponent = match text[end..] {
        [b'e' | b'E', b'+' | b'-', digit, ..] if digit.is_ascii_digit() => end + 2,
        [b'e' | b'E', digit, ..] if digit.is_ascii_digit() => end + 1,
        _ => end,
    };
    end = digits(text, exponent, u8::is_ascii_digit);
    end + usize::from(matches!(text.get(end), Some(b'j' | b'J')))
}

/// Whether a word may stand right behind a number, as in `1if x else 2`.
pub(super) fn may_follow(word: &[u8]) -> bool {
    word.is_empty() || KEYWORDS.iter().any(|keyword| word.starts_with(keyword))
}

fn digits(text: &[u8], start: usize, is_digit: impl Fn(&u8) -> bool) -> usize {
    let run = text[start..].iter().take_while(|byte| is_digit(byte) || **byte == b'_').count();
    start + run
}
