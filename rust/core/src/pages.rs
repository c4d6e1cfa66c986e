//! Fewer and larger pages for long texts: most of the time to fill fresh memory goes into page faults.

/// Texts of fewer bytes are not worth a system call.
#[cfg(target_os = "linux")]
const LONG: usize = 4 << 20;

/// Asks the system to back the free room of a long buffer with large pages. Only speed depends on it.
#[cfg(target_os = "linux")]
pub(crate) fn prefer_large(buffer: &mut Vec<u8>) {
    const LARGE_PAGE: usize = 2 << 20;
    let room = buffer.spare_capacity_mut();
    let start = room.as_mut_ptr().addr().next_multiple_of(LARGE_PAGE);
    let end = room.as_mut_ptr_range().end.addr() / LARGE_PAGE * LARGE_PAGE;
    if room.len() >= LONG && start < end {
        let pointer = room.as_mut_ptr().with_addr(start);
        // SAFETY: the range lies in the buffer's own allocation, and the advice changes nothing that can be read there.
        #[expect(unsafe_code, reason = "the standard library has no advice on memory")]
        unsafe {
            libc::madvise(pointer.cast(), end - start, libc::MADV_HUGEPAGE);
        }
    }
}

/// Nothing to be asked for elsewhere.
#[cfg(not(target_os = "linux"))]
pub(crate) fn prefer_large(_buffer: &mut Vec<u8>) {}

#[cfg(test)]
mod tests {
    #[test]
    fn a_long_buffer_keeps_what_is_in_it() {
        let mut buffer = Vec::with_capacity(32 << 20);
        buffer.resize(5 << 20, 7);
        super::prefer_large(&mut buffer);
        buffer.resize(32 << 20, 8);
        assert!(buffer[..5 << 20].iter().all(|&byte| byte == 7) && buffer[5 << 20..].iter().all(|&byte| byte == 8));
    }
}
