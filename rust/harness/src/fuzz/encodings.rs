//! The canonical encoding: it can be read back, in one way only, and its digest is the hash of its bytes.

mod reader;
mod value;

use rev_accel_core::canonical::{Encoder, Excess, MAX_DEPTH, MAX_VALUES, sort_entries};
use rev_accel_core::{Digest, Domain, Hashing};

use self::reader::read;
use self::value::{Spelling, Value, depth, encode, value};
use super::input::Input;

/// Encodes a value that the bytes describe, reads them as an encoding, or announces as many parts as they say.
///
/// # Panics
/// When an encoding is not that of its value alone, a digest is not that of its encoding, or a bound does not hold.
pub fn encodings(data: &[u8]) {
    let mut input = Input(data);
    match input.below(5) {
        0 => foreign(input.0),
        1 => announcements(&mut input),
        2 => small_parts(&mut input),
        _ => described(&mut input),
    }
}

/// An input with the encoding of what the bytes describe.
pub(super) fn example(data: &[u8]) -> Option<Vec<u8>> {
    let value = value(&mut Input(data), 0);
    let bytes = encode(&value, Domain::new("value")?, Vec::new(), Spelling::Short).ok()?;
    (bytes.len() < 1_000).then(|| [&[0], &bytes[..]].concat())
}

/// A value is encoded in one way, however it is fed to the encoder, and comes back from it.
fn described(input: &mut Input<'_>) {
    let name = if input.below(2) == 0 { "value".to_owned() } else { input.text() };
    let is_name = (1..=Domain::MAX_LENGTH).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
    let domain = Domain::new(&name);
    assert_eq!(domain.is_some(), is_name, "{name:?}");
    let Some(domain) = domain else { return };
    let value = value(input, 0);
    let bytes = match encode(&value, domain, Vec::new(), Spelling::Short) {
        Err(excess) => {
            assert_eq!(excess, Excess::Depth);
            assert!(depth(&value) > MAX_DEPTH);
            return;
        }
        Ok(bytes) => bytes,
    };
    assert!(depth(&value) <= MAX_DEPTH);
    assert_eq!(encode(&value, domain, Vec::new(), Spelling::Long), Ok(bytes.clone()), "{value:?}");
    assert!(read(&bytes).is_some_and(|(text, again)| text == name && again == value), "{value:?} as {bytes:?}");
    let digest = encode(&value, domain, Hashing::default(), Spelling::Short);
    assert_eq!(digest.map(|digest| *digest.as_bytes()), Ok(*blake3::hash(&bytes).as_bytes()), "{value:?}");
}

/// What can be read as an encoding is the encoding of what was read.
fn foreign(bytes: &[u8]) {
    let Some((name, value)) = read(bytes) else { return };
    let Some(domain) = Domain::new(&name) else { return };
    assert_eq!(encode(&value, domain, Vec::new(), Spelling::Short).as_deref(), Ok(bytes), "{value:?}");
}

/// So many parts as are announced in all must be refused before anybody takes memory for them, and no fewer.
fn announcements(input: &mut Input<'_>) {
    let Some(domain) = Domain::new("value") else { return };
    let mut encoder = Encoder::new(domain, Vec::new());
    let mut left = MAX_VALUES - 1;
    for level in 0.. {
        let (is_list, length) = (input.below(2) == 0, input.number() as usize);
        let announced = if is_list { encoder.list(length) } else { encoder.dict(length) };
        if level == MAX_DEPTH {
            return assert_eq!(announced, Err(Excess::Depth));
        }
        match left.checked_sub(length) {
            None => return assert_eq!(announced, Err(Excess::Values), "{length} of {left}"),
            Some(rest) => left = rest,
        }
        assert_eq!(announced, Ok(()));
        if input.is_empty() && level > 20 {
            return;
        }
    }
}

/// What is made besides encodings of values: the order of entries, digests of growing sequences and their texts.
fn small_parts(input: &mut Input<'_>) {
    let mut keys: Vec<_> = (0..input.below(12)).map(|_| input.bytes()).collect();
    let mut expected = keys.clone();
    expected.sort_unstable();
    let is_unique = expected.windows(2).all(|pair| pair[0] < pair[1]);
    assert_eq!(sort_entries(&mut keys, |key| key), is_unique);
    assert_eq!(keys, expected);

    let digests: [Digest; 2] = [Digest::from_bytes(input.array()), Digest::from_bytes(input.array())];
    for digest in digests {
        assert_eq!(Digest::from_hex(&digest.to_string()), Some(digest));
    }
    let text = input.text();
    let is_digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert_eq!(Digest::from_hex(&text).is_some(), is_digest, "{text:?}");

    let Some(domain) = Domain::new("messages") else { return };
    let hexadecimal = |digest: &Digest| Value::Text(digest.to_string().into_bytes());
    for previous in [None, Some(&digests[0])] {
        let pair = Value::List(vec![previous.map_or(Value::None, hexadecimal), hexadecimal(&digests[1])]);
        let expected = encode(&pair, domain, Hashing::default(), Spelling::Short);
        assert_eq!(Digest::chain(previous, &digests[1]), expected);
    }
}
