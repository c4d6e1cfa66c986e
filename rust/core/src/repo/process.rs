//! Runs several processes at the same time, within a time-out, and reads what they print.

use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::cancel::Cancel;
use crate::tree::snapshot::STACK;

/// How often the cancel flag and the clock are looked at while nothing is printed.
const POLL: Duration = Duration::from_millis(20);

/// The longest pause before a process that has closed its output is looked at again.
const PAUSE: Duration = Duration::from_millis(2);

/// How much a process may print, in bytes.
const MOST_BYTES: usize = 256 << 20;

/// What a process left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    /// Its exit code, if it ended by itself, and that is known.
    pub(super) code: Option<i32>,
    /// Whether nobody can tell how it ended: somebody else in this process waited for it, or SIGCHLD is ignored.
    pub(super) is_lost: bool,
    pub(super) output: Vec<u8>,
    pub(super) errors: Vec<u8>,
}

impl Run {
    /// Whether it did what it was asked for. Where it is lost how git ended, as far as what it left shows: git says on standard error
    /// why it fails. Python's `subprocess` takes what is lost as success, too.
    pub(super) fn is_done(&self) -> bool {
        self.code == Some(0) || (self.is_lost && self.errors.is_empty())
    }

    /// Whether it looked for something that is not there.
    pub(super) fn has_found_nothing(&self) -> bool {
        self.code == Some(1) || (self.is_lost && self.errors.is_empty() && self.output.is_empty())
    }

    /// Whether it ended in the middle, by a signal.
    pub(super) fn was_killed(&self) -> bool {
        self.code.is_none() && !self.is_lost
    }
}

/// Why there is no output.
#[derive(Debug)]
pub(super) enum Fault {
    Start(io::Error),
    TimedOut,
    TooLong,
    Cancelled,
}

/// Starts all processes, waits for all of them, and gives what they left in their order. Standard input is closed.
///
/// When something goes wrong with one, all of them are killed, with the processes that they started.
pub(super) fn run_all(commands: Vec<Command>, deadline: Instant, cancel: &Cancel) -> Result<Vec<Run>, Fault> {
    let mut processes = start_all(commands)?;
    let go_on = || match () {
        () if cancel.is_cancelled() => Err(Fault::Cancelled),
        () if Instant::now() >= deadline => Err(Fault::TimedOut),
        () => Ok(()),
    };
    let mut runs = pipes::read_all(&mut processes, &go_on)?;
    for (process, run) in processes.iter_mut().zip(&mut runs) {
        match process.wait(&go_on)? {
            Some(status) => run.code = status.code(),
            None => run.is_lost = true,
        }
    }
    Ok(runs)
}

/// Starts each on a thread of its own but the last: starting one takes as long as the program's own start, and a system that sees two
/// processes come from one young thread is prone to run them on one processor, one after the other.
fn start_all(mut commands: Vec<Command>) -> Result<Vec<Process>, Fault> {
    let Some(last) = commands.pop() else { return Ok(Vec::new()) };
    let processes = thread::scope(|scope| {
        let starts: Vec<_> = commands
            .into_iter()
            .map(|command| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || start(command)))
            .collect();
        let last = start(last);
        let joined =
            starts.into_iter().map(|start| start?.join().map_err(|_| io::Error::other("a thread panicked"))?);
        // All of them are there, or ended, before an error is passed on.
        joined.collect::<Vec<_>>().into_iter().chain([last]).collect::<io::Result<Vec<_>>>()
    });
    processes.map_err(Fault::Start)
}

fn start(mut command: Command) -> io::Result<Process> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own: the terminal's Ctrl-C does not reach it, and all of it can be killed.
    #[cfg(unix)]
    {
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        pipes::have_children_noticed(&mut command);
    }
    Ok(Process(Some(command.spawn()?)))
}

/// A process that does not outlive its owner.
struct Process(Option<Child>);

impl Process {
    /// Waits for the end of a process that has closed its output, and gives how it ended. `None`: that is lost.
    fn wait(&mut self, go_on: &dyn Fn() -> Result<(), Fault>) -> Result<Option<ExitStatus>, Fault> {
        let mut pause = Duration::from_micros(50);
        while let Some(child) = &mut self.0 {
            match child.try_wait() {
                Ok(None) => {
                    go_on()?;
                    thread::sleep(pause);
                    pause = (pause * 2).min(PAUSE);
                }
                Ok(Some(status)) => {
                    self.0 = None;
                    return Ok(Some(status));
                }
                // Somebody else in this process waited for it: it is gone, and how it ended is not known.
                Err(_) => self.0 = None,
            }
        }
        Ok(None)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            #[cfg(unix)]
            pipes::kill_group(&child);
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[cfg(unix)]
mod pipes {
    #![expect(unsafe_code, reason = "poll, signals and groups of processes have no safe door")]

    use std::io::{ErrorKind, Read};
    use std::os::fd::AsRawFd;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};

    use super::{Fault, MOST_BYTES, POLL, Process, Run};

    /// Reads the output of all processes to its end, on this thread.
    pub(super) fn read_all(
        processes: &mut [Process],
        go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<Vec<Run>, Fault> {
        let mut runs = vec![Run::default(); processes.len()];
        let mut pipes = Vec::with_capacity(processes.len() * 2);
        for ((number, process), _) in processes.iter_mut().enumerate().zip(&runs) {
            let Some(child) = &mut process.0 else { continue };
            let output = child.stdout.take().map(|pipe| Pipe::new(number, false, Box::new(pipe)));
            let errors = child.stderr.take().map(|pipe| Pipe::new(number, true, Box::new(pipe)));
            pipes.extend([output, errors].into_iter().flatten());
        }
        let mut buffer = vec![0; 64 << 10];
        while !pipes.is_empty() {
            go_on()?;
            // From the last to the first, since those that are at their end are taken out.
            for index in wait_for_any(&pipes).into_iter().rev() {
                let pipe = &mut pipes[index];
                let run = &mut runs[pipe.process];
                let text = if pipe.errors { &mut run.errors } else { &mut run.output };
                if pipe.read(&mut buffer, text)? {
                    pipes.swap_remove(index);
                }
            }
        }
        Ok(runs)
    }

    trait Source: Read + AsRawFd {}
    impl<T: Read + AsRawFd> Source for T {}

    struct Pipe {
        process: usize,
        errors: bool,
        source: Box<dyn Source>,
    }

    impl Pipe {
        fn new(process: usize, errors: bool, source: Box<dyn Source>) -> Self {
            Self { process, errors, source }
        }

        /// Reads some of what there is, if there is anything; true at the end.
        fn read(&mut self, buffer: &mut [u8], text: &mut Vec<u8>) -> Result<bool, Fault> {
            match self.source.read(buffer) {
                Ok(0) => return Ok(true),
                Ok(_) if text.len() > MOST_BYTES => return Err(Fault::TooLong),
                Ok(length) => text.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::Start(error)),
            }
            Ok(false)
        }
    }

    /// Waits until some of the pipes can be read without waiting, or for the time of a poll; a signal may end it, too. Gives which.
    fn wait_for_any(pipes: &[Pipe]) -> Vec<usize> {
        let wanted = |pipe: &Pipe| libc::pollfd { fd: pipe.source.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let mut wanted: Vec<_> = pipes.iter().map(wanted).collect();
        let timeout = i32::try_from(POLL.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the array lives through the call and its length is given; the descriptors are open.
        let ready = unsafe { libc::poll(wanted.as_mut_ptr(), wanted.len() as libc::nfds_t, timeout) };
        // Nobody else reads from these pipes: what is ready stays so.
        let is_ready = |(index, wanted): (usize, &libc::pollfd)| (ready > 0 && wanted.revents != 0).then_some(index);
        wanted.iter().enumerate().filter_map(is_ready).collect()
    }

    /// Where this process ignores the end of its children, git would, too, and fail where it starts git itself.
    pub(super) fn have_children_noticed(command: &mut Command) {
        let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: nothing is set; what is there is written to a place for it, which is all zeros else.
        let action = unsafe {
            libc::sigaction(libc::SIGCHLD, std::ptr::null(), action.as_mut_ptr());
            action.assume_init()
        };
        if action.sa_sigaction == libc::SIG_IGN {
            // SAFETY: between fork and exec only this call is made, which is safe there.
            unsafe {
                command.pre_exec(|| {
                    libc::signal(libc::SIGCHLD, libc::SIG_DFL);
                    Ok(())
                });
            }
        }
    }

    /// Kills the group that a child leads; the child has not been waited for, so the number is still its own.
    pub(super) fn kill_group(child: &Child) {
        if let Ok(group) = i32::try_from(child.id()) {
            // SAFETY: sends a signal; a group that is gone is an error that changes nothing.
            unsafe {
                libc::kill(-group, libc::SIGKILL);
            }
        }
    }
}

#[cfg(not(unix))]
mod pipes {
    use std::io::Read;
    use std::sync::mpsc::{self, RecvTimeoutError};
    use std::thread;

    use super::{Fault, MOST_BYTES, POLL, Process, Run};

    /// Reads the output of all processes to its end, a thread for each pipe.
    pub(super) fn read_all(
        processes: &mut [Process],
        go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<Vec<Run>, Fault> {
        let mut runs = vec![Run::default(); processes.len()];
        let mut pipes: Vec<(usize, bool, Box<dyn Read + Send>)> = Vec::new();
        for (number, process) in processes.iter_mut().enumerate() {
            let Some(child) = &mut process.0 else { continue };
            pipes.extend(child.stdout.take().map(|pipe| (number, false, Box::new(pipe) as Box<dyn Read + Send>)));
            pipes.extend(child.stderr.take().map(|pipe| (number, true, Box::new(pipe) as Box<dyn Read + Send>)));
        }
        let count = pipes.len();
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            for (number, errors, pipe) in pipes {
                let sender = sender.clone();
                let read = move || {
                    let mut text = Vec::new();
                    let whole = pipe.take(MOST_BYTES as u64 + 1).read_to_end(&mut text);
                    let _ = sender.send((number, errors, whole.map(|_| text)));
                };
                thread::Builder::new().spawn_scoped(scope, read).map_err(Fault::Start)?;
            }
            let mut done = 0;
            while done < count {
                // The threads end when the processes do, so these are ended before an error is passed on.
                let fault = match receiver.recv_timeout(POLL) {
                    Ok((_, _, Ok(text))) if text.len() > MOST_BYTES => Err(Fault::TooLong),
                    Ok((number, errors, Ok(text))) => {
                        let run = &mut runs[number];
                        *(if errors { &mut run.errors } else { &mut run.output }) = text;
                        done += 1;
                        Ok(())
                    }
                    Ok((_, _, Err(error))) => Err(Fault::Start(error)),
                    Err(RecvTimeoutError::Timeout) => go_on(),
                    Err(RecvTimeoutError::Disconnected) => Err(Fault::Cancelled),
                };
                if let Err(fault) = fault {
                    for process in processes.iter_mut() {
                        if let Some(child) = &mut process.0 {
                            let _ = child.kill();
                        }
                    }
                    return Err(fault);
                }
            }
            Ok(())
        })?;
        Ok(runs)
    }
}
