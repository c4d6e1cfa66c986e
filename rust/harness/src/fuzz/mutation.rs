//! Bytes that are almost others.

use crate::random::Random;

/// Changes bytes in one to four places.
pub fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        change(bytes, random);
    }
}

fn change(bytes: &mut Vec<u8>, random: &mut Random) {
    const EDGES: [&[u8]; 6] = [&[0], &[0xff], &[0x80], &[0x7f], &[0xff; 8], &[0, 0, 0, 0x80]];
    let length = bytes.len();
    let place = random.below(length + 1);
    let end = (place + 1 + random.below(20)).min(length);
    match random.below(8) {
        0 if place < length => bytes[place] = random.below(256) as u8,
        1 if place < length => bytes[place] ^= 1 << random.below(8),
        2 if place < length => bytes[place] = bytes[place].wrapping_add([1, 0xff][random.below(2)]),
        3 => bytes.truncate(place),
        4 => drop(bytes.drain(place..end)),
        5 => {
            let copy = bytes[place..end].to_vec();
            let other = random.below(length + 1);
            bytes.splice(other..other, copy);
        }
        6 => drop(bytes.splice(place..place, EDGES[random.below(EDGES.len())].iter().copied())),
        _ => {
            let edge = EDGES[random.below(EDGES.len())];
            let end = (place + edge.len()).min(length);
            bytes[place..end].copy_from_slice(&edge[..end - place]);
        }
    }
}
