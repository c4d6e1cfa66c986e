//! Reads an encoding by the description of the format alone, and takes no other bytes than those that a value has.

use std::collections::BTreeMap;

use rev_accel_core::canonical::MAX_DEPTH;

use super::value::Value;

/// The domain and the value of an encoding; `None` for bytes that are none.
pub(super) fn read(bytes: &[u8]) -> Option<(String, Value)> {
    let mut reader = Reader(bytes);
    if reader.byte()? != 1 {
        return None;
    }
    let name = String::from_utf8(reader.counted()?.to_vec()).ok()?;
    let value = reader.value(0)?;
    reader.0.is_empty().then_some((name, value))
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Option<Value> {
        match self.byte()? {
            b'n' => Some(Value::None),
            b't' => Some(Value::Boolean(true)),
            b'f' => Some(Value::Boolean(false)),
            b'i' => {
                let bytes = self.counted()?;
                let is_longer = matches!(bytes, [] | [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..]);
                (!is_longer).then(|| Value::Integer(bytes.to_vec()))
            }
            b'd' => {
                let bits = u64::from_be_bytes(self.take(8)?.try_into().ok()?);
                let is_only = !f64::from_bits(bits).is_nan() || bits == 0x7ff8_0000_0000_0000;
                is_only.then_some(Value::Float(bits))
            }
            b's' => Some(Value::Text(self.counted()?.to_vec())),
            b'l' if depth < MAX_DEPTH => {
                let length = self.number()?;
                let mut elements = Vec::new();
                for _ in 0..length {
                    elements.push(self.value(depth + 1)?);
                }
                Some(Value::List(elements))
            }
            b'm' if depth < MAX_DEPTH => {
                let length = self.number()?;
                let mut entries = BTreeMap::new();
                for _ in 0..length {
                    let key = if self.byte()? == b's' { self.counted()?.to_vec() } else { return None };
                    if entries.last_key_value().is_some_and(|(last, _)| *last >= key) {
                        return None;
                    }
                    let value = self.value(depth + 1)?;
                    entries.insert(key, value);
                }
                Some(Value::Dict(entries))
            }
            _ => None,
        }
    }

    fn counted(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(usize::try_from(length).ok()?)
    }

    /// LEB128; a last byte of zero would be superfluous.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if part << shift >> shift != part {
                return None;
            }
            number |= part << shift;
            if byte < 0x80 {
                return (byte > 0 || shift == 0).then_some(number);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}
