//! Values, and how they are told to the encoder.

use std::collections::BTreeMap;

use rev_accel_core::Domain;
use rev_accel_core::canonical::{Encoder, Excess, Output};

use crate::fuzz::input::Input;

/// How deep values are that are not [nested](nested) on purpose.
const DEPTH: usize = 6;

/// Data, in the one form that equal data has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    None,
    Boolean(bool),
    /// The shortest two's complement, the most significant byte first.
    Integer(Vec<u8>),
    /// The bits of a double; of a NaN those of the one that stands for all.
    Float(u64),
    Text(Vec<u8>),
    List(Vec<Value>),
    /// By keys.
    Dict(BTreeMap<Vec<u8>, Value>),
}

/// A value that some bytes describe.
pub(super) fn value(input: &mut Input<'_>, depth: usize) -> Value {
    match input.below(if depth < DEPTH { 12 } else { 8 }) {
        0 => Value::None,
        1 => Value::Boolean(input.below(2) > 0),
        2 => Value::Integer(shortest(&input.number().to_be_bytes())),
        3 => Value::Integer(shortest(input.bytes())),
        4 => {
            let bits = u64::from_be_bytes(input.array());
            Value::Float(if f64::from_bits(bits).is_nan() { 0x7ff8 << 48 } else { bits })
        }
        5 | 6 => Value::Text(input.bytes().to_vec()),
        // Longer than the pieces that the output gets.
        7 => Value::Text(vec![input.byte(); usize::from(u16::from_le_bytes(input.array())) * 3]),
        8 => nested(input, depth),
        9 | 10 => Value::List((0..input.below(6)).map(|_| value(input, depth + 1)).collect()),
        _ => Value::Dict((0..input.below(6)).map(|_| (input.bytes().to_vec(), value(input, depth + 1))).collect()),
    }
}

/// A value inside of many others.
fn nested(input: &mut Input<'_>, depth: usize) -> Value {
    let (levels, are_dicts) = (input.below(6) * 200 + input.below(8), input.below(2) > 0);
    let mut inner = value(input, depth + 1);
    for _ in 0..levels {
        inner = if are_dicts { Value::Dict([(Vec::new(), inner)].into()) } else { Value::List(vec![inner]) };
    }
    inner
}

/// How many lists and dicts stand one inside the other.
pub(super) fn depth(value: &Value) -> usize {
    match value {
        Value::List(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        Value::Dict(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// How integers are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As machine numbers where they are.
    Short,
    /// As bytes, of which some are superfluous.
    Long,
}

/// What an encoder makes of a value.
pub(super) fn encode<O: Output>(
    value: &Value,
    domain: Domain<'_>,
    output: O,
    spelling: Spelling,
) -> Result<O::Done, Excess> {
    let mut encoder = Encoder::new(domain, output);
    tell(&mut encoder, value, spelling)?;
    encoder.finish()
}

fn tell<O: Output>(encoder: &mut Encoder<O>, value: &Value, spelling: Spelling) -> Result<(), Excess> {
    match value {
        Value::None => encoder.none(),
        Value::Boolean(value) => encoder.boolean(*value),
        Value::Integer(bytes) => {
            let filling = if bytes[0] < 0x80 { 0 } else { 0xff };
            if spelling == Spelling::Short && bytes.len() <= 8 {
                let mut machine = [filling; 8];
                machine[8 - bytes.len()..].copy_from_slice(bytes);
                return encoder.integer(i64::from_be_bytes(machine));
            }
            let superfluous = if spelling == Spelling::Long { 3 } else { 0 };
            encoder.large_integer(&[&vec![filling; superfluous], &bytes[..]].concat())
        }
        Value::Float(bits) => encoder.float(f64::from_bits(*bits)),
        Value::Text(bytes) => encoder.text(bytes),
        Value::List(elements) => {
            encoder.list(elements.len())?;
            elements.iter().try_for_each(|element| tell(encoder, element, spelling))?;
            encoder.end();
            Ok(())
        }
        Value::Dict(entries) => {
            encoder.dict(entries.len())?;
            for (key, value) in entries {
                encoder.key(key)?;
                tell(encoder, value, spelling)?;
            }
            encoder.end();
            Ok(())
        }
    }
}

/// Two's complement without superfluous bytes, by the meaning of the first two.
fn shortest(bytes: &[u8]) -> Vec<u8> {
    let mut rest = bytes;
    while let [first, second, ..] = rest {
        let continues = if *second < 0x80 { 0 } else { 0xff };
        if *first != continues {
            break;
        }
        rest = &rest[1..];
    }
    if rest.is_empty() { vec![0] } else { rest.to_vec() }
}
