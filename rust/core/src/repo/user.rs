//! On whose behalf git runs: whether it trusts a repository, and what it can read, depend on that.

/// The user and the groups of this process, real and effective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    names: [u32; 4],
    groups: Vec<u32>,
}

impl User {
    #[cfg(unix)]
    #[expect(unsafe_code, reason = "these calls have no safe door")]
    pub(super) fn current() -> Self {
        // SAFETY: they cannot fail and touch no memory.
        let names = unsafe { [libc::getuid(), libc::geteuid(), libc::getgid(), libc::getegid()] };
        let mut groups = vec![0; 64];
        loop {
            let room = i32::try_from(groups.len()).unwrap_or(i32::MAX);
            // SAFETY: there is room for as many as are said.
            let count = unsafe { libc::getgroups(room, groups.as_mut_ptr()) };
            match usize::try_from(count) {
                Ok(count) => {
                    groups.truncate(count);
                    return Self { names, groups };
                }
                // There are more. The system has at most 65,536.
                Err(_) if groups.len() < 1 << 17 => groups.resize(groups.len() * 4, 0),
                Err(_) => return Self { names, groups: Vec::new() },
            }
        }
    }

    #[cfg(not(unix))]
    pub(super) fn current() -> Self {
        Self { names: [0; 4], groups: Vec::new() }
    }
}
