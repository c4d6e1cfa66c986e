"""Points where something else stands than what is known: nothing is done there, and the report says why."""

import functools
import sys
import types
from collections.abc import Callable
from typing import Any

import rev_accel.compat.rev as accel
from compat import rev as points
from compat.process import in_rev


def reasons(report: Any, group: str) -> dict[str, str]:
    found = [point for point in report.points if point.group == group]
    assert {point.state for point in found} == {"skipped"}, str(report)
    return {point.name: point.reason for point in found}


def check_only_skipped(group: str) -> dict[str, str]:
    """Installs; one group is skipped and as it was, the others are replaced. Then puts all back."""
    before = points.everything()
    report = accel.install()
    why = reasons(report, group)
    assert points.states(accel.status()) == points.states(report)
    for name, other in points.POINTS.items():
        if other == group:
            continue
        assert points.is_ours(points.get(name)), name
    ours = {points.get(name) for name, other in points.POINTS.items() if other != group}
    assert points.changed(before, points.everything()) == {
        name for name, value in points.everything().items() if isinstance(value, types.FunctionType) and value in ours
    }
    accel.uninstall()
    assert not points.changed(before, points.everything())
    return why


@in_rev
def test_a_binding_that_somebody_has_patched() -> None:
    points.load()
    registry = sys.modules["rev.tools.registry"]
    original = registry.analyze_ast_patterns
    registry.analyze_ast_patterns = lambda *arguments: "patched"
    (why,) = check_only_skipped("analysis").values()
    assert why == "`rev.tools.registry.analyze_ast_patterns` is not rev's own function: somebody else has replaced it"
    accel.install()
    assert registry.analyze_ast_patterns() == "patched"
    registry.analyze_ast_patterns = original
    # A second time there is nothing in the way.
    assert set(points.states(accel.install()).values()) == {"replaced"}


@in_rev
def test_one_of_two_functions_that_somebody_has_patched() -> None:
    points.load()
    sys.modules["rev.tools.file_ops"]._safe_path = object()
    why = check_only_skipped("paths")
    assert why["rev.tools.file_ops._safe_path"].startswith("is not rev's own function")
    assert why["rev.tools.utils._safe_path"].startswith("its group is skipped: `rev.tools.file_ops._safe_path` is not")


@in_rev
def test_a_method_that_somebody_has_wrapped() -> None:
    points.load()
    cache = sys.modules["rev.cache.base"].IntelligentCache
    original = cache._load_from_disk

    @functools.wraps(original)
    def wrapped(self: object) -> None:
        original(self)

    cache._load_from_disk = wrapped
    assert "somebody else" in check_only_skipped("disk_caches")["rev.cache.base.IntelligentCache._load_from_disk"]


@in_rev
def test_functions_and_methods_that_a_version_lacks() -> None:
    points.load()
    del sys.modules["rev.cache.implementations"].LLMResponseCache._hash_tools
    why = check_only_skipped("llm_key")
    assert why["rev.cache.implementations.LLMResponseCache._hash_tools"] == "does not exist in this version"
    del sys.modules["rev.execution.executor"]._manage_message_history
    report = accel.install()
    assert set(reasons(report, "history").values()) == {"does not exist in this version"}


@in_rev
def test_a_class_and_a_module_that_a_version_lacks() -> None:
    points.load()
    del sys.modules["rev.cache.base"].IntelligentCache
    why = reasons(accel.install(), "disk_caches")
    assert set(why.values()) == {"does not exist in this version"}
    accel.uninstall()
    from rev_accel.compat.rev import found

    del sys.modules["rev.tools.git_ops"]
    has_module = found.has_module
    found.has_module = lambda name, folders: name != "rev.tools.git_ops" and has_module(name, folders)
    why = reasons(accel.install(), "repo_context")
    assert set(why.values()) == {"this version has no module `rev.tools.git_ops`"}


@in_rev
def test_functions_that_take_other_arguments() -> None:
    for make in (
        lambda name: f"def {name}(rel, more): ROOT.resolve; str.startswith; ValueError\n",
        lambda name: f"def {name}(rel=''): ROOT.resolve; str.startswith; ValueError\n",
        lambda name: f"def {name}(*, rel): ROOT.resolve; str.startswith; ValueError\n",
        lambda name: f"def {name}(rel, /): ROOT.resolve; str.startswith; ValueError\n",
        lambda name: f"def {name}(rel, *rest): ROOT.resolve; str.startswith; ValueError\n",
        lambda name: f"def {name}(path): ROOT.resolve; str.startswith; ValueError\n",
    ):
        points.load()
        utils = sys.modules["rev.tools.utils"]
        exec(make("_safe_path"), vars(utils))
        for other in points.rev_modules():
            if (
                other is not utils
                and "_safe_path" in vars(other)
                and other.__name__ not in ("rev.tools.file_ops", "rev")
            ):
                other._safe_path = utils._safe_path
        why = check_only_skipped("paths")["rev.tools.utils._safe_path"]
        assert why == "takes other arguments than in the versions that are known", why


@in_rev
def test_a_function_with_another_body() -> None:
    points.load()
    executor = sys.modules["rev.execution.executor"]
    exec(
        "def _manage_message_history(messages, max_recent=20, tracker=None):\n    return compress(messages)\n",
        vars(executor),
    )
    (why,) = check_only_skipped("history").values()
    assert why == "does not do the same as in the versions that are known"


@in_rev
def test_each_function_with_another_text_or_number_in_it() -> None:
    points.load()
    for name in points.POINTS:
        function = points.get(name)
        code = function.__code__
        assert isinstance(code.co_consts[0], str), "each of them has a docstring"
        for what, other in ((str, "another"), (int, 4_321)):
            places = [at for at, one in enumerate(code.co_consts) if at and type(one) is what]
            for at in places:
                changed_constants = (*code.co_consts[:at], other, *code.co_consts[at + 1 :])
                function.__code__ = code.replace(co_consts=changed_constants)
                assert "does not do the same as in the versions" in refusal(name), (name, code.co_consts[at])
        function.__code__ = code.replace(co_consts=("Said in other words.", *code.co_consts[1:]))
        assert refusal(name) == ""
        function.__code__ = code


def refusal(name: str) -> str:
    """Why nothing would be put at a point; empty if it fits."""
    return next(point.reason for point in accel.status().points if point.name == name)


@in_rev
def test_descriptions_that_are_made_in_another_way() -> None:
    points.load()
    registry = sys.modules["rev.tools.registry"]
    original = registry._format_description

    def described(source: str) -> str:
        exec(compile(source, "nowhere.py", "exec"), vars(registry))
        (why,) = check_only_skipped("descriptions").values()
        return why

    assert "is not at hand" in described("def _format_description(name, args):\n    return {}[name]\n")
    registry._format_description = lambda name, args: "mine"
    (why,) = check_only_skipped("descriptions").values()
    assert "calls `_format_description`" in why
    registry._format_description = original
    # Its file was changed after the import, as by an upgrade.
    import linecache

    lines = linecache.getlines(original.__code__.co_filename)
    size, time, _, name = linecache.cache[original.__code__.co_filename]
    linecache.cache[original.__code__.co_filename] = (
        size,
        time,
        [line.replace("Reading", "Having read") for line in lines],
        name,
    )
    (why,) = check_only_skipped("descriptions").values()
    assert "is not at hand" in why


@in_rev
def test_what_others_put_there_after_us_stays() -> None:
    points.load()
    before = points.everything()
    accel.install()
    registry, planner = sys.modules["rev.tools.registry"], sys.modules["rev.execution.planner"]
    cache = sys.modules["rev.cache.implementations"].LLMResponseCache
    registry.analyze_ast_patterns = planner.get_repo_context = cache._hash_tools = theirs = lambda *arguments: "theirs"
    states = points.states(accel.status())
    assert states["rev.cache.implementations.LLMResponseCache._hash_tools"] == "skipped"
    accel.uninstall()
    assert points.changed(before, points.everything()) == {
        "rev.tools.registry.analyze_ast_patterns",
        "rev.execution.planner.get_repo_context",
        "rev.cache.implementations.LLMResponseCache._hash_tools",
    }
    assert registry.analyze_ast_patterns is planner.get_repo_context is cache._hash_tools is theirs


@in_rev
def test_a_patch_that_ends_after_uninstall_leaves_ours_which_a_second_one_takes_out() -> None:
    from unittest import mock

    points.load()
    before = points.everything()
    accel.install()
    with mock.patch("rev.tools.registry.analyze_ast_patterns"):
        accel.uninstall()
    registry = sys.modules["rev.tools.registry"]
    assert points.is_ours(registry.analyze_ast_patterns) and "No Python" in registry.analyze_ast_patterns(".")
    told = {point.name: (point.state, point.reason) for point in accel.status().points}
    state, reason = told.pop("rev.tools.analysis.analyze_ast_patterns")
    assert state == "original" and reason.startswith("but not rev.tools.registry.analyze_ast_patterns: ")
    assert set(told.values()) == {("original", "")}
    accel.uninstall()
    assert {point.reason for point in accel.status().points} == {""}
    assert not points.changed(before, points.everything())


@in_rev
def test_a_point_that_turns_out_not_to_fit_when_it_is_imported() -> None:
    import importlib
    from importlib.machinery import SourceFileLoader

    accel.install()
    run = SourceFileLoader.exec_module

    def and_patched(self: SourceFileLoader, module: Any) -> None:
        run(self, module)
        if module.__name__ == "rev.tools.file_ops":
            module._safe_path = lambda rel: rel

    SourceFileLoader.exec_module = and_patched  # type: ignore[method-assign]
    importlib.import_module("rev")
    points.load()
    reasons(accel.status(), "paths")
    assert not any(points.is_ours(value) for name, value in points.everything().items() if name.endswith("._safe_path"))
    assert points.states(accel.status())["rev.tools.analysis.analyze_ast_patterns"] == "replaced"


@in_rev
def test_a_version_that_is_not_known_is_named_and_each_point_judged_by_itself() -> None:
    points.load()
    sys.modules["rev"].__version__ = "9.9.9"
    report = accel.install()
    assert report.version == "9.9.9"
    assert str(report).startswith("rev 9.9.9, which is not one of the versions that are known (2.0.0, 2.0.1)\n")
    assert set(points.states(report).values()) == {"replaced"}


def without_rev(prepare: Callable[[], None]) -> Any:
    sys.path[:] = [path for path in sys.path if "rev-" not in path]
    prepare()
    report = accel.install()
    assert [finder for finder in sys.meta_path if "rev_accel" in type(finder).__module__] == [] or report.version
    return report


@in_rev
def test_without_rev_the_report_says_so_and_nothing_is_installed() -> None:
    report = without_rev(lambda: None)
    assert report.version is None and str(report).startswith("rev was not found\n")
    assert {(point.state, point.reason) for point in report.points} == {("skipped", "rev is not installed")}
    assert accel.status() == accel.uninstall() == report


@in_rev
def test_another_project_of_that_name_is_left_alone() -> None:
    import pathlib

    def another() -> None:
        pathlib.Path("rev/tools").mkdir(parents=True)
        pathlib.Path("rev/__init__.py").write_text("")
        pathlib.Path("rev/tools/__init__.py").write_text("")
        pathlib.Path("rev/tools/analysis.py").write_text(
            "def analyze_ast_patterns(path, patterns=None): return 'mine'\n"
        )
        sys.path.insert(0, os_getcwd())

    def os_getcwd() -> str:
        return str(pathlib.Path.cwd())

    report = without_rev(another)
    assert report.version == "unknown"
    states = points.states(report)
    assert states.pop("rev.tools.analysis.analyze_ast_patterns") == "waiting" and set(states.values()) == {"skipped"}
    from rev.tools.analysis import analyze_ast_patterns

    assert analyze_ast_patterns(".") == "mine"
    assert points.states(accel.status())["rev.tools.analysis.analyze_ast_patterns"] == "skipped"
