"""In every state of a repository the text is that of git, asked for the first time and again."""

import sys

import pytest

from .asker import Asker
from .builder import Repository
from .scenarios import SCENARIOS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the clock is set by a library as Linux loads it")

# States in which no answer is kept: something counts that is not modelled, or git complains. All other answers are.
NEVER_KEPT = {
    "attributes * working-tree-encoding=UTF-16",
    "bare",
    "beyond_a_ceiling",
    "branch_damaged",
    "cloned_in_part",
    "configuration_that_is_not_valid",
    "filter_of_the_user",
    "grafted",
    "head_damaged",
    "head_as_a_link",
    "ignore_file_that_is_a_link",
    "in_the_git_folder",
    "index_damaged",
    "linked_worktree_inside",
    "no_home",
    "object_missing",
    "references_in_a_table",
    "replaced",
    "replaced_and_packed",
    "repository_of_a_later_version",
    "setting ('color.diff', 'always')",
    "setting ('color.status', 'always')",
    "setting ('color.ui', 'always')",
    "setting ('core.untrackedCache', 'true')",
    "setting ('diff.orderFile', '/dev/null')",
    "setting ('feature.manyFiles', 'true')",
    "setting ('log.decorate', 'full')",
    "setting ('log.decorate', 'short')",
    "setting ('status.branch', 'true')",
    "setting_that_is_not_valid",
    "sparse_index_with_what_it_leaves_out",
    "submodule_in_a_split_index",
    "submodule_that_leads_nowhere",
    "submodule_where_a_split_index_has_a_file",
    "untracked files false",
    "untracked files no",
    "untracked_cache",
    "untracked_repository",
    "untracked_repository_with_commits",
    "variable ('GIT_NAMESPACE', 'space')",
    "variable ('GIT_PAGER_IN_USE', '1')",
    "working_tree_elsewhere",
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_text_is_that_of_git_cold_and_again(name: str, repository: Repository, asker: Asker) -> None:
    try:
        SCENARIOS[name](repository)
    except AssertionError as error:
        pytest.skip(f"this version of git cannot make it: {error}")
    for _ in range(2):
        answer = asker.ask(repository.cwd, repository.environment)
        assert answer.value == repository.text(), answer
    assert answer.kept == (name not in NEVER_KEPT), answer
    assert answer.processes == 0 or not answer.kept


def test_there_are_enough_states_and_all_exceptions_are_among_them() -> None:
    assert len(SCENARIOS) >= 120
    assert set(SCENARIOS) >= NEVER_KEPT
