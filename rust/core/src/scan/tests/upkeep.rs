//! What is written when, and what becomes of it.

use super::*;
use crate::cache::Verify;
use crate::syntax::Producer;

/// A settled tree of so many files, in folders of their own.
fn tree(files: usize) -> Place {
    let place = Place::new();
    for number in 0..files {
        place.write(&format!("p{number}/m.py"), text(number));
    }
    place.tick();
    place
}

fn far_behind() -> i64 {
    system_clock() - HOUR
}

/// Changes a file so that its time is another.
fn change(place: &Place, number: usize, version: usize) {
    place.tick();
    place.write(&format!("p{number}/m.py"), text(version));
    place.tick();
}

/// What a process that has just begun has to do.
fn in_a_new_process(form: Form, place: &Place, clock: Clock) -> Stats {
    same(form, &place.options(None, clock), || "a new process".to_owned())
}

fn content(cache: &Path) -> Vec<Vec<u8>> {
    manifests(cache).iter().map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn the_text_is_written_by_the_first_process_that_finds_a_manifest_without_one() {
    let place = tree(5);
    let entries = || {
        let [path] = manifests(&place.cache()).try_into().unwrap();
        fs::read(path).unwrap().windows(7).filter(|window| window == b"\"todos\"").count()
    };
    for (form, expected) in [(Form::DropIn, 0), (Form::Scan, 0), (Form::DropIn, 5), (Form::DropIn, 5), (Form::Lines, 5)]
    {
        let stats = in_a_new_process(form, &place, later);
        assert_eq!((entries(), stats.files), (expected, 5), "{form:?}");
    }
}

#[test]
fn a_manifest_whose_text_is_damaged_gets_another() {
    let place = tree(5);
    in_a_new_process(Form::DropIn, &place, later);
    in_a_new_process(Form::DropIn, &place, later);
    let [path] = manifests(&place.cache()).try_into().unwrap();
    let sound = fs::read(&path).unwrap();
    let mut bytes = sound.clone();
    let at = bytes.windows(7).position(|window| window == b"\"todos\"").unwrap();
    bytes[at + 1] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(in_a_new_process(Form::DropIn, &place, later).manifest, 5);
    let entries = |bytes: &[u8]| bytes.windows(7).filter(|window| window == b"\"todos\"").count();
    assert_eq!((entries(&fs::read(&path).unwrap()), entries(&sound)), (5, 5));
}

#[test]
fn a_new_process_makes_the_text_on_any_number_of_threads() {
    for (files, failing) in [(1, None), (33, Some(32)), (300, None), (300, Some(0)), (300, Some(40)), (300, Some(299))]
    {
        let place = tree(files);
        if let Some(number) = failing {
            // Larger than what is read: a failure that is not kept.
            place.write(&format!("p{number}/m.py"), format!("#{}", "x".repeat(2_000)));
            place.tick();
        }
        for threads in 1..=8 {
            let options = Options { max_bytes: 1_000, threads: Some(threads), ..place.options(None, later) };
            // Without the text that a process before this one has added.
            for path in manifests(&place.cache()) {
                fs::remove_file(path).unwrap();
            }
            for round in 0..3 {
                let stats = same(Form::DropIn, &options, || format!("{files} {failing:?} {threads} {round}"));
                let looked_at = usize::from(failing.is_some());
                assert_eq!(stats.manifest, if round == 0 { 0 } else { files - looked_at }, "{stats:?}");
            }
        }
    }
}

#[test]
fn a_damaged_record_costs_a_look_at_its_file() {
    for form in [Form::DropIn, Form::Scan, Form::Lines] {
        let place = tree(5);
        in_a_new_process(Form::DropIn, &place, later);
        let [path] = manifests(&place.cache()).try_into().unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let at = bytes.windows(4).position(|window| window == b"TODO").unwrap();
        bytes[at + 1] ^= 1;
        fs::write(&path, bytes).unwrap();
        let stats = in_a_new_process(form, &place, later);
        assert_eq!((stats.manifest, stats.parsed), (4, 1), "{form:?}");
    }
}

#[test]
fn changes_that_a_process_remembers_reach_the_manifest_before_long() {
    let place = tree(200);
    let options = place.options(Some(new_memory()), later);
    let asked = |what: &str| same(Form::DropIn, &options, || what.to_owned());
    asked("cold");
    for number in 0..140 {
        change(&place, number, 1_000 + number);
        assert_eq!(asked("one changed").parsed, 1);
    }
    let stale = in_a_new_process(Form::DropIn, &place, later);
    assert!(stale.parsed + stale.store + stale.recent <= 64, "{stale:?}");
}

#[test]
fn only_what_is_as_it_was_is_recalled() {
    for form in [Form::DropIn, Form::Scan] {
        let place = tree(5);
        let options = place.options(Some(new_memory()), later);
        let recalls = |options: &Options, most_stamps| recall(form, options, most_stamps).is_some();
        assert!(!recalls(&options, 100), "nothing is remembered yet");
        same(form, &options, || "for the first time".to_owned());
        // The tree, its folders, its files.
        assert!(recalls(&options, 12) && !recalls(&options, 10));
        let other = |change: fn(&mut CacheOptions)| {
            let mut cache = options.cache.clone().unwrap();
            change(&mut cache);
            Options { cache: Some(cache), ..options.clone() }
        };
        assert!(!recalls(&other(|cache| cache.verify = Verify::Always), 100));
        assert!(!recalls(&other(|cache| cache.clock = far_behind), 100));
        assert!(!recalls(&other(|cache| cache.explain = Some(PathBuf::new())), 100));
        assert!(!recalls(&Options { producer: Producer::Parser, ..options.clone() }, 100));
        assert!(!recalls(&Options { max_bytes: 1, ..options.clone() }, 100));
        let changes: [&dyn Fn(); 3] =
            [&|| change(&place, 3, 1_000), &|| fs::remove_file(place.tree().join("p0/m.py")).unwrap(), &|| {
                place.write("new.py", "");
            }];
        for (number, make) in changes.iter().enumerate() {
            place.tick();
            make();
            place.tick();
            assert!(!recalls(&options, 100), "{form:?} {number}");
            same(form, &options, || format!("change {number}"));
            // A change of this moment may leave a folder above that is not quiet yet.
            for _ in 0..50 {
                if recalls(&options, 100) {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(10));
                same(form, &options, || format!("after change {number}"));
            }
            assert!(recalls(&options, 100), "{form:?} {number}");
        }
        // What does not matter takes a look at the entries, and there may be many.
        place.write("new.txt", "");
        assert!(!recalls(&options, 100), "{form:?}");
        assert_eq!(same(form, &options, || "with a text".to_owned()).memory, 5);
    }
}

#[test]
fn what_a_process_remembers_is_answered_without_the_cache_folder() {
    for form in [Form::DropIn, Form::Scan] {
        let place = tree(5);
        let options = place.options(Some(new_memory()), later);
        let asked = || same(form, &options, || format!("{form:?}"));
        asked();
        // Of one file more is known than the manifest holds.
        change(&place, 3, 1_000);
        assert_eq!(asked().parsed, 1);
        fs::remove_dir_all(place.cache()).unwrap();
        let stats = asked();
        assert_eq!((stats.memory, place.cache().exists()), (5, false), "{stats:?}");
    }
}

#[test]
fn a_tree_that_had_to_be_selected_anew_need_not_be_the_next_time() {
    for selection in [Selection::All, Selection::Ignore] {
        let place = tree(3);
        let options = Options { selection, ..place.options(None, later) };
        let ask = || same(Form::Lines, &options, || format!("{selection:?}"));
        ask();
        place.tick();
        // Changes what is watched, and no file.
        fs::create_dir(place.tree().join("empty")).unwrap();
        place.write(".gitignore", "nothing\n");
        std::thread::sleep(std::time::Duration::from_millis(50));
        ask();
        let before = content(&place.cache());
        let mut plans = 0;
        // Other tests may be at work in the folders above, and what moves there is not trusted.
        while content(&place.cache()) == before && plans < 20 && !is_known(&options) {
            std::thread::sleep(std::time::Duration::from_millis(30));
            ask();
            plans += 1;
        }
        assert!(is_known(&options), "{selection:?}");
    }
}

/// Whether a new process finds that it knows the files.
fn is_known(options: &Options) -> bool {
    let form = crate::cache::memory::Form::Scan { rules: options.rules };
    let plan = plan::Plan::new(options, &form, crate::cache::manifest::Keep::Memory, None, &NEVER, |_| ()).unwrap();
    matches!(plan.files, plan::Files::Known(_))
}

#[test]
fn a_clock_that_was_ahead_once_does_not_cost_the_cache_for_ever() {
    for memory in [None, Some(new_memory())] {
        let place = tree(5);
        let clocked = |clock| place.options(memory, clock);
        let far_ahead = || system_clock() + 24 * HOUR;
        same(Form::DropIn, &clocked(far_ahead), || "ahead".to_owned());
        // The first time nothing is trusted.
        let stats = same(Form::DropIn, &clocked(later), || "right".to_owned());
        assert_eq!((stats.recent, stats.parsed), (5, 0));
        let stats = same(Form::DropIn, &clocked(later), || "still right".to_owned());
        assert_eq!((stats.recent, stats.memory + stats.manifest), (0, 5));
        // And the other way round: what was seen by the clock that is behind is not trusted either, where it counts.
        let stats = same(Form::DropIn, &clocked(far_behind), || "behind".to_owned());
        assert_eq!((stats.recent, stats.parsed), (5, 0));
    }
}

#[test]
fn manifests_of_trees_that_nobody_asks_about_do_not_fill_the_disk() {
    let place = tree(20);
    let mut options = place.options(None, later);
    let names: Vec<_> = (0..20).map(|number| PathBuf::from(format!("p{number}"))).collect();
    for form in [Form::DropIn, Form::Lines] {
        for name in &names {
            options.paths = vec![name.clone()];
            options.cache.as_mut().unwrap().max_bytes = 10_000;
            same(form, &options, || format!("{name:?}"));
            let sizes: usize = content(&place.cache()).iter().map(Vec::len).sum();
            assert!((500..=5_000).contains(&sizes), "{sizes}");
            place.tick();
        }
    }
}

#[test]
fn a_manifest_that_is_used_stays_although_others_were_written_later() {
    let place = tree(6);
    let mut options = place.options(None, later);
    let mut ask = |number: usize, max_bytes: usize| {
        options.paths = vec![PathBuf::from(format!("p{number}"))];
        options.cache.as_mut().unwrap().max_bytes = max_bytes as u64;
        same(Form::Scan, &options, || format!("p{number}")).manifest == 1
    };
    assert!(!ask(0, 1 << 20));
    // Room for two of them, in the half that they may take.
    let room = content(&place.cache())[0].len() * 5;
    let mut ask = |number| ask(number, room);
    for number in 1..6 {
        // So many days go by.
        for path in manifests(&place.cache()) {
            let file = fs::File::open(path).unwrap();
            let modified = file.metadata().unwrap().modified().unwrap();
            file.set_modified(modified - std::time::Duration::from_hours(48)).unwrap();
        }
        assert!(ask(0));
        assert!(!ask(number));
    }
    assert!(!ask(1));
}

#[test]
fn a_cache_that_cannot_be_written_costs_no_more_than_the_first_time() {
    let place = tree(100);
    let mut options = place.options(Some(new_memory()), later);
    // Inside of what is analysed.
    options.cache.as_mut().unwrap().folder = Some(place.tree().join("cache"));
    let ask = |what: &str| same(Form::Scan, &options, || what.to_owned());
    assert!(ask("cold").cache_problem.unwrap().contains("inside"));
    for _ in 0..3 {
        let stats = ask("warm");
        // Nothing new is kept, so the folder was not even asked for.
        assert_eq!((stats.memory, stats.cache_problem), (100, None));
        let form = crate::cache::memory::Form::Scan { rules: options.rules };
        let plan =
            plan::Plan::new(&options, &form, crate::cache::manifest::Keep::Memory, None, &NEVER, |_| ()).unwrap();
        let cached = plan.cached.as_ref().unwrap();
        let before = Arc::as_ptr(cached.known.as_ref().unwrap());
        let update = update::Update::new(cached, false, false);
        let updated = update.finish(plan, None, &NEVER).unwrap();
        assert_eq!(Arc::as_ptr(&updated.known), before, "all was copied");
    }
}

#[test]
fn who_asks_for_another_producer_gets_what_that_one_makes() {
    let place = tree(5);
    let memory = new_memory();
    for round in 0..2 {
        for producer in [Producer::Auto, Producer::Parser, Producer::Audit] {
            let options = Options { producer, ..place.options(Some(memory), later) };
            let stats = same(Form::DropIn, &options, || format!("{producer:?}"));
            let is_known = round > 0 && producer == Producer::Auto;
            assert_eq!(stats.parsed, if is_known { 0 } else { 5 }, "{producer:?}");
        }
    }
}

#[test]
fn errors_are_the_same_with_a_cache_whatever_is_wrong_first() {
    let place = tree(2);
    place.write("pipe.py", "");
    fs::remove_file(place.tree().join("pipe.py")).unwrap();
    std::os::unix::fs::symlink("loop.py", place.tree().join("loop.py")).unwrap();
    for paths in [&["gone"][..], &["p1", "gone/../p1"], &["p0/m.py/x"], &["loop.py"], &[], &["p0", "p0"], &[""]] {
        for exclude in [&[][..], &["{"], &["p0"]] {
            let mut options = place.options(Some(new_memory()), later);
            options.paths = paths.iter().map(PathBuf::from).collect();
            options.exclude = exclude.iter().map(|&glob| glob.to_owned()).collect();
            for form in [Form::Scan, Form::DropIn, Form::Lines, Form::Scan, Form::DropIn] {
                same(form, &options, || format!("{paths:?} {exclude:?}"));
            }
        }
    }
}

#[test]
fn a_tree_without_files_and_one_that_comes_and_goes_are_known_as_such() {
    let place = Place::new();
    for memory in [None, Some(new_memory())] {
        for round in 0..4 {
            for form in FORMS {
                let mut options = place.options(memory, later);
                same(form, &options, || format!("empty, round {round}"));
                options.cache.as_mut().unwrap().verify = Verify::Always;
                same(form, &options, || format!("empty, by content, round {round}"));
            }
            place.tick();
            if round == 1 {
                place.write("a.py", text(1));
            } else {
                drop(fs::remove_file(place.tree().join("a.py")));
            }
            place.tick();
        }
    }
}

#[test]
fn every_file_is_counted_once_however_it_was_answered() {
    let place = tree(30);
    let options = place.options(Some(new_memory()), later);
    for round in 0..50 {
        same(Form::Scan, &options, || format!("round {round}"));
        change(&place, round % 30, 100 + round);
    }
    // A look at the folder writes down what was collected so far.
    let other = Options { paths: vec![PathBuf::from("p1")], ..options };
    same(Form::Scan, &other, || "another tree".to_owned());
    let folder = crate::cache::folder::Place {
        configured: Some(place.cache()),
        analysed: &[],
        create: false,
        is_network: |_| false,
    };
    let total = crate::cache::counts::total(&crate::cache::folder::Folder::open(&folder).unwrap());
    assert_eq!((total.memory, total.manifest, total.miss), (49 * 29, 0, 30 + 49 + 1));
}

#[test]
fn another_content_with_the_same_outcome_is_analysed_once() {
    let place = tree(5);
    let memory = new_memory();
    let options = place.options(Some(memory), later);
    let ask = |what: &str| same(Form::Scan, &options, || what.to_owned());
    ask("cold");
    place.write("p1/m.py", text(1) + "x = 1\n");
    // A stamp from the future is not trusted.
    let times = fs::FileTimes::new().set_modified(std::time::SystemTime::now() + std::time::Duration::from_hours(2));
    fs::File::options().append(true).open(place.tree().join("p1/m.py")).unwrap().set_times(times).unwrap();
    let asked = ["changed", "again"].map(ask);
    assert_eq!(asked.map(|stats| (stats.parsed, stats.recent)), [(1, 0), (0, 1)]);
}

#[test]
fn a_relative_root_is_that_of_the_current_folder() {
    let place = tree(2);
    let options = Options { root: PathBuf::new(), ..place.options(Some(new_memory()), later) };
    for form in FORMS {
        for _ in 0..2 {
            same(form, &options, || "a root without a name".to_owned());
        }
    }
}
