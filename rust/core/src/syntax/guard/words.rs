//! Names, keywords, operators that are words, prefixes of strings.

use super::classes::{CLASSES, Class};
use super::{LONG_TEXT, Pass, Precedence, Stop};

impl Pass<'_> {
    pub(super) fn skip_word(&mut self) {
        let rest = &self.text[self.index..];
        let length = rest.iter().position(|&byte| !matches!(CLASSES[byte as usize], Class::Word | Class::Digit));
        self.index += length.unwrap_or(rest.len());
    }

    pub(super) fn word(&mut self) -> Result<(), Stop> {
        let start = self.index;
        self.skip_word();
        let word = &self.text[start..self.index];
        let quote = self.byte(0);
        if matches!(quote, b'"' | b'\'')
            && let Some((interpolated, raw)) = string_prefix(word)
        {
            return if interpolated { self.interpolated_string(quote, raw) } else { self.string(quote) };
        }
        let elements = &mut self.levels[self.open].elements;
        match word {
            b"if" | b"not" | b"else" | b"for" | b"from" | b"await" | b"yield" | b"async" => {
                elements.operator(Precedence::Lowest);
            }
            b"and" | b"or" | b"in" | b"is" => elements.flat(),
            b"lambda" => elements.lambda(),
            _ => {
                self.after_operand = true;
                let (name_start, name_end) = std::mem::replace(&mut self.name, (start, self.index));
                let is_beside = self.text.len() > LONG_TEXT
                    && (1..start).contains(&name_end)
                    && self.text[name_end..start].iter().all(|byte| matches!(byte, b' ' | b'\t'));
                let before = &self.text[name_start..name_end];
                // The parser would keep an error for each pair of names, and a long text can hold millions.
                return if is_beside && is_plain_name(before) && is_plain_name(word) {
                    Err(Stop::Irregular)
                } else {
                    Ok(())
                };
            }
        }
        self.after_operand = false;
        Ok(())
    }
}

/// Words that may stand beside a name, in any version of Python.
const KEYWORDS: [&str; 40] = [
    "False", "None", "True", "_", "and", "as", "assert", "async", "await", "break", "case", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "lazy",
    "match", "nonlocal", "not", "or", "pass", "raise", "return", "try", "type", "while", "with", "yield",
];

/// Whether a word cannot be anything but a name.
fn is_plain_name(word: &[u8]) -> bool {
    !KEYWORDS.iter().any(|keyword| keyword.as_bytes() == word)
}

/// Whether a word is the prefix of a string, and then whether the string has fields and whether it is raw.
fn string_prefix(word: &[u8]) -> Option<(bool, bool)> {
    let (mut interpolated, mut raw) = (false, false);
    match *word {
        [one] => match one.to_ascii_lowercase() {
            b'f' | b't' => interpolated = true,
            b'r' => raw = true,
            b'b' | b'u' => {}
            _ => return None,
        },
        [one, two] => {
            raw = true;
            let ((b'r', other) | (other, b'r')) = (one.to_ascii_lowercase(), two.to_ascii_lowercase()) else {
                return None;
            };
            match other {
                b'f' | b't' => interpolated = true,
                b'b' => {}
                _ => return None,
            }
        }
        _ => return None,
    }
    Some((interpolated, raw))
}
