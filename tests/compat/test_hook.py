"""What the hook leaves as it is: modules, their loaders, and all that Python asks these for."""

import copy
import importlib
import importlib.resources
import importlib.util
import inspect
import os
import pathlib
import pickle
import pkgutil
import subprocess
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from typing import Any

import rev_accel.compat.rev as accel
from compat import rev as points
from compat.process import in_rev


@in_rev
def test_modules_have_the_loader_and_spec_that_they_have_without_it() -> None:
    finders = list(sys.meta_path)
    accel.install()
    points.load()
    for module in points.rev_modules():
        assert type(module.__spec__.loader) is type(module.__loader__) is SourceFileLoader
        assert module.__spec__.loader is module.__loader__ and module.__spec__.origin == module.__file__
        assert vars(module.__loader__).keys() == {"name", "path"}
    accel.uninstall()
    assert sys.meta_path == finders


@in_rev
def test_functions_are_pickled_and_inspected_as_revs() -> None:
    points.load()
    originals = {name: points.get(name) for name in points.POINTS}
    accel.install()
    for name, original in originals.items():
        ours = points.get(name)
        assert points.is_ours(ours)
        assert pickle.loads(pickle.dumps(ours)) is copy.copy(ours) is ours
        assert inspect.signature(ours).parameters.keys() >= inspect.signature(original).parameters.keys() - {"self"}, (
            name
        )
        assert (ours.__name__, ours.__qualname__, ours.__module__) == (
            original.__name__,
            original.__qualname__,
            original.__module__,
        )
        assert inspect.getsource(ours) and ours.__doc__ == original.__doc__


@in_rev
def test_source_and_resources_are_found_before_and_after_the_import() -> None:
    accel.install()
    spec = importlib.util.find_spec("rev.tools.analysis")
    assert spec is not None and spec.loader is not None
    text = spec.loader.get_source("rev.tools.analysis")
    assert "def analyze_ast_patterns" in text and spec.loader.get_filename("rev.tools.analysis") == spec.origin
    assert spec.loader.is_package("rev.tools.analysis") is False
    import rev.tools.analysis

    assert inspect.getsource(rev.tools.analysis) == text
    assert importlib.resources.files("rev.tools").joinpath("analysis.py").read_text() == text
    assert (pkgutil.get_data("rev.tools", "analysis.py") or b"").decode() == text
    assert "rev.tools.analysis" in {module.name for module in pkgutil.walk_packages(rev.tools.__path__, "rev.tools.")}


@in_rev
def test_modules_of_others_are_not_looked_at() -> None:
    accel.install()
    finder = sys.meta_path[0]
    for name in ("json", "reverse", "revx.tools", "rev", "my.rev.tools"):
        assert finder.find_spec(name) is None
    for name in ("nobody_has_this", "rev.tools.nobody_has_this"):
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            assert error.name == name
        else:
            raise AssertionError(name)


@in_rev
def test_finders_that_ask_all_others_do_not_ask_without_end() -> None:
    class Asking:
        """Wraps what all finders find, as tracers do."""

        def __init__(self) -> None:
            self.asking = False

        def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
            if self.asking:
                return None
            self.asking = True
            try:
                return importlib.util.find_spec(name)
            finally:
                self.asking = False

    sys.meta_path.insert(0, Asking())
    accel.install()
    sys.meta_path.insert(0, Asking())
    points.load()
    assert set(points.states(accel.status()).values()) == {"replaced"}
    assert type(sys.modules["rev.tools.analysis"].__loader__) is SourceFileLoader


@in_rev
def test_a_module_that_fails_while_it_is_run_fails_as_ever_and_may_be_imported_again() -> None:
    accel.install()
    import rev

    sys.modules.pop("rev.execution.planner", None)
    git_ops = sys.modules.pop("rev.tools.git_ops")
    sys.modules["rev.config"], config = None, sys.modules["rev.config"]  # type: ignore[assignment]
    try:
        importlib.import_module("rev.tools.git_ops")
    except ModuleNotFoundError:
        assert "rev.tools.git_ops" not in sys.modules
    else:
        raise AssertionError
    sys.modules["rev.config"] = config
    again = importlib.import_module("rev.tools.git_ops")
    assert again is not git_ops and points.is_ours(again.get_repo_context) and rev


@in_rev
def test_rev_may_be_run_as_a_module_and_be_imported_lazily() -> None:
    program = "import sys; sys.path += sys.argv[1:]; sys.argv[1:] = ['--version']; import rev_accel.compat.rev as a, runpy; a.install(); runpy.run_module('rev', run_name='__main__', alter_sys=True)"
    done = subprocess.run([sys.executable, "-I", "-c", program, *sys.path[-2:]], capture_output=True, text=True)
    assert "2.0.1" in done.stdout and not done.stderr, done
    accel.install()
    import rev

    sys.modules.pop("rev.tools.linting")
    spec = importlib.util.find_spec("rev.tools.linting")
    assert spec is not None and spec.loader is not None and rev
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules["rev.tools.linting"] = module
    spec.loader.exec_module(module)
    assert module._safe_path and points.is_ours(module._safe_path)


@in_rev
def test_only_what_is_asked_for_is_imported() -> None:
    accel.install(only=["analysis"])
    assert not [name for name in sys.modules if name.split(".")[0] == "rev"]
    points.load()
    assert points.is_ours(points.get("rev.tools.analysis.analyze_ast_patterns"))
    ours = {name.removeprefix("rev_accel.") for name in sys.modules if name.startswith("rev_accel.")}
    for name in (
        "repo",
        "history",
        "compat.rev.history",
        "compat.rev.descriptions",
        "compat.rev.paths",
        "llm",
        "tools",
        "cli",
    ):
        assert name not in ours, (name, sorted(ours))


@in_rev
def test_the_package_does_not_import_it_and_it_starts_nothing() -> None:
    program = "import sys; sys.path += sys.argv[1:]; import rev_accel; assert 'rev_accel.compat' not in sys.modules; rev_accel.compat.rev.GROUPS; assert 'rev_accel.compat.rev.installation' not in sys.modules"
    subprocess.run([sys.executable, "-I", "-c", program, *sys.path[-2:]], check=True)


@in_rev
def test_a_child_may_install_whatever_its_parent_did() -> None:
    import threading

    points.load()
    accel.install()
    from rev_accel.compat.rev import installation

    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with installation._INSTALLATION._lock:
            held.set()
            done.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    child = os.fork()
    if not child:
        accel.uninstall()
        os._exit(0 if set(points.states(accel.status()).values()) == {"original"} else 1)
    assert os.waitpid(child, 0)[1] == 0
    done.set()
    holder.join()
    assert pathlib.Path.cwd()
