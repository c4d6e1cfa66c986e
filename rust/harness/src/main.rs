//! The harness from the command line; see `USAGE`.

#![expect(clippy::cast_precision_loss, reason = "figures for people")]

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use rev_accel_core::Grammar;
use rev_accel_core::syntax::audit;
#[cfg(unix)]
use rev_accel_harness::edits::{Mode, Plan, Rounds};
use rev_accel_harness::random::Random;
use rev_accel_harness::{Outcome, STACK, Tally, bombs, compare, corpus, export, fuzz, mutants, programs};

const USAGE: &str = "\
usage: rev-accel-harness check SOURCE [EXPORT]               compare on each text; tell what is not accepted
       rev-accel-harness bench SOURCE [ROUNDS]               both producers' speed on what is accepted
       rev-accel-harness mutants SOURCE COUNT SEED [EXPORT]  compare on mutants of the texts up to 20 kB
       rev-accel-harness programs COUNT SEED [EXPORT]        compare on generated programs
       rev-accel-harness bombs [EXPORT]                      compare on nests, chains and blocks
       rev-accel-harness edits FOLDER CLOCK ROUNDS SEED      edit trees in FOLDER and ask about them, with the cache
       rev-accel-harness seeds SOURCE FOLDER                 what fuzzing starts from, a folder for each target
       rev-accel-harness characters                          the codes of all characters that have a name
SOURCE is a folder or a file of snippets. EXPORT gets every text that is accepted without asking CPython, by the recogniser or else the
parser, with its facts, for tests/recogniser/compare.py.
Each difference is written to difference-*.py in the current folder; the exit code is then 1.
CLOCK is what the cache is told of the time: the `real` one, one that is `ahead`, or one that `jumps`.";

/// How many texts that are not accepted are named, the longest first.
const SHOWN: usize = 40;

/// Largest text, in bytes, of which mutants are made.
const LARGEST_BASE: usize = 20_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let run = thread::Builder::new().stack_size(STACK).spawn(move || run(&arguments));
    match run.map(thread::JoinHandle::join) {
        Ok(Ok(Ok(true))) => ExitCode::SUCCESS,
        Ok(Ok(Ok(false))) => ExitCode::FAILURE,
        Ok(Ok(Err(error))) => complain(&error.to_string()),
        _ => complain("the harness itself failed"),
    }
}

fn complain(message: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{message}");
    ExitCode::from(2)
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn run(arguments: &[String]) -> Result<bool> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["check", source] => check(Path::new(source), None),
        ["check", source, export] => check(Path::new(source), Some(export)),
        ["bench", source] => bench(Path::new(source), 7),
        ["bench", source, rounds] => bench(Path::new(source), rounds.parse()?),
        ["mutants", source, count, seed, ref rest @ ..] => {
            let texts = corpus::load(Path::new(source))?;
            let is_base =
                |text: &&str| (3..=LARGEST_BASE).contains(&text.len()) && audit::recognised(text, grammar()).is_ok();
            let texts: Vec<&str> = texts.iter().map(|(_, text)| text.as_str()).filter(is_base).collect();
            if texts.is_empty() {
                return Err("no text to make mutants of".into());
            }
            let mut random = Random::new(seed.parse()?);
            let mut run = Run::new(rest.first().copied())?;
            for _ in 0..count.parse()? {
                let index = random.below(texts.len());
                run.compare(&mutants::mutant(&texts, index, &mut random))?;
            }
            run.finish()
        }
        ["programs", count, seed, ref rest @ ..] => {
            let mut random = Random::new(seed.parse()?);
            let mut run = Run::new(rest.first().copied())?;
            for _ in 0..count.parse()? {
                run.compare(&programs::program(&mut random))?;
            }
            run.finish()
        }
        ["bombs", ref rest @ ..] => {
            // How deep a caller may be for the parser's texts is not promised.
            let mut run = Run { exports_parsed: false, ..Run::new(rest.first().copied())? };
            let mut failed = Ok(());
            bombs::bombs(|text| {
                if failed.is_ok() {
                    failed = run.compare(&text);
                }
            });
            failed?;
            run.finish()
        }
        #[cfg(unix)]
        ["edits", folder, clock, rounds, seed] => {
            let mode = Mode::of(clock).ok_or(USAGE)?;
            edits(Path::new(folder), mode, rounds.parse()?, seed.parse()?)
        }
        ["seeds", source, folder] => {
            let files: Vec<_> = corpus::load(Path::new(source))?.into_iter().map(|(_, text)| text).collect();
            fuzz::seeds::write(Path::new(folder), &files)?;
            Ok(true)
        }
        ["characters"] => {
            let named = ('\0'..=char::MAX).filter(|&character| unicode_names2::name(character).is_some());
            named.for_each(|character| say(&format!("{:x}", u32::from(character))));
            Ok(true)
        }
        _ => Err(USAGE.into()),
    }
}

/// The grammar compared, of the version in `REV_ACCEL_HARNESS_MINOR`, else of 3.11.
fn grammar() -> Grammar {
    let minor = env::var("REV_ACCEL_HARNESS_MINOR").ok().and_then(|minor| minor.parse().ok()).unwrap_or(11);
    Grammar { minor, ..Grammar::default() }
}

struct Run {
    tally: Tally,
    output: Option<BufWriter<File>>,
    /// Whether what only the parser accepts is exported, too.
    exports_parsed: bool,
    started: Instant,
}

impl Run {
    fn new(export: Option<&str>) -> Result<Self> {
        let output = export.map(File::create).transpose()?.map(BufWriter::new);
        Ok(Self { tally: Tally::default(), output, exports_parsed: true, started: Instant::now() })
    }

    fn compare(&mut self, text: &str) -> Result<()> {
        let outcome = compare(text, grammar());
        if let Some(output) = &mut self.output {
            let facts = match &outcome {
                Outcome::Same(facts) => Some(Cow::Borrowed(facts)),
                // About this text CPython would not be asked either.
                Outcome::Unknown if self.exports_parsed => audit::parsed_surely(text, grammar()).map(Cow::Owned),
                Outcome::Unknown | Outcome::Unsound(_) | Outcome::WrongFacts => None,
            };
            if let Some(facts) = facts {
                export(output, text, &facts)?;
            }
        }
        if self.tally.count(&outcome) {
            let number = self.tally.unsound + self.tally.wrong_facts;
            say(&format!("difference {number}: {outcome:?}"));
            if number <= 50 {
                fs::write(format!("difference-{number}.py"), text)?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<bool> {
        let Tally { texts, accepted, unsound, wrong_facts, facts } = self.tally;
        if let Some(mut output) = self.output {
            output.flush()?;
        }
        say(&format!(
            "{texts} texts, {accepted} accepted, {facts} facts, {unsound} unsound, {wrong_facts} with other facts, {:.1} s",
            self.started.elapsed().as_secs_f64()
        ));
        Ok(unsound + wrong_facts == 0)
    }
}

fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Rounds of edit-then-ask in a new folder, which stays if an answer is wrong.
#[cfg(unix)]
fn edits(folder: &Path, mode: Mode, count: u64, seed: u64) -> Result<bool> {
    let folder = folder.join(format!("rev-accel-edits-{}", std::process::id()));
    fs::create_dir(&folder)?;
    // With the real clock a tree has its turn only after a rest.
    let trees = if mode == Mode::Real { 1024 } else { 128 };
    let started = Instant::now();
    let mut rounds = Rounds::new(Plan { mode, trees, seed }, &folder)?;
    let making = started.elapsed();
    let started = Instant::now();
    let outcome = rounds.run(count);
    let seconds = started.elapsed().as_secs_f64();
    let tally = rounds.tally();
    say(&format!(
        "edits, {mode:?} clock, seed {seed}, {}: {} rounds in {seconds:.1} s, {:.0}/s, after {:.1} s for {trees} trees\n{tally}",
        folder.display(),
        tally.rounds,
        tally.rounds as f64 / seconds,
        making.as_secs_f64()
    ));
    match outcome {
        Ok(()) => fs::remove_dir_all(&folder)?,
        Err(ref error) => say(&error.to_string()),
    }
    Ok(outcome.is_ok())
}

fn check(source: &Path, export: Option<&str>) -> Result<bool> {
    let texts = corpus::load(source)?;
    let mut run = Run::new(export)?;
    let (mut bytes, mut accepted, mut valid) = (0, 0, 0);
    let mut reasons = Vec::new();
    for (path, text) in &texts {
        bytes += text.len();
        run.compare(text)?;
        match audit::recognised(text, grammar()) {
            Ok(_) => accepted += text.len(),
            Err(offset) => {
                if audit::parsed(text, grammar()).is_ok() {
                    valid += 1;
                    reasons.push((text.len(), reason(path, text, offset)));
                }
            }
        }
    }
    reasons.sort_by(|one, other| other.cmp(one));
    for (bytes, reason) in reasons.iter().take(SHOWN) {
        say(&format!("valid and not accepted, {bytes} B: {reason}"));
    }
    say(&format!(
        "{accepted} of {bytes} bytes accepted ({:.2} %); {valid} more texts are valid",
        percent(accepted, bytes)
    ));
    run.finish()
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// The line at which the recogniser gave up, with a mark at the place.
fn reason(path: &Path, text: &str, offset: usize) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let (before, after) = text.split_at(offset);
    let line: String = before.rsplit('\n').next().unwrap_or_default().chars().rev().take(60).collect();
    let line: String = line.chars().rev().collect();
    let after: String = after.lines().next().unwrap_or_default().chars().take(60).collect();
    let number = before.matches('\n').count() + 1;
    format!("{}:{number}: {line} >>> {after}", path.display())
}

fn bench(source: &Path, rounds: usize) -> Result<bool> {
    let texts: Vec<(PathBuf, String)> = corpus::load(source)?;
    let grammar = grammar();
    let (accepted, rest): (Vec<_>, Vec<_>) =
        texts.iter().map(|(_, text)| text.as_str()).partition(|text| audit::recognised(text, grammar).is_ok());
    let bytes: usize = accepted.iter().map(|text| text.len()).sum();
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        times[0].push(time(&accepted, |text| audit::recognised(text, grammar).map_or(0, |facts| facts.len())));
        times[1].push(time(&accepted, |text| audit::parsed(text, grammar).map_or(0, |facts| facts.len())));
        times[2].push(time(&rest, |text| audit::recognised(text, grammar).map_or(0, |facts| facts.len())));
    }
    for times in &mut times {
        times.sort();
    }
    let rate = |times: &[Duration], place: usize| bytes as f64 / 1e6 / times[place].as_secs_f64();
    for (name, times) in [("recogniser", &times[0]), ("guard and parser", &times[1])] {
        say(&format!("{name}: {:.0} MB/s best, {:.0} MB/s median", rate(times, 0), rate(times, rounds / 2)));
    }
    let ratio = times[1][rounds / 2].as_secs_f64() / times[0][rounds / 2].as_secs_f64();
    say(&format!(
        "{bytes} bytes accepted, {ratio:.2} times as fast; {:?} spent on the rest in vain",
        times[2][rounds / 2]
    ));
    Ok(true)
}

fn time(texts: &[&str], work: impl Fn(&str) -> usize) -> Duration {
    let started = Instant::now();
    std::hint::black_box(texts.iter().map(|text| work(text)).sum::<usize>());
    started.elapsed()
}
