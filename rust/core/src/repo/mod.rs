//! The context of a repository: git's own answer, without git's processes while nothing changes.
//!
//! Git itself is the authority: what it prints is the answer, so it is right by construction. An answer is kept with a [`proof`], the
//! stamps of all that it depends on; while they are as they were, it is given again. Whatever is unequal, recent or not modelled has git
//! run, [hardened](program), so that no program runs that a repository's own configuration names.
//!
//! Three things take part: a [`Question`], the [`Repositories`] that a process remembers, and the [`Answer`] with its [`Explanation`].

mod answer;
mod ask;
mod command;
mod config;
mod content;
mod discovery;
mod entries;
mod form;
mod gate;
mod index;
mod layout;
mod learn;
mod links;
mod memory;
mod notes;
mod objects;
mod parse;
mod process;
mod program;
mod proof;
pub(crate) mod readers;
mod refs;
mod seen;
mod submodules;
#[cfg(test)]
mod tests;
mod user;
mod walk;

pub use answer::{Answer, Content, Explanation, Outcome};
pub use ask::{Environment, Question};
pub use command::Ran;
pub use form::Form;
pub use memory::Repositories;
pub use parse::{Commit, Head, StatusEntry};
