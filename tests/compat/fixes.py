"""What rev gets wrong and the drop-in does right, and what else differs on purpose: each by a name, with a sentence.

`test_fixes.py` has a test for each, which shows that rev differs. The page for users of rev has the same names.
"""

FIXES = {
    "analysis_order": "`files` of `analyze_ast_patterns` is sorted by path; in rev its order is that of the file system.",
    "analysis_statistics": "`cache_stats` is left out, so that equal calls give equal text.",
    "analysis_stale": "A file that was rewritten is analysed anew, also when its time is the old one; rev's cache goes by the time alone.",
    "analysis_patterns": "What `patterns` is does not depend on earlier calls; in rev's cache `prints` and `sprint` share an entry, and a list of numbers fails.",
    "analysis_unread": "Files without findings and files that fail are not read again either; rev remembers neither.",
    "analysis_special": "A FIFO, a device or a socket is reported as an error; rev waits for what comes out of it, maybe for ever.",
    "key_of_tools": "Two tool lists with different content never share a key; rev remembers the hash of a list by its address, which the next list may have.",
    "key_after_change": "A tool list that was changed in place has another key; in rev it keeps the old one.",
    "key_of_model": "No model and the model `default` have different keys; in rev they share one.",
    "key_of_numbers": "Dicts whose keys are numbers have the key that the same dict has with these as text, in whatever order; rev sorts them as numbers.",
    "context_stale": "The context of the repository is true at each call; rev gives a text up to 30 seconds old until HEAD changes.",
    "context_commits": "The number of commits is what was asked for; rev gives what an earlier call with another number got.",
    "description_of_others": "A tool other than `git_commit` runs whatever its argument `message` is; in rev one that is no text makes every tool fail.",
    "path_beside_the_root": "A folder beside the root whose name begins with that of the root is outside; rev lets it through.",
    "history_pairs": "A result stays with its call; rev cuts between them.",
    "history_first_task": "The first task stays, as it was given up to 4,000 characters, of more without the middle; in rev only a line of it is left, and after a second trim nothing.",
    "history_earlier": "A later summary has all that the earlier one had; rev forgets it.",
    "history_failed": "A task that failed is not listed as completed.",
    "history_running": "A task that is under way is not listed as completed, and keeps its instruction, of more than 4,000 characters without the middle.",
    "history_none": "A message without content does no harm; in rev a user's ends the run with TypeError.",
    "history_clock": "Equal messages have equal summaries; that of rev with a tracker begins with the seconds that passed.",
    "caches_on_disk": "Nothing in `.rev_cache` is unpickled, which runs what it holds; and nothing is written there.",
}

DIFFERENCES = {
    "analysis_depth": "Very deep code fails, or does not, at a depth of ours; in rev that depends on how deep its own calls are at that moment.",
    "analysis_size": "A file of more than 16 MiB fails with MemoryError; rev reads it.",
    "context_programs": "No program is run that the repository's own configuration names: a file under a filter of its (git-crypt, nbstripout, a local Git LFS) may count as modified, a file system monitor is not asked, and what a check of signatures would say is missing.",
    "context_promised": "What a partial clone lacks is not fetched: where git needs it, the part of the answer is empty.",
    "key_of_surrogates": "The two halves of a character as two characters, which JSON can bring, have another key than that character; in rev they share one.",
    "history_below_none": "A number of recent messages below zero, which rev itself never asks for, leaves the list as it is; rev cuts something from its front.",
}
