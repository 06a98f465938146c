//! Removes the source locations of panics: the compiler leaves them in the data of a module, where nobody reads them.

use std::ops::Range;

use super::Result;

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

/// The module with zeros in place of the locations and their paths. Nothing moves.
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
        for offset in (segment.address.next_multiple_of(4)..segment.address + segment.bytes.len()).step_by(4) {
            let Some(location) = in_file(offset, LOCATION) else { continue };
            let path =
                module.get(location.clone()).and_then(path).and_then(|(address, length)| in_file(address, length));
            if let Some(path) = path.filter(|path| module.get(path.clone()).is_some_and(is_source)) {
                blank.extend([location, path]);
            }
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
    let mut reader = Reader { bytes: module, position: 8 };
    let mut segments = Vec::new();
    while reader.position < module.len() {
        let (section, size) = (reader.byte()?, reader.number()?);
        let end = reader.position + size;
        if section == DATA_SECTION {
            for _ in 0..reader.number()? {
                let plain = reader.number()? == 0 && reader.byte()? == CONST_I32;
                let address = reader.number()?;
                if !plain || reader.byte()? != END {
                    return None;
                }
                let length = reader.number()?;
                segments.push(Segment { address, bytes: reader.position..reader.position + length });
                reader.position += length;
            }
        }
        reader.position = end;
    }
    Some(segments)
}

struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.position)?;
        self.position += 1;
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
    fn only_paths_and_locations_are_zeroed() {
        let mut data = b"keepsrc/a.rs".to_vec();
        data.extend([1024 + 4, 8, 7, 3].into_iter().flat_map(u32::to_le_bytes));
        data.extend([1024, 4].into_iter().flat_map(u32::to_le_bytes));
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.extend([DATA_SECTION, 6 + data.len() as u8, 1, 0, CONST_I32, 0x80, 0x08, END, data.len() as u8]);
        let offset = module.len();
        module.extend(&data);
        module[9] += 1;

        let blanked = blanked(module.clone()).unwrap();
        assert_eq!(blanked[..offset + 4], module[..offset + 4]);
        assert_eq!(blanked[offset + 4..offset + 28], [0; 24]);
        assert_eq!(blanked[offset + 28..], module[offset + 28..]);
    }

    #[test]
    fn truncated_modules_are_refused() {
        assert!(blanked(b"\0asm\x01\0\0\0\x0b\x09\x01".to_vec()).is_err());
    }
}
