//! Removes panic messages and source locations: the compiler leaves them in the data of a module, where nobody reads them.

use std::ops::Range;

use super::Result;

/// The panic messages of the standard library and the framework. Messages that do not occur cost nothing.
const MESSAGES: &[&str] = &[
    "cannot access a Thread Local Storage value during or after destruction: ",
    "index out of bounds: the len is ",
    "slice index starts at ",
    "range start index ",
    "range end index ",
    " out of range for slice of length ",
    "&copy_from_slice: source slice length (",
    ") does not match destination slice length (",
    "Executor::spawn called, but no global 'spawn' function is configured.",
    "Executor::spawn_local called, but no global 'spawn_local' function is configured.",
    "called `Option::unwrap()` on a `None` value",
    "called `Option::unwrap_throw()` on a `None` value",
    "called `Result::unwrap()` on an `Err` value",
    "called `Result::unwrap_throw()` on an `Err` value",
    "LazyCell instance has previously been poisoned",
    "Lazy instance has previously been poisoned",
    "Once instance has previously been poisoned",
    "one-time initialization may not be performed recursively",
    "`async fn` resumed after completion",
    "RefCell already mutably borrowed",
    "RefCell already borrowed",
    "assertion failed: self.is_char_boundary(new_len)",
    "Tried to access a reactive value that has already been disposed.",
    "cannot recursively acquire mutex",
    "internal error: entered unreachable code: JsValue passed is not an Error type -- this is a bug",
    "internal error: entered unreachable code",
    "Hash table capacity overflow",
    "attempt to join into collection with len > usize::MAX",
    "cannot modify the panic hook from a panicking thread",
    "failed to generate unique thread ID: bitspace exhausted",
    "closure invoked recursively or after being dropped",
    "Attempted to initialize thread-local while it is being dropped",
    "null pointer passed to rust",
    "recursive use of an object detected which would lead to unsafe aliasing in rust",
    "attempted to take ownership of Rust value while it was borrowed",
    "Tried to shrink to a larger capacity",
    "Map must not be polled after it returned `Poll::Ready`",
    "finish: callbacks should be Some",
    "finish: result should be None",
    "FnOnce called more than once",
    "polled Feed after completion",
    "a Display implementation returned an error unexpectedly",
    "read-only filesystem or storage medium",
    "filesystem loop or indirection limit (e.g. symlink loop)",
    "cross-device link or rename",
    "address not available",
    "operation would block",
    "operation interrupted",
    "connection refused",
    "connection aborted",
    "network unreachable",
    "argument list too long",
    "unexpected end of file",
    "directory not empty",
    "invalid input parameter",
    "stale network file handle",
    "seek on unseekable file",
    "uncategorized error",
    "permission denied",
    "entity already exists",
    "operation successful",
    "entity not foundpermission denied",
    "connection resethost unreachable",
    "not connectedaddress in use",
    "network downbroken pipe",
    "not a directoryis a directory",
    "invalid datatimed outwrite zerono storage space",
    "quota exceededfile too largeresource busyexecutable file busydeadlock",
    "or renametoo many linksinvalid filename",
    "interruptedunsupported",
    "fileout of memoryin progressother error",
    "capacity overflow",
    "assertion `left ",
    " but ends at ",
    " but the index is ",
    "removal index (is ",
    ") should be < len (is ",
    "Erased: type mismatch",
    "inner is None only in drop",
];

const DATA_SECTION: u8 = 11;
const CONST_I32: u8 = 0x41;
const END: u8 = 0x0b;
/// A `core::panic::Location` on wasm32: address and length of the path, line, column.
const LOCATION: usize = 16;

/// A data segment.
struct Segment {
    /// Its address in memory.
    address: usize,
    /// The range of its bytes in the file.
    bytes: Range<usize>,
}

/// The module with zeros in place of the messages, the locations and their paths. Nothing moves.
pub fn blanked(mut module: Vec<u8>) -> Result<Vec<u8>> {
    let segments = segments(&module).ok_or("the data of the module cannot be read")?;
    let in_file = |address: usize, length: usize| {
        let segment = segments.iter().find(|segment| {
            let end = segment.address + segment.bytes.len();
            segment.address <= address && address.saturating_add(length) <= end
        })?;
        let start = segment.bytes.start + (address - segment.address);
        Some(start..start + length)
    };
    let mut blank: Vec<Range<usize>> = Vec::new();
    for segment in &segments {
        for from in (segment.address.next_multiple_of(4)..segment.address + segment.bytes.len()).step_by(4) {
            let Some(location) = in_file(from, LOCATION) else { continue };
            let path =
                module.get(location.clone()).and_then(path).and_then(|(address, length)| in_file(address, length));
            if let Some(path) = path.filter(|path| module.get(path.clone()).is_some_and(is_source)) {
                blank.extend([location, path]);
            }
        }
    }
    for segment in &segments {
        let data = module.get(segment.bytes.clone()).unwrap_or_default();
        for message in MESSAGES {
            let found = data.windows(message.len()).enumerate().filter(|(_, window)| *window == message.as_bytes());
            let start = segment.bytes.start;
            blank.extend(found.map(|(at, _)| start + at..start + at + message.len()));
        }
    }
    for range in blank {
        module.get_mut(range).unwrap_or_default().fill(0);
    }
    Ok(module)
}

/// Address and length of the path in what may be a location.
fn path(location: &[u8]) -> Option<(usize, usize)> {
    let mut words = location.chunks_exact(4).map(|word| word.try_into().map(u32::from_le_bytes).unwrap_or_default());
    let (address, length, line, column) = (words.next()?, words.next()?, words.next()?, words.next()?);
    (line > 0 && column > 0).then_some((address as usize, length as usize))
}

fn is_source(path: &[u8]) -> bool {
    path.ends_with(b".rs") && path.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(byte))
}

/// The segments of the data section; `None` if it does not have the form that linkers write.
fn segments(module: &[u8]) -> Option<Vec<Segment>> {
    let mut reader = Reader { bytes: module, at: 8 };
    let mut segments = Vec::new();
    while reader.at < module.len() {
        let (section, size) = (reader.byte()?, reader.number()?);
        let end = reader.at + size;
        if section == DATA_SECTION {
            for _ in 0..reader.number()? {
                let plain = reader.number()? == 0 && reader.byte()? == CONST_I32;
                let address = reader.number()?;
                if !plain || reader.byte()? != END {
                    return None;
                }
                let length = reader.number()?;
                segments.push(Segment { address, bytes: reader.at..reader.at + length });
                reader.at += length;
            }
        }
        reader.at = end;
    }
    Some(segments)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// A LEB128 number. Addresses are signed there, but in the lower half of memory, where the sign is zero.
    fn number(&mut self) -> Option<usize> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_locations_become_zeros_and_nothing_else_does() {
        let mut data = b"keepsrc/a.rs".to_vec();
        let message = b"RefCell already borrowed";
        data.extend([1024 + 4, 8, 7, 3].into_iter().flat_map(u32::to_le_bytes));
        data.extend([1024, 4].into_iter().flat_map(u32::to_le_bytes));
        data.extend(message);
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.extend([DATA_SECTION, 6 + data.len() as u8, 1, 0, CONST_I32, 0x80, 0x08, END, data.len() as u8]);
        let at = module.len();
        module.extend(&data);
        module[9] += 1;

        let blanked = blanked(module.clone()).unwrap();
        assert_eq!(blanked[..at + 4], module[..at + 4]);
        assert_eq!(blanked[at + 4..at + 28], [0; 24]);
        assert_eq!(blanked[at + 28..at + 36], module[at + 28..at + 36]);
        assert_eq!(blanked[at + 36..], [0; 24]);
    }

    #[test]
    fn a_module_that_is_cut_short_is_refused() {
        assert!(blanked(b"\0asm\x01\0\0\0\x0b\x09\x01".to_vec()).is_err());
    }
}
