//! The tokens, and what a byte or a word begins.

/// The kinds of token. Keywords are kinds of their own; `match`, `case` and `_` are names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Token {
    EndMarker,
    Newline,
    Name,
    Number,
    /// A string without replacement fields.
    Text,
    Bytes,
    /// An f-string.
    FString,
    LeftParenthesis,
    RightParenthesis,
    LeftBracket,
    RightBracket,
    LeftBrace,
    RightBrace,
    Colon,
    Comma,
    Semicolon,
    Dot,
    Ellipsis,
    Equal,
    ColonEqual,
    Arrow,
    /// One of `+=`, `-=` and so on.
    AugmentedAssign,
    Exclamation,
    Plus,
    Minus,
    Star,
    DoubleStar,
    Slash,
    DoubleSlash,
    Percent,
    At,
    Bar,
    Ampersand,
    Caret,
    Tilde,
    LeftShift,
    RightShift,
    /// One of `==`, `!=`, `<`, `<=`, `>` and `>=`.
    Comparison,
    False,
    None,
    True,
    And,
    As,
    Assert,
    Async,
    Await,
    Break,
    Class,
    Continue,
    Def,
    Del,
    Elif,
    Else,
    Except,
    Finally,
    For,
    From,
    Global,
    If,
    Import,
    In,
    Is,
    Lambda,
    Nonlocal,
    Not,
    Or,
    Pass,
    Raise,
    Return,
    Try,
    While,
    With,
    Yield,
}

const KINDS: usize = Token::Yield as usize + 1;

/// What a byte can begin.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Class {
    Blank,
    Word,
    Digit,
    Quote,
    Hash,
    LineEnd,
    Backslash,
    Open,
    Close,
    /// A token of one byte that begins no longer one.
    Single,
    Operator,
    /// Outside ASCII.
    Foreign,
    /// Nothing.
    Other,
}

pub(super) static CLASSES: [Class; 256] = {
    let mut table = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b' ' | b'\t' | 0x0c => Class::Blank,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => Class::Word,
            b'0'..=b'9' => Class::Digit,
            b'"' | b'\'' => Class::Quote,
            b'#' => Class::Hash,
            b'\n' => Class::LineEnd,
            b'\\' => Class::Backslash,
            b'(' | b'[' | b'{' => Class::Open,
            b')' | b']' | b'}' => Class::Close,
            b',' | b';' | b'~' => Class::Single,
            b'+' | b'-' | b'*' | b'/' | b'%' | b'@' | b'&' | b'|' | b'^' | b'=' | b'<' | b'>' | b'!' | b':' | b'.' => {
                Class::Operator
            }
            0x80.. => Class::Foreign,
            _ => Class::Other,
        };
        byte += 1;
    }
    table
};

/// The tokens of one byte.
pub(super) static SINGLES: [Token; 128] = {
    let mut table = [Token::EndMarker; 128];
    table[b'(' as usize] = Token::LeftParenthesis;
    table[b')' as usize] = Token::RightParenthesis;
    table[b'[' as usize] = Token::LeftBracket;
    table[b']' as usize] = Token::RightBracket;
    table[b'{' as usize] = Token::LeftBrace;
    table[b'}' as usize] = Token::RightBrace;
    table[b':' as usize] = Token::Colon;
    table[b',' as usize] = Token::Comma;
    table[b';' as usize] = Token::Semicolon;
    table[b'.' as usize] = Token::Dot;
    table[b'=' as usize] = Token::Equal;
    table[b'+' as usize] = Token::Plus;
    table[b'-' as usize] = Token::Minus;
    table[b'*' as usize] = Token::Star;
    table[b'/' as usize] = Token::Slash;
    table[b'%' as usize] = Token::Percent;
    table[b'@' as usize] = Token::At;
    table[b'|' as usize] = Token::Bar;
    table[b'&' as usize] = Token::Ampersand;
    table[b'^' as usize] = Token::Caret;
    table[b'~' as usize] = Token::Tilde;
    table[b'<' as usize] = Token::Comparison;
    table[b'>' as usize] = Token::Comparison;
    table
};

/// Binding powers of the operators, from loosest to tightest, by the name of their rule. Zero is no operator.
pub(super) mod power {
    pub(in super::super) const DISJUNCTION: u8 = 1;
    pub(in super::super) const CONJUNCTION: u8 = 2;
    pub(in super::super) const INVERSION: u8 = 3;
    pub(in super::super) const COMPARISON: u8 = 4;
    pub(in super::super) const BITWISE_OR: u8 = 5;
    pub(in super::super) const BITWISE_XOR: u8 = 6;
    pub(in super::super) const BITWISE_AND: u8 = 7;
    pub(in super::super) const SHIFT_EXPR: u8 = 8;
    pub(in super::super) const SUM: u8 = 9;
    pub(in super::super) const TERM: u8 = 10;
    pub(in super::super) const FACTOR: u8 = 11;
    pub(in super::super) const POWER: u8 = 12;
}

static POWERS: [u8; KINDS] = {
    let mut table = [0; KINDS];
    table[Token::Or as usize] = power::DISJUNCTION;
    table[Token::And as usize] = power::CONJUNCTION;
    table[Token::Comparison as usize] = power::COMPARISON;
    table[Token::In as usize] = power::COMPARISON;
    table[Token::Is as usize] = power::COMPARISON;
    // As the first word of `not in`.
    table[Token::Not as usize] = power::COMPARISON;
    table[Token::Bar as usize] = power::BITWISE_OR;
    table[Token::Caret as usize] = power::BITWISE_XOR;
    table[Token::Ampersand as usize] = power::BITWISE_AND;
    table[Token::LeftShift as usize] = power::SHIFT_EXPR;
    table[Token::RightShift as usize] = power::SHIFT_EXPR;
    table[Token::Plus as usize] = power::SUM;
    table[Token::Minus as usize] = power::SUM;
    table[Token::Star as usize] = power::TERM;
    table[Token::Slash as usize] = power::TERM;
    table[Token::DoubleSlash as usize] = power::TERM;
    table[Token::Percent as usize] = power::TERM;
    table[Token::At as usize] = power::TERM;
    table[Token::DoubleStar as usize] = power::POWER;
    table
};

impl Token {
    /// How tightly the token binds as an infix operator; zero if it is none.
    #[inline]
    pub(super) fn power(self) -> u8 {
        POWERS[self as usize]
    }
}

/// Longest keyword, in bytes: `continue` and `nonlocal`.
pub(super) const LONGEST_KEYWORD: usize = 8;

const KEYWORDS: [(&[u8], Token); 35] = [
    (b"False", Token::False),
    (b"None", Token::None),
    (b"True", Token::True),
    (b"and", Token::And),
    (b"as", Token::As),
    (b"assert", Token::Assert),
    (b"async", Token::Async),
    (b"await", Token::Await),
    (b"break", Token::Break),
    (b"class", Token::Class),
    (b"continue", Token::Continue),
    (b"def", Token::Def),
    (b"del", Token::Del),
    (b"elif", Token::Elif),
    (b"else", Token::Else),
    (b"except", Token::Except),
    (b"finally", Token::Finally),
    (b"for", Token::For),
    (b"from", Token::From),
    (b"global", Token::Global),
    (b"if", Token::If),
    (b"import", Token::Import),
    (b"in", Token::In),
    (b"is", Token::Is),
    (b"lambda", Token::Lambda),
    (b"nonlocal", Token::Nonlocal),
    (b"not", Token::Not),
    (b"or", Token::Or),
    (b"pass", Token::Pass),
    (b"raise", Token::Raise),
    (b"return", Token::Return),
    (b"try", Token::Try),
    (b"while", Token::While),
    (b"with", Token::With),
    (b"yield", Token::Yield),
];

/// A word of up to eight bytes as a number, its first byte lowest.
pub(super) const fn packed(word: &[u8]) -> u64 {
    let mut number = 0;
    let mut index = 0;
    while index < word.len() {
        number |= (word[index] as u64) << (8 * index);
        index += 1;
    }
    number
}

/// The token that a word of up to eight bytes is, given as [`packed`].
#[inline]
pub(super) fn word_token(word: u64) -> Token {
    let (keyword, token) = SLOTS[slot(word, MULTIPLIER)];
    if keyword == word { token } else { Token::Name }
}

const fn slot(word: u64, multiplier: u64) -> usize {
    (word.wrapping_mul(multiplier) >> 56) as usize
}

/// A multiplier that sends each keyword to a slot of its own, found when this is compiled.
const MULTIPLIER: u64 = {
    let mut multiplier: u64 = 0x9e37_79b9_7f4a_7c15;
    while !is_perfect(multiplier) {
        multiplier = multiplier.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f) | 1;
    }
    multiplier
};

const fn is_perfect(multiplier: u64) -> bool {
    let mut used = [false; 256];
    let mut index = 0;
    while index < KEYWORDS.len() {
        let slot = slot(packed(KEYWORDS[index].0), multiplier);
        if used[slot] {
            return false;
        }
        used[slot] = true;
        index += 1;
    }
    true
}

static SLOTS: [(u64, Token); 256] = {
    let mut table = [(0, Token::Name); 256];
    let mut index = 0;
    while index < KEYWORDS.len() {
        let (word, token) = KEYWORDS[index];
        table[slot(packed(word), MULTIPLIER)] = (packed(word), token);
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_and_no_other_word_is_a_keyword() {
        for (word, token) in KEYWORDS {
            assert_eq!(word_token(packed(word)), token);
        }
        for word in ["", "f", "match", "case", "_", "type", "print", "iff", "i", "False_", "none"] {
            assert_eq!(word_token(packed(word.as_bytes())), Token::Name, "{word}");
        }
    }
}
