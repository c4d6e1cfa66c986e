//! What git says its configuration is, and which files that came from.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::ask::Environment;
use super::program::LAST_SETTING;

/// The arguments that give what [`Config::parse`] reads.
pub(super) const LIST: [&str; 5] = ["config", "--list", "--show-scope", "--show-origin", "-z"];

/// Whether [`LIST`] printed all it had to: git ends with the last setting that it was given with the command.
pub(super) fn is_whole(output: &[u8]) -> bool {
    let (key, value) = LAST_SETTING;
    output.ends_with(format!("\0command line:\0{key}\n{value}\0").as_bytes())
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Whether a file of the repository sets it, or one that such a file includes.
    pub is_own: bool,
    /// The file; relative to where git looked from.
    pub file: Option<PathBuf>,
    /// In lower case, but for its middle part.
    pub key: Vec<u8>,
    /// `None` where only the key stands, which counts as true.
    pub value: Option<Vec<u8>>,
}

/// All settings, in the order in which they count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Config(pub(super) Vec<Setting>);

impl Config {
    /// Reads what [`LIST`] printed; `None` if it is not that.
    pub(super) fn parse(output: &[u8]) -> Option<Self> {
        let mut settings = Vec::new();
        let Some(output) = output.strip_suffix(b"\0") else { return output.is_empty().then(Self::default) };
        let mut parts = output.split(|&byte| byte == 0);
        while let Some(scope) = parts.next() {
            let (origin, entry) = (parts.next()?, parts.next()?);
            let (key, value) = match memchr::memchr(b'\n', entry) {
                Some(end) => (&entry[..end], Some(entry[end + 1..].to_vec())),
                None => (entry, None),
            };
            settings.push(Setting {
                // Every other scope is that of the user, the machine or the caller.
                is_own: !matches!(scope, b"system" | b"global" | b"command"),
                file: origin.strip_prefix(b"file:").map(|path| PathBuf::from(text(path))),
                key: key.to_vec(),
                value,
            });
        }
        Some(Self(settings))
    }

    /// The value that counts; `Some("")` also where only the key stands.
    pub(super) fn last(&self, key: &str) -> Option<&[u8]> {
        let of_key = |setting: &&Setting| setting.key == key.as_bytes();
        self.0.iter().rfind(of_key).map(|setting| setting.value.as_deref().unwrap_or_default())
    }

    /// All values of a setting that may have several.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = &[u8]> {
        let of_key = move |setting: &&Setting| setting.key == key.as_bytes();
        self.0.iter().filter(of_key).map(|setting| setting.value.as_deref().unwrap_or_default())
    }

    /// Whether a setting of yes or no is yes; anything that git may take for yes counts.
    pub(super) fn is_on(&self, key: &str) -> bool {
        let setting = self.0.iter().rfind(|setting| setting.key == key.as_bytes());
        setting.is_some_and(|setting| setting.value.as_deref().is_none_or(|value| !is_no(value)))
    }

    /// Whether any setting has a key that begins and ends so.
    pub(super) fn has(&self, start: &str, end: &str) -> bool {
        self.0.iter().any(|setting| {
            let rest = setting.key.strip_prefix(start.as_bytes());
            rest.is_some_and(|rest| rest.ends_with(end.as_bytes()))
        })
    }

    /// Whether any setting that begins so has this value.
    pub(super) fn has_value(&self, start: &str, value: &str) -> bool {
        self.0.iter().any(|setting| {
            setting.key.starts_with(start.as_bytes())
                && setting.value.as_ref().is_some_and(|is| is.eq_ignore_ascii_case(value.as_bytes()))
        })
    }

    /// Names of the filters that the repository's own files speak of.
    pub(super) fn own_filters(&self) -> BTreeSet<OsString> {
        self.0.iter().filter(|setting| setting.is_own).filter_map(|setting| filter_of(&setting.key)).collect()
    }

    /// Whether the repository's own files have any setting whose key begins so.
    pub(super) fn has_own(&self, start: &str) -> bool {
        self.0.iter().any(|setting| setting.is_own && setting.key.starts_with(start.as_bytes()))
    }

    /// Whether there is a filter besides those.
    pub(super) fn has_other_filters(&self) -> bool {
        let own = self.own_filters();
        self.0.iter().filter_map(|setting| filter_of(&setting.key)).any(|name| !own.contains(&name))
    }

    /// The files that were read, and those that may be included, whether they were or not. `bases` are where git may have looked from.
    ///
    /// `None`: something is included from where it cannot be told.
    pub(super) fn files(&self, bases: &[&Path], environment: &Environment) -> Option<BTreeSet<PathBuf>> {
        let mut files = BTreeSet::new();
        for Setting { file, key, value, .. } in &self.0 {
            let origins: Vec<_> = file.iter().flat_map(|file| bases.iter().map(move |base| base.join(file))).collect();
            let includes = key == b"include.path" || (key.starts_with(b"includeif.") && key.ends_with(b".path"));
            if includes {
                let value = value.as_deref()?;
                let holders: Vec<_> = origins.iter().filter_map(|origin| origin.parent()).collect();
                // From the command line or the environment only absolute paths are taken.
                let holders = if holders.is_empty() { bases.to_vec() } else { holders };
                for holder in holders {
                    files.insert(expand(value, holder, environment)?);
                }
            }
            files.extend(origins);
        }
        Some(files)
    }
}

/// Where a path of a configuration leads; `None` if that cannot be told.
pub(super) fn expand(value: &[u8], base: &Path, environment: &Environment) -> Option<PathBuf> {
    if let Some(rest) = value.strip_prefix(b"~/") {
        return Some(Path::new(environment.get("HOME").filter(|home| !home.is_empty())?).join(text(rest)));
    }
    let is_odd = value.is_empty() || value.starts_with(b"~") || value.starts_with(b"%(") || value.starts_with(b":(");
    (!is_odd).then(|| base.join(text(value)))
}

/// The name in `filter.NAME.variable`.
fn filter_of(key: &[u8]) -> Option<OsString> {
    let rest = key.strip_prefix(b"filter.")?;
    let end = memchr::memrchr(b'.', rest)?;
    Some(text(&rest[..end]).to_owned())
}

pub(super) fn is_no(value: &[u8]) -> bool {
    ["false", "no", "off", "0", ""].iter().any(|no| value.eq_ignore_ascii_case(no.as_bytes()))
}

/// Bytes that git printed as the operating system takes them.
#[cfg(unix)]
pub(super) fn text(bytes: &[u8]) -> &OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(bytes)
}

/// Bytes that git printed as the operating system takes them; what is not Unicode names nothing.
#[cfg(not(unix))]
pub(super) fn text(bytes: &[u8]) -> &OsStr {
    OsStr::new(std::str::from_utf8(bytes).unwrap_or("\u{fffd}"))
}
