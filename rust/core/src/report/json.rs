//! JSON, as Python's `json.dumps` writes it: ASCII only, with `\u` escapes.

use crate::tree::key::Key;

const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";

/// Appends a string with its quotes.
pub(crate) fn string(output: &mut Vec<u8>, text: &str) {
    output.push(b'"');
    characters(output, text);
    output.push(b'"');
}

/// Appends a key as the `str` that Python makes of the path.
pub(crate) fn key(output: &mut Vec<u8>, key: &Key) {
    output.push(b'"');
    for chunk in key.as_bytes().utf8_chunks() {
        characters(output, chunk.valid());
        for &byte in chunk.invalid() {
            unit(output, 0xdc00 + u16::from(byte));
        }
    }
    output.push(b'"');
}

/// Appends a number.
pub(super) fn number(output: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    output.extend_from_slice(&digits[start..]);
}

fn characters(output: &mut Vec<u8>, mut text: &str) {
    if text.bytes().all(|byte| PLAIN[usize::from(byte)]) {
        return output.extend_from_slice(text.as_bytes());
    }
    loop {
        let plain = text.bytes().position(|byte| !PLAIN[usize::from(byte)]).unwrap_or(text.len());
        let (before, rest) = text.split_at(plain);
        output.extend_from_slice(before.as_bytes());
        let mut characters = rest.chars();
        let Some(character) = characters.next() else { return };
        text = characters.as_str();
        match character {
            '"' => output.extend_from_slice(b"\\\""),
            '\\' => output.extend_from_slice(b"\\\\"),
            '\n' => output.extend_from_slice(b"\\n"),
            '\r' => output.extend_from_slice(b"\\r"),
            '\t' => output.extend_from_slice(b"\\t"),
            '\x08' => output.extend_from_slice(b"\\b"),
            '\x0c' => output.extend_from_slice(b"\\f"),
            _ => {
                for &mut code in character.encode_utf16(&mut [0; 2]) {
                    unit(output, code);
                }
            }
        }
    }
}

/// Which bytes stand for themselves in a string.
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        plain[byte as usize] = byte != b'"' && byte != b'\\';
        byte += 1;
    }
    plain
};

fn unit(output: &mut Vec<u8>, code: u16) {
    output.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        output.push(HEXADECIMAL[usize::from(code >> shift & 15)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_python_escapes_them() {
        let mut output = Vec::new();
        string(&mut output, "a\"\\\n\r\t\x08\x0c\x01\x7f\u{e9}\u{1f600}");
        assert_eq!(output, br#""a\"\\\n\r\t\b\f\u0001\u007f\u00e9\ud83d\ude00""#);
    }
}
