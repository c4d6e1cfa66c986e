"""What stands at the points before, while and after the drop-in is installed, in all orders of imports."""

import importlib
import importlib.util
import os
import sys
import threading

import rev_accel.compat.rev as accel
from compat import rev as points
from compat.process import in_every_rev, in_rev
from rev_accel.errors import InputError


@in_every_rev
def test_all_points_of_an_imported_rev_are_replaced_and_come_back_as_the_same_objects() -> None:
    points.load()
    before = points.everything()
    report = accel.install()
    assert points.states(report) == dict.fromkeys(points.POINTS, "replaced"), str(report)
    assert {point.name: point.group for point in report.points} == points.POINTS
    assert all(points.is_ours(points.get(name)) for name in points.POINTS)
    for name, modules in points.BINDINGS.items():
        assert len({points.get(f"{module}.{name}") for module in modules}) == 1
    originals = {id(before[name]) for name in points.POINTS}
    assert not [name for name, value in points.everything().items() if id(value) in originals]
    assert points.states(accel.uninstall()) == dict.fromkeys(points.POINTS, "original")
    assert not points.changed(before, points.everything())


@in_every_rev
def test_all_points_of_a_rev_that_is_imported_later_are_replaced_then() -> None:
    report = accel.install()
    assert points.states(report) == dict.fromkeys(points.POINTS, "waiting"), str(report)
    assert not [name for name in sys.modules if name.split(".")[0] == "rev"]
    points.load()
    assert points.states(accel.status()) == dict.fromkeys(points.POINTS, "replaced"), str(accel.status())
    for name, modules in points.BINDINGS.items():
        assert len({points.get(f"{module}.{name}") for module in modules}) == 1
    accel.uninstall()
    assert not [name for name, value in points.everything().items() if points.is_ours(value)]


@in_rev
def test_whichever_module_of_rev_comes_first() -> None:
    for home in (*points.HOMES, "rev.execution.planner", "rev.main", "rev"):
        for installs_first in (True, False):
            child = os.fork()
            if child:
                assert os.waitpid(child, 0)[1] == 0, (home, installs_first)
                continue
            if installs_first:
                accel.install()
            importlib.import_module(home)
            if not installs_first:
                accel.install()
            points.load()
            done = points.states(accel.status()) == dict.fromkeys(points.POINTS, "replaced")
            os._exit(0 if done and all(points.is_ours(points.get(name)) for name in points.POINTS) else 1)


@in_rev
def test_a_module_that_is_imported_anew_gets_ours_again_and_gives_its_own_back() -> None:
    points.load()
    accel.install()
    planner = sys.modules.pop("rev.execution.planner")
    again = importlib.import_module("rev.execution.planner")
    assert again is not planner and again.get_repo_context is planner.get_repo_context
    registry = sys.modules["rev.tools.registry"]
    analysis = importlib.reload(sys.modules["rev.tools.analysis"])
    assert points.is_ours(analysis.analyze_ast_patterns)
    assert points.is_ours(registry.analyze_ast_patterns)
    accel.uninstall()
    assert not any(map(points.is_ours, (again.get_repo_context, planner.get_repo_context)))
    assert not any(map(points.is_ours, (analysis.analyze_ast_patterns, registry.analyze_ast_patterns)))
    # Without us, too, the registry would still have the function from before.
    assert analysis.analyze_ast_patterns is not registry.analyze_ast_patterns
    # Both are rev's own, so both are replaced.
    assert set(points.states(accel.install()).values()) == {"replaced"}
    assert points.is_ours(analysis.analyze_ast_patterns) and points.is_ours(registry.analyze_ast_patterns)


@in_rev
def test_twice_is_as_once() -> None:
    points.load()
    before = points.everything()
    assert accel.install() == accel.install()
    after = points.everything()
    accel.install()
    assert not points.changed(after, points.everything())
    assert len([finder for finder in sys.meta_path if "rev_accel" in type(finder).__module__]) == 1
    assert accel.uninstall() == accel.uninstall() == accel.status()
    assert not points.changed(before, points.everything())
    assert not [finder for finder in sys.meta_path if "rev_accel" in type(finder).__module__]
    accel.install()
    assert points.changed(before, points.everything()) == points.changed(before, after)


@in_rev
def test_groups_can_be_chosen_and_added() -> None:
    points.load()
    before = points.everything()
    report = accel.install(only=["paths", "analysis"])
    replaced = {name for name, group in points.POINTS.items() if group in ("paths", "analysis")}
    assert {point.name for point in report.points if point.state == "replaced"} == replaced
    assert {point.reason for point in report.points if point.state == "skipped"} == {"not asked for"}
    report = accel.install(only={"history"})
    replaced.add("rev.execution.executor._manage_message_history")
    assert {point.name for point in report.points if point.state == "replaced"} == replaced
    assert not points.is_ours(points.get("rev.tools.git_ops.get_repo_context"))
    assert set(points.states(accel.install(only=())).values()) == {"replaced", "skipped"}
    accel.uninstall()
    assert not points.changed(before, points.everything())


@in_rev
def test_names_of_no_group_are_refused_and_nothing_is_done() -> None:
    points.load()
    before = points.everything()
    for only in (["analysis", "nothing"], "analysis", b"paths", 5, [None], [["paths"]]):
        try:
            accel.install(only=only)  # type: ignore[arg-type]
        except InputError as error:
            assert "`analysis`" in str(error)
        else:
            raise AssertionError(only)
    assert not points.changed(before, points.everything())


@in_rev
def test_two_threads_may_install_and_uninstall_at_once() -> None:
    points.load()
    before = points.everything()
    problems = []

    def work(number: int) -> None:
        try:
            for _ in range(10):
                (accel.install if number % 2 else accel.uninstall)()
                accel.status()
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    accel.install()
    assert set(points.states(accel.status()).values()) == {"replaced"}
    accel.uninstall()
    assert not points.changed(before, points.everything())


@in_rev
def test_a_thread_may_install_while_another_imports() -> None:
    for delay in (0.0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.12):
        child = os.fork()
        if child:
            assert os.waitpid(child, 0)[1] == 0, delay
            continue
        importing = threading.Thread(target=points.load)
        importing.start()
        importing.join(delay)
        accel.install()
        importing.join()
        accel.install()  # as whoever was not seen because it was just being found
        states = points.states(accel.status())
        os._exit(0 if set(states.values()) == {"replaced"} else 1)


@in_rev
def test_what_is_imported_after_uninstall_stays_as_it_is() -> None:
    accel.install()
    importlib.import_module("rev")
    planner, executor = (sys.modules.pop(f"rev.execution.{name}", None) for name in ("planner", "executor"))
    accel.uninstall()
    points.load()
    assert set(points.states(accel.status()).values()) == {"original"}
    assert not any(points.is_ours(points.get(name)) for name in points.POINTS)
    assert not points.is_ours(points.get("rev.execution.planner.get_repo_context"))
    for module in (planner, executor):
        assert module is None or not any(map(points.is_ours, vars(module).values()))


@in_rev
def test_a_module_whose_import_has_begun_before_uninstall_stays_as_it_is() -> None:
    points.load()
    accel.install()
    del sys.modules["rev.tools.git_ops"]
    spec = importlib.util.find_spec("rev.tools.git_ops")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    accel.uninstall()
    spec.loader.exec_module(module)
    assert not points.is_ours(module.get_repo_context)


@in_rev
def test_caches_that_are_made_before_or_after_have_our_keys() -> None:
    points.load()
    import pathlib

    import rev.cache

    rev.cache.initialize_caches(pathlib.Path.cwd(), pathlib.Path.cwd() / ".rev_cache")
    before = rev.cache.get_llm_cache()
    accel.install()
    rev.cache.initialize_caches(pathlib.Path.cwd(), pathlib.Path.cwd() / ".rev_cache")
    messages = [{"role": "user", "content": "x"}]
    assert before._hash_messages(messages) == rev.cache.get_llm_cache()._hash_messages(messages)
    rev.cache.get_llm_cache().set_response(messages, {"a": 1}, [], "m")
    assert rev.cache.get_llm_cache().get_response(messages, [], "m") == {"a": 1}
    assert rev.cache.get_llm_cache().get_response(messages, None, "m") is None


@in_rev
def test_each_replacement_reads_the_root_of_the_module_that_it_stands_in() -> None:
    points.load()
    accel.install()
    import pathlib

    import rev.config
    from rev.tools import analysis, file_ops, git_ops, utils

    here = pathlib.Path.cwd()
    for name in ("one", "two", "three", "four"):
        (here / name / name).mkdir(parents=True)
        (here / name / f"{name}.py").write_text("print(1)\n")
    utils.ROOT, file_ops.ROOT, git_ops.ROOT, analysis.ROOT = (here / name for name in ("one", "two", "three", "four"))
    assert utils._safe_path("one") == here / "one/one"
    assert file_ops._safe_path("two") == here / "two/two"
    assert '"three.py"' in git_ops.get_repo_context() and '"two.py"' not in git_ops.get_repo_context()
    assert '"four.py"' in analysis.analyze_ast_patterns(".")
    rev.config.EXCLUDE_DIRS = {"three"}
    assert '{"name": "three",' not in git_ops.get_repo_context()


@in_rev
def test_the_report_is_a_table_that_names_every_point() -> None:
    points.load()
    text = str(accel.install())
    lines = text.splitlines()
    assert lines[0] == "rev 2.0.1" and lines[1].split() == ["point", "group", "state", "reason"]
    assert [line.split()[0] for line in lines[2:]] == list(points.POINTS)
    assert "also rev.tools.registry.analyze_ast_patterns" in text
    assert accel.GROUPS == tuple(dict.fromkeys(points.POINTS.values()))
