//! Digests: the vectors that the Python tests read, too, and what the encoder refuses.

use std::fmt::Write;
use std::path::Path;

use rev_accel_core::canonical::{Encoder, Excess, MAX_BYTES, MAX_DEPTH, MAX_VALUES, Output, sort_entries};
use rev_accel_core::{Domain, Hashing};
use serde_json::Value;

type Encoded = Result<(), Excess>;

#[test]
fn every_vector_has_its_encoding_and_digest() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/digests.json");
    let vectors: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    for vector in array(&vectors) {
        let name = text(&vector["name"]);
        let domain = Domain::new(text(&vector["domain"])).unwrap();
        let digest = encoded(domain, Hashing::default(), |encoder| feed(encoder, &vector["value"])).unwrap();
        assert_eq!(digest.to_string(), text(&vector["digest"]), "{name}");
        let bytes = encoded(domain, Vec::new(), |encoder| feed(encoder, &vector["value"])).unwrap();
        assert_eq!(blake3::hash(&bytes).as_bytes(), digest.as_bytes(), "{name}");
        if let Some(canonical) = vector["canonical"].as_str() {
            assert_eq!(hexadecimal(&bytes), canonical, "{name}");
        }
    }
}

#[test]
fn superfluous_bytes_of_an_integer_change_nothing() {
    let integer = |bytes: &[u8]| encoding(|encoder| encoder.large_integer(bytes));
    for number in [0, 1, -1, 127, 128, -128, -129, 0xffff, -0x8000, i64::MAX, i64::MIN] {
        let expected = encoding(|encoder| encoder.integer(number));
        for filled in [8, 9, 20] {
            let sign = if number < 0 { 0xff } else { 0 };
            let mut bytes = vec![sign; filled - 8];
            bytes.extend_from_slice(&number.to_be_bytes());
            assert_eq!(integer(&bytes), expected, "{number}");
        }
    }
    assert_eq!(integer(&[]), integer(&[0]));
}

#[test]
fn pieces_of_any_size_make_the_same_digest() {
    for length in [0, 1, 65_523, 65_524, 65_525, 65_536, 131_060, 131_072, 200_000, 1 << 20] {
        let content: Vec<u8> = (0..length).map(|number: u32| (number % 251) as u8).collect();
        let whole = |encoder: &mut Encoder<Vec<u8>>| encoder.text(&content);
        let bytes = encoded(value(), Vec::new(), whole).unwrap();
        let digest = encoded(value(), Hashing::default(), |encoder| encoder.text(&content)).unwrap();
        assert_eq!(blake3::hash(&bytes).as_bytes(), digest.as_bytes(), "{length}");
        assert!(bytes.ends_with(&content), "{length}");
    }
}

#[test]
fn what_goes_beyond_a_bound_is_refused() {
    let nested = |levels: usize| {
        encoded(value(), Hashing::default(), |encoder| {
            (0..levels).try_for_each(|level| encoder.list(usize::from(level + 1 < levels)))?;
            (0..levels).for_each(|_| encoder.end());
            Ok(())
        })
    };
    assert!(nested(MAX_DEPTH).is_ok());
    assert_eq!(nested(MAX_DEPTH + 1).unwrap_err(), Excess::Depth);

    let announced = |length| encoded(value(), Hashing::default(), |encoder| encoder.list(length)).unwrap_err();
    assert_eq!(announced(MAX_VALUES), Excess::Values);
    assert_eq!(announced(usize::MAX), Excess::Values);

    let mebibyte = vec![b'a'; 1 << 20];
    let texts = |number: usize| {
        encoded(value(), Hashing::default(), |encoder| {
            encoder.list(number)?;
            (0..number).try_for_each(|_| encoder.text(&mebibyte))?;
            encoder.end();
            Ok(())
        })
    };
    assert!(texts((MAX_BYTES >> 20) - 1).is_ok());
    assert_eq!(texts(MAX_BYTES >> 20).unwrap_err(), Excess::Bytes);
}

#[test]
fn entries_are_in_the_order_of_their_keys_bytes() {
    let mut keys = ["b", "", "ba", "\u{10000}", "\u{ffff}", "B"];
    assert!(sort_entries(&mut keys, |key| key.as_bytes()));
    assert_eq!(keys, ["", "B", "b", "ba", "\u{ffff}", "\u{10000}"]);
    assert!(!sort_entries(&mut ["a", "b", "a"], |key| key.as_bytes()));
}

#[test]
fn a_domain_is_a_short_name() {
    for name in ["value", "a", "rev-accel/agent:2", &"d".repeat(64)] {
        assert!(Domain::new(name).is_some(), "{name}");
    }
    for name in ["", " ", "a b", "a\n", "\u{e9}", &"d".repeat(65)] {
        assert!(Domain::new(name).is_none(), "{name}");
    }
}

fn value() -> Domain<'static> {
    Domain::new("value").unwrap()
}

fn encoding(feed: impl FnOnce(&mut Encoder<Vec<u8>>) -> Encoded) -> Vec<u8> {
    encoded(value(), Vec::new(), feed).unwrap()
}

fn encoded<O: Output>(
    domain: Domain<'_>,
    output: O,
    feed: impl FnOnce(&mut Encoder<O>) -> Encoded,
) -> Result<O::Done, Excess> {
    let mut encoder = Encoder::new(domain, output);
    feed(&mut encoder)?;
    encoder.finish()
}

/// Encodes a value as the file describes it (see `tests/digests/vectors.py`).
fn feed<O: Output>(encoder: &mut Encoder<O>, described: &Value) -> Encoded {
    let content = &described[1];
    match text(&described[0]) {
        "none" => encoder.none(),
        "true" => encoder.boolean(true),
        "false" => encoder.boolean(false),
        "int" => match text(content).parse() {
            Ok(small) => encoder.integer(small),
            Err(_) => encoder.large_integer(&two_complement(text(content))),
        },
        "float" => encoder.float(f64::from_bits(u64::from_str_radix(text(content), 16).unwrap())),
        "str" | "codes" => encoder.text(&characters(described)),
        "repeated" => encoder.text(text(content).repeat(number(&described[2])).as_bytes()),
        "nested" => {
            let levels = number(content);
            (0..levels).try_for_each(|level| encoder.list(usize::from(level + 1 < levels)))?;
            (0..levels).for_each(|_| encoder.end());
            Ok(())
        }
        "list" | "tuple" => {
            encoder.list(array(content).len())?;
            array(content).iter().try_for_each(|element| feed(encoder, element))?;
            encoder.end();
            Ok(())
        }
        "dict" => {
            let mut entries: Vec<_> = array(content).iter().map(|pair| (characters(&pair[0]), &pair[1])).collect();
            let mut keys: Vec<_> = entries.iter().map(|(key, _)| key.clone()).collect();
            keys.sort();
            entries.sort_by_key(|(key, _)| keys.iter().position(|other| other == key));
            encoder.dict(entries.len())?;
            for (key, value) in entries {
                encoder.key(&key)?;
                feed(encoder, value)?;
            }
            encoder.end();
            Ok(())
        }
        other => panic!("no such description: {other}"),
    }
}

/// The UTF-8 of a text, or of code points among which may be surrogates.
fn characters(described: &Value) -> Vec<u8> {
    if text(&described[0]) == "str" {
        return text(&described[1]).as_bytes().to_vec();
    }
    let mut bytes = Vec::new();
    for code in array(&described[1]) {
        let code = u32::try_from(number(code)).unwrap();
        if let Some(character) = char::from_u32(code) {
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            let [_, _, high, low] = code.to_be_bytes();
            bytes.extend([0xe0 | high >> 4, 0x80 | high << 2 & 0x3c | low >> 6, 0x80 | low & 0x3f]);
        }
    }
    bytes
}

/// Two's complement of a decimal number, as schools teach it.
fn two_complement(decimal: &str) -> Vec<u8> {
    let (is_negative, digits) = decimal.strip_prefix('-').map_or((false, decimal), |digits| (true, digits));
    // Least significant first, with room for the sign.
    let mut bytes = vec![0_u8; digits.len() + 1];
    for digit in digits.bytes() {
        let mut carry = u32::from(digit - b'0');
        for byte in &mut bytes {
            carry += u32::from(*byte) * 10;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
    }
    if is_negative {
        let mut carry = true;
        for byte in &mut bytes {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    bytes.reverse();
    bytes
}

fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
