//! Where something is inside a value, as `messages[3].content`.

use std::fmt::{self, Write};

/// How many steps of a long path are shown at its beginning, and at its end.
const SHOWN_STEPS: usize = 8;

/// How many characters of a long key are shown.
const SHOWN_CHARACTERS: usize = 40;

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into a list.
    Index(usize),
    /// Into a dict, by a text in UTF-8, in which lone surrogates are three bytes each.
    Key(Vec<u8>),
}

/// Where something is: what the whole is called, and the steps into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What the whole value is called.
    pub root: String,
    /// From the whole to the part.
    pub steps: Vec<Step>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.root)?;
        let left_out = self.steps.len().saturating_sub(2 * SHOWN_STEPS);
        for (number, step) in self.steps.iter().enumerate() {
            if left_out > 0 && number == SHOWN_STEPS {
                write!(f, " … {left_out} steps … ")?;
            }
            if left_out == 0 || !(SHOWN_STEPS..SHOWN_STEPS + left_out).contains(&number) {
                step.fmt(f)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Key(key) => match std::str::from_utf8(key) {
                Ok(name) if is_plain(name) => write!(f, ".{name}"),
                _ => {
                    f.write_str("[\"")?;
                    write_escaped(f, key)?;
                    f.write_str("\"]")
                }
            },
        }
    }
}

/// Whether a key can stand behind a dot.
fn is_plain(name: &str) -> bool {
    name.len() <= SHOWN_CHARACTERS
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The beginning of a key, on one line and in visible characters, others as Python writes them.
fn write_escaped(f: &mut fmt::Formatter<'_>, mut key: &[u8]) -> fmt::Result {
    let mut shown = 0;
    while let Some(chunk) = key.utf8_chunks().next() {
        for character in chunk.valid().chars() {
            if shown == SHOWN_CHARACTERS {
                return f.write_char('…');
            }
            shown += 1;
            write_character(f, character)?;
        }
        key = match &key[chunk.valid().len()..] {
            [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, rest @ ..] => {
                let number = 0xd000 | u32::from(second & 0x3f) << 6 | u32::from(third & 0x3f);
                write!(f, "\\u{number:04x}")?;
                rest
            }
            [byte, rest @ ..] => {
                write!(f, "\\x{byte:02x}")?;
                rest
            }
            [] => return Ok(()),
        };
    }
    Ok(())
}

fn write_character(f: &mut fmt::Formatter<'_>, character: char) -> fmt::Result {
    let number = u32::from(character);
    match character {
        '\'' => f.write_char(character),
        '"' | '\\' => write!(f, "\\{character}"),
        // In a message, it would end the place.
        '`' => f.write_str("\\x60"),
        _ if character.escape_debug().len() == 1 => f.write_char(character),
        _ if number < 0x100 => write!(f, "\\x{number:02x}"),
        _ if number < 0x1_0000 => write!(f, "\\u{number:04x}"),
        _ => write!(f, "\\U{number:08x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(steps: Vec<Step>) -> String {
        Place { root: "value".to_owned(), steps }.to_string()
    }

    fn key(text: &str) -> Step {
        Step::Key(text.as_bytes().to_vec())
    }

    #[test]
    fn a_place_reads_as_python_reaches_it() {
        assert_eq!(place(vec![]), "value");
        assert_eq!(place(vec![key("messages"), Step::Index(3), key("content")]), "value.messages[3].content");
        assert_eq!(place(vec![key("_a1"), key("1a"), key("")]), "value._a1[\"1a\"][\"\"]");
        assert_eq!(place(vec![key("x y"), key("it's"), key("é")]), "value[\"x y\"][\"it's\"][\"é\"]");
    }

    #[test]
    fn a_key_stays_on_one_line_and_does_not_end_the_place() {
        assert_eq!(place(vec![key("a\n\"\\`\u{200b}\u{e0001}")]), "value[\"a\\x0a\\\"\\\\\\x60\\u200b\\U000e0001\"]");
        let surrogates = Step::Key(b"a\xed\xa0\x80\xed\xbf\xbfz\xff".to_vec());
        assert_eq!(place(vec![surrogates]), "value[\"a\\ud800\\udfffz\\xff\"]");
    }

    #[test]
    fn long_keys_and_long_paths_are_cut() {
        let long = "k".repeat(100);
        assert_eq!(place(vec![key(&long)]), format!("value[\"{}…\"]", "k".repeat(40)));
        let steps = (0..100).map(Step::Index).collect();
        let shown = place(steps);
        assert!(shown.starts_with("value[0][1]") && shown.ends_with("[98][99]"), "{shown}");
        assert!(shown.contains("[7] … 84 steps … [92]"), "{shown}");
    }
}
