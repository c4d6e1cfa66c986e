//! Calls whose manifest or content store was damaged before.

use super::*;
use crate::cache::random::Random;

fn harm(random: &mut Random, path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            break;
        }
        let place = random.below(bytes.len());
        let end = (place + random.below(200)).min(bytes.len());
        match random.below(6) {
            0 | 1 => bytes[place] ^= 1 << random.below(8),
            2 => bytes.truncate(place),
            3 => bytes[place..end].fill(0),
            4 => bytes[place..end].fill_with(|| random.next() as u8),
            _ => drop(bytes.drain(place..end)),
        }
    }
    fs::write(path, bytes).unwrap();
}

#[test]
fn whatever_happened_to_the_files_of_the_cache_the_answer_is_right() {
    let place = Place::new();
    for number in 0..20 {
        place.write(&format!("p{}/m{number}.py", number % 3), text(number));
    }
    place.write("broken.py", "def (");
    place.tick();
    let mut random = Random::new(5);
    let (mut kept, mut new) = (0, 0);
    for round in 0..400 {
        let form = FORMS[random.below(3)];
        for file in manifests(&place.cache()).into_iter().chain(stores(&place.cache())) {
            if random.below(2) == 0 {
                harm(&mut random, &file);
            }
        }
        if random.below(3) == 0 {
            // All other files, so that the content store is asked.
            for number in 0..20 {
                place.write(&format!("p{}/m{number}.py", number % 3), text(number + 10 * random.below(2)));
            }
            place.tick();
        }
        let stats = same(form, &place.options(None, later), || format!("round {round}"));
        kept += stats.manifest + stats.store + stats.recent;
        new += stats.parsed;
    }
    assert!(kept > 2_000 && new > 1_000, "{kept} {new}");
}

/// The files of the content store.
fn stores(cache: &Path) -> Vec<PathBuf> {
    files(&cache.join("v1/facts"))
}
