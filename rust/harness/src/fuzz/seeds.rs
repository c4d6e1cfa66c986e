//! What fuzzing starts from. Made anew each time, so that nothing of it has to be kept.

use std::fs;
use std::io;
use std::path::Path;

use rev_accel_core::fuzzing::encode_record;
use rev_accel_core::{Cancel, Grammar, Producer, RuleSet, scan_source};

use crate::random::Random;
use crate::{bombs, mutants, programs};

/// Longest text among the seeds, in bytes. Short inputs are tried more often, and find as much.
const LONGEST: usize = 3_000;

/// Most texts from one source.
const MOST: usize = 400;

/// Inputs without a text of their own.
const RANDOM: usize = 300;

/// The inputs that each of the [`TARGETS`](super::TARGETS) starts from, in their order, given some Python files.
#[must_use]
pub fn seeds(files: &[String]) -> [Vec<Vec<u8>>; 6] {
    let mut random = Random::new(1);
    let mut texts: Vec<String> = files.iter().filter(|text| text.len() <= LONGEST).take(MOST).cloned().collect();
    // What is too long has statements that are short enough.
    let long = files.iter().filter(|text| text.len() > LONGEST).take(MOST);
    texts.extend(long.filter_map(|text| piece(text, &mut random)));
    texts.extend((0..MOST).map(|_| programs::program(&mut random)).filter(|text| text.len() <= LONGEST));
    let mut number = 0;
    bombs::bombs(|text| {
        number += 1;
        if number % 97 == 0 && text.len() <= LONGEST {
            texts.push(text);
        }
    });
    let scans = texts.iter().map(|text| [&[0x3f, 0, 0], text.as_bytes()].concat()).collect();
    let mut records: Vec<_> = texts.iter().filter_map(|text| record(text)).collect();
    records.extend(noise(&mut random, 300));
    let producers = texts.into_iter().map(String::into_bytes).collect();
    let manifests = noise(&mut random, 1_000).chain(metas()).collect();
    let encodings = noise(&mut random, 300).chain(encodings()).collect();
    let repositories = noise(&mut random, 300).chain(repositories()).collect();
    [producers, scans, records, manifests, encodings, repositories]
}

/// Writes the seeds to `folder/TARGET/NUMBER`, and the words of the texts to `folder/words`.
pub fn write(folder: &Path, files: &[String]) -> io::Result<()> {
    for (target, seeds) in super::TARGETS.iter().zip(seeds(files)) {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
    }
    let quoted = |word: &&str| {
        let bytes = word.bytes().map(|byte| match byte {
            b'"' | b'\\' => format!("\\{}", char::from(byte)),
            b' '..=b'~' => char::from(byte).to_string(),
            _ => format!("\\x{byte:02x}"),
        });
        format!("\"{}\"\n", bytes.collect::<String>())
    };
    fs::write(folder.join("words"), mutants::FRAGMENTS.iter().map(quoted).collect::<String>())
}

/// Whole lines from anywhere in a text, from one that is not indented.
fn piece(text: &str, random: &mut Random) -> Option<String> {
    let starts: Vec<_> = text.match_indices('\n').map(|(index, _)| index + 1).collect();
    let is_top = |start: &&usize| text[**start..].starts_with(|character: char| character.is_ascii_alphabetic());
    let tops: Vec<_> = starts.iter().filter(is_top).collect();
    let start = *tops.get(random.below(tops.len()))?;
    let end = starts.iter().rev().find(|&&end| end <= start + LONGEST)?;
    text.get(*start..*end).filter(|piece| !piece.is_empty()).map(str::to_owned)
}

fn record(text: &str) -> Option<Vec<u8>> {
    let grammar = Grammar::default();
    let (rules, producer) = (RuleSet::ALL, Producer::Auto);
    let scan = scan_source(text.as_bytes(), "a.py".into(), rules, 1 << 20, producer, &grammar, &Cancel::new()).ok()?;
    let record = encode_record(&scan.reports.first()?.outcome)?;
    Some([&[0, 0x3f], &record[..]].concat())
}

fn noise(random: &mut Random, longest: usize) -> impl Iterator<Item = Vec<u8>> + use<'_> {
    (0..RANDOM).map(move |_| (0..random.below(longest)).map(|_| random.below(256) as u8).collect())
}

/// Meta sections of manifests, and a whole manifest.
fn metas() -> impl Iterator<Item = Vec<u8>> {
    let mut random = Random::new(2);
    let described: Vec<_> = noise(&mut random, 1_000).take(60).collect();
    described.into_iter().flat_map(|bytes| super::manifests::examples(&bytes))
}

/// Encodings, to be read.
fn encodings() -> impl Iterator<Item = Vec<u8>> {
    let mut random = Random::new(3);
    let described: Vec<_> = noise(&mut random, 200).take(60).collect();
    described.into_iter().filter_map(|bytes| super::encodings::example(&bytes))
}

/// Files of git and outputs of it.
fn repositories() -> impl Iterator<Item = Vec<u8>> {
    let mut random = Random::new(4);
    let described: Vec<_> = noise(&mut random, 200).take(60).collect();
    described.into_iter().flat_map(|bytes| super::repositories::examples(&bytes).collect::<Vec<_>>())
}
