//! The names in `\N{...}`, by the table that the parser uses.

/// Longest name that is looked up, in bytes.
pub(super) const LONGEST_NAME: usize = 88;

/// Whether every Python from 3.11 on knows a character by this name.
///
/// Less than it knows: aliases and the names of ideographs and Hangul syllables, which are made by rule, are left to the parser.
pub(super) fn is_name(name: &[u8]) -> bool {
    let Ok(name) = std::str::from_utf8(name) else { return false };
    let Some(character) = unicode_names2::character(name) else { return false };
    let Some(true_name) = unicode_names2::name(character) else { return false };
    let mut rest = name;
    for part in true_name {
        match rest.split_at_checked(part.len()) {
            Some((start, end)) if start.eq_ignore_ascii_case(part) => rest = end,
            _ => return false,
        }
    }
    rest.is_empty() && !is_made_by_rule(character) && !is_new(character)
}

fn is_made_by_rule(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{20000}'..)
}

/// Whether a character is newer than Unicode 14, which Python 3.11 has.
fn is_new(character: char) -> bool {
    let code = u32::from(character);
    NEW.binary_search_by(|&(first, last)| {
        if last < code {
            std::cmp::Ordering::Less
        } else if first > code {
            std::cmp::Ordering::Greater
        } else {
            std::cmp::Ordering::Equal
        }
    })
    .is_ok()
}

/// Ranges of characters that `unicode_names2` names and `unicodedata` of Python 3.11 does not, written by
/// `tests/recogniser/new_characters.py`.
const NEW: [(u32, u32); 75] = [
    (0x897, 0x897),
    (0xcf3, 0xcf3),
    (0xece, 0xece),
    (0x1b4e, 0x1b4f),
    (0x1b7f, 0x1b7f),
    (0x1c89, 0x1c8a),
    (0x2427, 0x2429),
    (0x2ffc, 0x2fff),
    (0x31e4, 0x31e5),
    (0x31ef, 0x31ef),
    (0xa7cb, 0xa7cd),
    (0xa7da, 0xa7dc),
    (0x1_05c0, 0x1_05f3),
    (0x1_0d40, 0x1_0d65),
    (0x1_0d69, 0x1_0d85),
    (0x1_0d8e, 0x1_0d8f),
    (0x1_0ec2, 0x1_0ec4),
    (0x1_0efc, 0x1_0eff),
    (0x1_123f, 0x1_1241),
    (0x1_1380, 0x1_1389),
    (0x1_138b, 0x1_138b),
    (0x1_138e, 0x1_138e),
    (0x1_1390, 0x1_13b5),
    (0x1_13b7, 0x1_13c0),
    (0x1_13c2, 0x1_13c2),
    (0x1_13c5, 0x1_13c5),
    (0x1_13c7, 0x1_13ca),
    (0x1_13cc, 0x1_13d5),
    (0x1_13d7, 0x1_13d8),
    (0x1_13e1, 0x1_13e2),
    (0x1_16d0, 0x1_16e3),
    (0x1_1b00, 0x1_1b09),
    (0x1_1bc0, 0x1_1be1),
    (0x1_1bf0, 0x1_1bf9),
    (0x1_1f00, 0x1_1f10),
    (0x1_1f12, 0x1_1f3a),
    (0x1_1f3e, 0x1_1f5a),
    (0x1_342f, 0x1_342f),
    (0x1_3439, 0x1_3455),
    (0x1_3460, 0x1_43fa),
    (0x1_6100, 0x1_6139),
    (0x1_6d40, 0x1_6d79),
    (0x1_8cff, 0x1_8cff),
    (0x1_b132, 0x1_b132),
    (0x1_b155, 0x1_b155),
    (0x1_cc00, 0x1_ccf9),
    (0x1_cd00, 0x1_ceb3),
    (0x1_d2c0, 0x1_d2d3),
    (0x1_df25, 0x1_df2a),
    (0x1_e030, 0x1_e06d),
    (0x1_e08f, 0x1_e08f),
    (0x1_e4d0, 0x1_e4f9),
    (0x1_e5d0, 0x1_e5fa),
    (0x1_e5ff, 0x1_e5ff),
    (0x1_f6dc, 0x1_f6dc),
    (0x1_f774, 0x1_f776),
    (0x1_f77b, 0x1_f77f),
    (0x1_f7d9, 0x1_f7d9),
    (0x1_f8b2, 0x1_f8bb),
    (0x1_f8c0, 0x1_f8c1),
    (0x1_fa75, 0x1_fa77),
    (0x1_fa87, 0x1_fa89),
    (0x1_fa8f, 0x1_fa8f),
    (0x1_faad, 0x1_faaf),
    (0x1_fabb, 0x1_fabf),
    (0x1_fac6, 0x1_fac6),
    (0x1_face, 0x1_facf),
    (0x1_fada, 0x1_fadc),
    (0x1_fadf, 0x1_fadf),
    (0x1_fae8, 0x1_fae9),
    (0x1_faf7, 0x1_faf8),
    (0x1_fbcb, 0x1_fbef),
    (0x2_b739, 0x2_b739),
    (0x2_ebf0, 0x2_ee5d),
    (0x3_1350, 0x3_23af),
];
