//! The walk through a Python value into the core's encoder.
//!
//! It keeps its own stack on the heap, so depth and cycles cannot overflow the thread's. It owns a reference to everything that it will
//! still look at, and takes what a list or dict holds in one go when it comes to it. So whatever runs meanwhile (making an object may
//! start the garbage collector, and that any finaliser) can change what is encoded, as it could a moment before, but it can neither free
//! what is read nor make an encoding that no value has.
//!
//! Of an object of a subclass, what it holds as its base counts: none of its methods is called.

use pyo3::PyTypeInfo;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use rev_accel_core::canonical::{Encoder, Excess, Output, sort_entries};
use rev_accel_core::{Error, Fault, Place, Step};

use crate::error;

/// Encodes a value, which messages call `root`.
pub(crate) fn walk<O: Output>(value: Bound<'_, PyAny>, root: &str, encoder: Encoder<O>) -> PyResult<O::Done> {
    let py = value.py();
    let mut walk = Walk::new(encoder);
    let (fault, steps) = match walk.run(value) {
        Ok(()) => match walk.encoder.finish() {
            Ok(done) => return Ok(done),
            Err(excess) => (Fault::Excess(excess), Vec::new()),
        },
        Err(Stop::Fault(fault, steps)) => (fault, walk.steps(steps)),
        Err(Stop::Raised(raised)) => return Err(raised),
    };
    let place = Place { root: root.to_owned(), steps };
    Err(error::to_python(py, &Error::Value { place, fault }))
}

/// Why a walk ended early.
enum Stop {
    /// What is wrong, and with what: the value that so many steps lead to, or all of them.
    Fault(Fault, usize),
    /// Python raised, for want of memory.
    Raised(PyErr),
}

/// All steps: the value that the walk is at.
const HERE: usize = usize::MAX;

impl From<Excess> for Stop {
    fn from(excess: Excess) -> Self {
        // Where in the value a sum becomes too large says nothing.
        let steps = if excess == Excess::Depth { HERE } else { 0 };
        Self::Fault(Fault::Excess(excess), steps)
    }
}

impl From<PyErr> for Stop {
    fn from(raised: PyErr) -> Self {
        Self::Raised(raised)
    }
}

/// A list or dict of which not everything was encoded yet.
struct Frame<'py> {
    container: Bound<'py, PyAny>,
    /// How many of its values stand on top of the stack.
    left: usize,
    at: At<'py>,
}

/// Which of a container's values was taken last.
enum At<'py> {
    /// Of a list or tuple of so many elements.
    Element { length: usize },
    /// Of a dict; none before the first.
    Entry { key: Option<Key<'py>> },
}

/// An entry of a dict that was not encoded yet.
struct Entry<'py> {
    key: Key<'py>,
    value: Bound<'py, PyAny>,
}

struct Walk<'py, O> {
    encoder: Encoder<O>,
    frames: Vec<Frame<'py>>,
    /// The elements of all lists that are not ended, last ones first.
    elements: Vec<Bound<'py, PyAny>>,
    /// The entries of all dicts that are not ended, last ones first.
    entries: Vec<Entry<'py>>,
}

impl<'py, O: Output> Walk<'py, O> {
    fn new(encoder: Encoder<O>) -> Self {
        Self { encoder, frames: Vec::new(), elements: Vec::new(), entries: Vec::new() }
    }

    fn run(&mut self, value: Bound<'py, PyAny>) -> Result<(), Stop> {
        let mut next = Some(value);
        while let Some(value) = next {
            self.visit(value)?;
            next = self.next()?;
        }
        Ok(())
    }

    /// The value to visit after the last one. Ends the lists and dicts that have no more.
    fn next(&mut self) -> Result<Option<Bound<'py, PyAny>>, Stop> {
        while let Some(frame) = self.frames.last_mut() {
            if frame.left > 0 {
                frame.left -= 1;
                let At::Entry { key: last } = &mut frame.at else { return Ok(self.elements.pop()) };
                let Some(Entry { key, value }) = self.entries.pop() else { return Ok(None) };
                self.encoder.key(key.bytes())?;
                *last = Some(key);
                return Ok(Some(value));
            }
            self.frames.pop();
            self.encoder.end();
        }
        Ok(None)
    }

    /// Encodes a value that holds no others, or begins one that does. First what is most frequent.
    fn visit(&mut self, value: Bound<'py, PyAny>) -> Result<(), Stop> {
        if let Some(text) = exact::<PyString>(&value) {
            self.text(text)
        } else if value.is_exact_instance_of::<PyDict>() {
            self.begin_dict(value)
        } else if value.is_exact_instance_of::<PyList>() {
            self.begin_list(value)
        } else if let Some(integer) = exact::<PyInt>(&value) {
            self.integer(integer)
        } else if let Some(float) = exact::<PyFloat>(&value) {
            Ok(self.encoder.float(float.value())?)
        } else if value.is_none() {
            Ok(self.encoder.none()?)
        } else if let Some(boolean) = exact::<PyBool>(&value) {
            Ok(self.encoder.boolean(boolean.is_true())?)
        } else {
            self.visit_unusual(value)
        }
    }

    /// A tuple, or an object of a subclass.
    fn visit_unusual(&mut self, value: Bound<'py, PyAny>) -> Result<(), Stop> {
        if let Ok(text) = value.cast::<PyString>() {
            self.text(text)
        } else if value.is_instance_of::<PyDict>() {
            self.begin_dict(value)
        } else if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
            self.begin_list(value)
        } else if let Ok(integer) = value.cast::<PyInt>() {
            self.integer(integer)
        } else if let Ok(float) = value.cast::<PyFloat>() {
            Ok(self.encoder.float(float.value())?)
        } else {
            Err(Stop::Fault(Fault::Type(type_name(&value)), HERE))
        }
    }

    fn text(&mut self, text: &Bound<'py, PyString>) -> Result<(), Stop> {
        Ok(self.encoder.text(Utf8::of(text)?.bytes())?)
    }

    fn integer(&mut self, integer: &Bound<'py, PyInt>) -> Result<(), Stop> {
        if let Ok(small) = integer.extract() {
            return Ok(self.encoder.integer(small)?);
        }
        // The methods of `int` itself, whatever the integer's class.
        let class = integer.py().get_type::<PyInt>();
        let bits: usize = class.call_method1("bit_length", (integer,))?.extract()?;
        let signed = PyDict::new(integer.py());
        signed.set_item("signed", true)?;
        let bytes = class.call_method("to_bytes", (integer, bits / 8 + 1, "big"), Some(&signed))?;
        Ok(self.encoder.large_integer(bytes.cast::<PyBytes>().map_err(PyErr::from)?.as_bytes())?)
    }

    fn begin_list(&mut self, container: Bound<'py, PyAny>) -> Result<(), Stop> {
        let first = self.elements.len();
        // Nothing between the number and the last reference runs Python code, so they belong together.
        if let Ok(list) = container.cast::<PyList>() {
            with_critical_section(list, || {
                self.announce(&container, list.len(), Encoder::list)?;
                reserve(&mut self.elements, list.len())?;
                self.elements.extend(list.iter().rev());
                Ok::<_, Stop>(())
            })?;
        } else if let Ok(tuple) = container.cast::<PyTuple>() {
            self.announce(&container, tuple.len(), Encoder::list)?;
            reserve(&mut self.elements, tuple.len())?;
            self.elements.extend(tuple.iter().rev());
        }
        let length = self.elements.len() - first;
        self.frames.push(Frame { container, left: length, at: At::Element { length } });
        Ok(())
    }

    fn begin_dict(&mut self, container: Bound<'py, PyAny>) -> Result<(), Stop> {
        let first = self.entries.len();
        if let Ok(dict) = container.cast::<PyDict>() {
            // As for lists.
            with_critical_section(dict, || {
                self.announce(&container, dict.len(), Encoder::dict)?;
                reserve(&mut self.entries, dict.len())?;
                self.entries.extend(dict.iter().map(|(key, value)| Entry { key: Key::unread(key), value }));
                Ok::<_, Stop>(())
            })?;
        }
        let entries = &mut self.entries[first..];
        for entry in &mut *entries {
            entry.key.read()?;
        }
        if !sort_entries(entries, |entry| entry.key.bytes()) {
            return Err(Stop::Fault(Fault::EqualKeys, HERE));
        }
        entries.reverse();
        let left = entries.len();
        self.frames.push(Frame { container, left, at: At::Entry { key: None } });
        Ok(())
    }

    /// Encodes the beginning of a list or dict, unless that would lead too deep.
    fn announce(
        &mut self,
        container: &Bound<'py, PyAny>,
        length: usize,
        begin: fn(&mut Encoder<O>, usize) -> Result<(), Excess>,
    ) -> Result<(), Stop> {
        begin(&mut self.encoder, length).map_err(|excess| match excess {
            Excess::Depth => {
                self.first_of_cycle(container).map_or(excess.into(), |steps| Stop::Fault(Fault::Cycle, steps))
            }
            _ => excess.into(),
        })
    }

    /// How many steps lead to the outermost container that contains itself, on the way to `innermost`.
    fn first_of_cycle(&self, innermost: &Bound<'py, PyAny>) -> Option<usize> {
        let containers: Vec<_> = self.frames.iter().map(|frame| &frame.container).chain([innermost]).collect();
        (0..containers.len()).find(|&outer| containers[outer + 1..].iter().any(|inner| inner.is(containers[outer])))
    }

    /// The first so many steps to the value that the walk is at.
    fn steps(&self, most: usize) -> Vec<Step> {
        let step = |frame: &Frame<'_>| match &frame.at {
            At::Element { length } => Step::Index((length - frame.left).saturating_sub(1)),
            At::Entry { key } => Step::Key(key.as_ref().map_or(&[][..], Key::bytes).to_vec()),
        };
        self.frames.iter().take(most).map(step).collect()
    }
}

/// Length of the longest text, in characters, whose UTF-8 may stay in memory beside it. CPython keeps it for every text that is not
/// ASCII once it was asked for; the other way costs an object for each time.
const LONGEST_KEPT: usize = 256;

/// Takes memory for so many more, unless the machine refuses: then it is not the process that ends.
fn reserve<T>(vector: &mut Vec<T>, more: usize) -> Result<(), Excess> {
    vector.try_reserve(more).map_err(|_| Excess::Memory)
}

/// A value as one of a type, unless its type is another or a subclass. Cheaper than `cast_exact`, which makes an error where it fails.
fn exact<'a, 'py, T: PyTypeInfo>(value: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, T>> {
    if value.is_exact_instance_of::<T>() { value.cast_exact().ok() } else { None }
}

/// A key of a dict, with its bytes at hand.
struct Key<'py> {
    /// The key, or the object that was made of it.
    owner: Bound<'py, PyAny>,
    bytes: &'static [u8],
}

impl<'py> Key<'py> {
    /// A key that was not looked at yet.
    fn unread(key: Bound<'py, PyAny>) -> Self {
        Self { owner: key, bytes: &[] }
    }

    fn read(&mut self) -> Result<(), Stop> {
        let Some(text) = exact::<PyString>(&self.owner).or_else(|| self.owner.cast().ok()) else {
            return Err(Stop::Fault(Fault::KeyType(type_name(&self.owner)), HERE));
        };
        let text = Utf8::of(text)?;
        let bytes = text.bytes();
        // SAFETY: the bytes are inside a `str` or `bytes`, or CPython keeps them with the `str`. These do not change and stay where they
        // are for as long as the object lives, which `owner` sees to: it is the `str` already, or becomes the `bytes` here. The slice
        // does not leave this struct without a borrow of it.
        #[expect(unsafe_code, reason = "the lifetime ends with that of the object beside it")]
        let bytes = unsafe { std::slice::from_raw_parts(bytes.as_ptr(), bytes.len()) };
        if let Utf8::Made(made) = text {
            self.owner = made.into_any();
        }
        self.bytes = bytes;
        Ok(())
    }

    fn bytes(&self) -> &[u8] {
        self.bytes
    }
}

/// A text's bytes.
enum Utf8<'a, 'py> {
    Borrowed(&'a str),
    Made(Bound<'py, PyBytes>),
}

impl<'a, 'py> Utf8<'a, 'py> {
    fn of(text: &'a Bound<'py, PyString>) -> PyResult<Self> {
        if (text.code_point_len()? <= LONGEST_KEPT || is_ascii(text)?)
            && let Ok(text) = text.to_str()
        {
            return Ok(Self::Borrowed(text));
        }
        // A lone surrogate. The method of `str` itself, whatever the text's class.
        let class = text.py().get_type::<PyString>();
        let bytes = class.call_method1("encode", (text, "utf-8", "surrogatepass"))?;
        Ok(Self::Made(bytes.cast_into()?))
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Borrowed(text) => text.as_bytes(),
            Self::Made(bytes) => bytes.as_bytes(),
        }
    }
}

/// Whether a text's own memory is its UTF-8.
fn is_ascii(text: &Bound<'_, PyString>) -> PyResult<bool> {
    static METHOD: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = text.py();
    let method = METHOD.get_or_try_init(py, || py.get_type::<PyString>().getattr("isascii").map(Bound::unbind))?;
    method.bind(py).call1((text,))?.extract()
}

/// What the type of a value is called in a message.
fn type_name(value: &Bound<'_, PyAny>) -> String {
    value
        .get_type()
        .fully_qualified_name()
        .map_or_else(|_| "object".to_owned(), |name| name.to_string_lossy().into_owned())
}
