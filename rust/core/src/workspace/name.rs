//! Which texts are names at all, before the file system is asked.

/// Bytes of the longest part of a path: what Linux, macOS and Windows take.
const MAX_PART: usize = 255;

/// Bytes of the longest path: `PATH_MAX` of Linux with its closing NUL.
const MAX_PATH: usize = 4095;

/// Whose names are to be spoken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    Unix,
    Windows,
}

impl System {
    pub(super) const HERE: Self = if cfg!(windows) { Self::Windows } else { Self::Unix };
}

/// What is wrong with a path as a text, if anything is: a text to stand behind the path.
pub(super) fn problem(path: &str, system: System) -> Option<String> {
    if path.is_empty() {
        return Some("is empty; `.` is the root".to_owned());
    }
    if let Some(character) = path.chars().find(|character| character.is_control()) {
        return Some(format!("has the control character U+{:04X}: expected visible characters", u32::from(character)));
    }
    if path.len() > MAX_PATH {
        return Some(format!("is {} bytes long: expected at most {MAX_PATH}", path.len()));
    }
    let is_separator = |character: char| character == '/' || (system == System::Windows && character == '\\');
    let parts = path.split(is_separator);
    if let Some(part) = parts.clone().find(|part| part.len() > MAX_PART) {
        return Some(format!("has a part of {} bytes: expected at most {MAX_PART}", part.len()));
    }
    match system {
        System::Unix => None,
        System::Windows => windows_problem(path, parts),
    }
}

/// By the rules of Win32, which gives some names another meaning than that of a file.
fn windows_problem<'a>(path: &str, parts: impl Iterator<Item = &'a str>) -> Option<String> {
    let bytes = path.as_bytes();
    if bytes.len() >= 2 && matches!(bytes[0], b'/' | b'\\') && matches!(bytes[1], b'/' | b'\\') {
        return Some("names a share or a device: expected a path in a root".to_owned());
    }
    let has_drive = bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
    if has_drive && !matches!(bytes.get(2), Some(b'/' | b'\\')) {
        return Some("is relative to a drive: expected an absolute path or one relative to the root".to_owned());
    }
    for (index, part) in parts.enumerate() {
        if part == "." || part == ".." || (index == 0 && has_drive) {
            continue;
        }
        if let Some(character) = part.chars().find(|character| "<>:\"|?*".contains(*character)) {
            return Some(format!("has the character `{character}`, which cannot be in a name on Windows"));
        }
        if part.ends_with(['.', ' ']) {
            return Some("has a part that ends in a dot or a space, which Windows leaves out".to_owned());
        }
        if is_device(part) {
            return Some(format!("has the part `{part}`, which is a device on Windows"));
        }
    }
    None
}

/// Whether a name is that of a device, whatever its extension: `nul`, `COM1.txt`, `con .log`.
fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().trim_end_matches(' ').to_ascii_uppercase();
    if matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") {
        return true;
    }
    let number = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    number.is_some_and(|number| {
        let mut characters = number.chars();
        matches!((characters.next(), characters.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    })
}

/// Whether a file system may take a name for `.git`: whatever its case, with characters that HFS+ leaves out, or as the short name that
/// Windows makes for it.
pub(super) fn is_git(part: &str) -> bool {
    let seen = |character: &char| !matches!(character, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let name = part.chars().filter(seen).map(|character| character.to_ascii_lowercase());
    name.clone().eq(".git".chars()) || name.eq("git~1".chars())
}

/// A path in a message: on one line, of bounded length, and without what would end the quotation.
pub(crate) fn shown(path: &str) -> String {
    const SHOWN: usize = 200;
    let mut text = String::with_capacity(path.len().min(2 * SHOWN));
    for (index, character) in path.chars().enumerate() {
        if index == SHOWN {
            text.push('…');
            break;
        }
        if character.is_control() || matches!(character, '`' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}') {
            text.extend(character.escape_unicode());
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_system_takes_is_a_problem_everywhere() {
        let long_part = "x".repeat(256);
        let long = "x/".repeat(2048);
        for path in ["", "a\0b", "a\nb", "\u{7f}", "a\u{85}", "\x1b[2J", &long_part, &long] {
            assert!(problem(path, System::Unix).is_some(), "{path:?}");
            assert!(problem(path, System::Windows).is_some(), "{path:?}");
        }
    }

    #[test]
    fn usual_names_are_no_problem_anywhere() {
        for path in
            [".", "..", "a", "a/b.c", "/a", "./a/../b", "ä/日本.txt", ".env", "console", "com", "com10", "lpt", "a b"]
        {
            assert_eq!(problem(path, System::Unix), None, "{path:?}");
            assert_eq!(problem(path, System::Windows), None, "{path:?}");
        }
        for path in [r"C:\a\b", "c:/a", r"a\..\b"] {
            assert_eq!(problem(path, System::Windows), None, "{path:?}");
        }
    }

    #[test]
    fn what_means_something_else_on_windows_is_a_problem_there_only() {
        let paths = [
            "nul",
            "NUL.txt",
            "a/con",
            r"a\Aux.log",
            "con .txt",
            "com1",
            "LPT9.tar.gz",
            "com¹",
            "CONIN$",
            "a.",
            "a ",
            "a./b",
            "...",
            "a:b",
            "a.txt:stream",
            "C:a",
            r"\\host\share",
            r"\\?\C:\a",
            "//./pipe/x",
            "a*b",
            "a?b",
            "a|b",
            "a<b",
            "\"",
            "a::$DATA",
        ];
        for path in paths {
            assert!(problem(path, System::Windows).is_some(), "{path:?}");
            assert_eq!(problem(path, System::Unix), None, "{path:?}");
        }
    }

    #[test]
    fn disguises_of_the_repositorys_folder_are_seen() {
        for name in [".git", ".GIT", ".Git", ".g\u{200c}it", "\u{feff}.git", "git~1", "GIT~1"] {
            assert!(is_git(name), "{name:?}");
        }
        for name in ["git", ".gitignore", ".github", ".gi", "git~2", ".git2", "", ".ğit"] {
            assert!(!is_git(name), "{name:?}");
        }
    }

    #[test]
    fn a_path_in_a_message_stays_on_its_line_and_in_its_quotes() {
        assert_eq!(shown("a`b\n\u{202e}c"), "a\\u{60}b\\u{a}\\u{202e}c");
        assert_eq!(shown(&"x".repeat(1000)).chars().count(), 201);
    }
}
