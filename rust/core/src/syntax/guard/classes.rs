//! What a byte can be the beginning of.

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Blank,
    Word,
    Digit,
    Quote,
    Hash,
    LineEnd,
    Open,
    Close,
    Comma,
    Colon,
    Semicolon,
    Backslash,
    Dot,
    Operator,
    Flat,
    /// What stands in no valid program outside of strings and comments.
    Stray,
}

pub(super) static CLASSES: [Class; 256] = {
    let mut table = [Class::Blank; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 128.. => Class::Word,
            b'0'..=b'9' => Class::Digit,
            b'"' | b'\'' => Class::Quote,
            b'#' => Class::Hash,
            b'\n' | b'\r' => Class::LineEnd,
            b'(' | b'[' | b'{' => Class::Open,
            b')' | b']' | b'}' => Class::Close,
            b',' => Class::Comma,
            b':' => Class::Colon,
            b';' => Class::Semicolon,
            b'\\' => Class::Backslash,
            b'.' => Class::Dot,
            b'+' | b'-' | b'*' | b'/' | b'%' | b'@' | b'&' | b'|' | b'^' | b'~' | b'<' | b'>' => Class::Operator,
            // Comparisons and assignments do not nest.
            b'=' | b'!' => Class::Flat,
            b' ' | b'\t' | 0x0c => Class::Blank,
            _ => Class::Stray,
        };
        byte += 1;
    }
    table
};
