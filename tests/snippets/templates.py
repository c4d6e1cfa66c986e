"""Every statement and expression of the grammar as a template with holes.

`$` is an expression hole; a line that holds only `BLOCK` is a hole for indented statements. What stands in the first two
tuples is valid wherever rev-accel runs; what is doubtful is newer than some interpreters, or wrong on all of them.
"""

EXPRESSIONS = (
    *("$ and $", "$ or $ and $", "(y := $)", "$ + $ * $", "$ ** $", "$ @ $ // $ % $ / $", "$ << $ | $ ^ $ & $", "~ + - $"),
    *("not $", "lambda: $", "lambda a, b=$, /, c=$, *d, e, f=$, **g: $", "lambda *, a=$, b, c=$: $", "lambda *a: (yield $)"),
    *("$ if $ else $", "$ if $ else $ if $ else $", "{$: $, **$, $: $}", "{$, *$, $}", "[*$, $]", "($, *$)", "$, $", "*$, $"),
    *("[$ for x in $ if $ if $]", "[$ for x in $ for y.a[$] in $ if $]", "[[$ for x in $] for y in $]", "{$ for x in $}"),
    *("{$: $ for x in $ if $}", "($ for x in $)", "f($ for x in $)", "[$ async for x, *y[$] in $]", "[x := $ for z in $]"),
    *("await $", "(yield)", "(yield $)", "(yield $, *$)", "(yield from $)", "await $ ** $", "-await $", "not not $"),
    *("$ < $ <= $ != $", "$ is not $ not in $ in $ is $ == $ > $ >= $", "f($, *$, k=$, **$, j=$)", "f(k=$, *$)", "f(**$, k=$)"),
    *("$($)($)", "$.a.b($).c", "$[$]", "$[$:$:$]", "$[$:$, $, ...]", "$[*$, $]", "$[:, ::$]", "$[(y := $)]", "$[y := $]"),
    *("f'{$}{$!r:>{$}.{$}}'", "f'{$=}'", "'a' f'{$}' 'b' f'{$:{$}}'", "rf'{$}\\d'", "f'{{}}{$}'", "f'{$, $}'", "f'{$ }'"),
    *("f'''{$}{\n$!s:\n{$}}'''", 'f"""\n{$}\n{$ + $:>{$}}{$}\n"""', "f\"{f'{$}'}\"", "f'a' f'''\n{$}''' f'{$}'"),
    *("print($)", "print(end=$)", "(eval)($)", "eval($)(exec($))", "__import__($).compile($)", "exec($)[eval($)]", "print.x($)"),
    *("(\nprint\n)($)", "print(\n$,\n$\n)", "print(*$, **$)", "f(print, eval)($)", "(print)", "print(print(print($)))", "x.print($)"),
    *("0x1F + 1_000j", "b'a' b'b'", "...", "None", "True is $", "()", "[]", "{}", "1_0.0e-1_0", "'a' \"b\" '''c'''", "f''"),
)

DOUBTFUL_EXPRESSIONS = (
    *("t'{$}{$!r:{$}}'", "f'{f'{$}'}'", "f'{$:{$:{$}}}'", "f'{*$, $}'", "f'{$!r }'", "f'{\n$}'", "f'{lambda: $}'", "f'{$#}'"),
    *("$ = $", "$ := $", "*$", "**$", "$ <> $", "f($=$)", "f(x for x in $, $)", "$ if $", "lambda $: 1", "$ $", "not"),
    *("{**$ for x in $}", "{$:}", "(*$)", "[$ for $ in $]", "f(**$, *$)", "f(k=$, $)", "$ not $", "(x=$)", "{*$: 1}"),
    *("[*$ for x in $]", "yield $", "$ +", "f(*$=1)", "f(a.b=$)", "[x for x in $, $]", "[x for x in *$]", "($ for x in)"),
)

STATEMENTS = (
    *("$", "$; $; global z", "return", "return $", "return $, *$", "pass", "break", "continue", "print($); x = $"),
    *("del x", "del ($)[$], ($).a, (x, [y])", "x = $", "x = y[$] = $", "x, *y[$] = $, $", "($).a, [b, c[$]] = *$, $"),
    *("x += $", "($)[$] @= $", "x >>= yield $", "x: $ = $", "x: $", "(x): $ = $", "($).a: $ = $", "($)[$]: $", "x: $ = *$, $"),
    *("raise", "raise $", "raise $ from $", "raise ;", "raise; $", "assert $", "assert $, $", "assert ($, $)", "x = await $"),
    *("import a.b as c, d", "from . import a", "from ...b.c import (d as e, f,)", "from a import *", "from .. import (a)"),
    *("global a", "global a, b, c", "nonlocal a, b", "global a;global b", "'''TODO\n  FIXME\n'''; $", "x = $ # FIXME"),
    *("if $:\n    BLOCK", "if $:\n    BLOCK\nelse:\n    BLOCK", "if $: $; global a\nelif $: $\nelse: $", "x = yield $"),
    "if $:\n    BLOCK\nelif $:\n    BLOCK\nelif $:\n    BLOCK\nelse:\n    BLOCK",
    *("for x in $:\n    BLOCK", "for x[$], *y in $, *$:\n    BLOCK\nelse:\n    BLOCK", "for ($).a in $: $", "for (x) in *$, $: $"),
    *("while $:\n    BLOCK", "while $:\n    BLOCK\nelse:\n    BLOCK", "async def f():\n    async for x in $:\n        BLOCK"),
    *("with $:\n    BLOCK", "with $ as x, $ as y[$]:\n    BLOCK", "with ($ as x, $ as y, $):\n    BLOCK", "with ($, $) as x:\n    BLOCK"),
    *("with ($):\n    BLOCK", "with ($) as x, ($):\n    BLOCK", "with ($ as x,):\n    BLOCK", "with ($, *$): $", "with (yield $): $"),
    *("with ($) as (x, y[$]): $", "with ($, $): $", "with ($)($), $ as ($).a: $", "with ($ for x in $): $", "with (x := $): $"),
    *("async def f():\n    async with $ as x, $:\n        BLOCK", "async with $: $", "async for x in $: $"),
    "try:\n    BLOCK\nexcept $ as e:\n    BLOCK\nexcept ($, $):\n    BLOCK\nexcept:\n    BLOCK\nelse:\n    BLOCK\nfinally:\n    BLOCK",
    *("try:\n    BLOCK\nfinally:\n    BLOCK", "try:\n    BLOCK\nexcept* $:\n    BLOCK\nexcept* ($, $) as e:\n    BLOCK"),
    *("try: $\nexcept $: $\nexcept: $", "def f():\n    def g():\n        def h():\n            BLOCK\n        BLOCK\n    BLOCK"),
    "def f(a, b: $, c: $ = $, /, d=$, *e: $, g: $ = $, h, **i: $) -> $:\n    BLOCK",
    "def f(a, b, c, d=$, e=$, g=$, /, h=$):\n    BLOCK",
    *("def _f(a, b, c, d, e, g):\n    BLOCK", "def f(self, a, b, c, d, e, *, k) -> $: return $", "def f(*args: *$): $"),
    *("@$\n@($).a\ndef f(a=$):\n    BLOCK", "@$\n\n# comment\n@(\n$\n)\nasync def f(a=$) -> $:\n    BLOCK", "def f(): ...; global x"),
    *("async def f(a, b, c, d, e, g):\n    BLOCK", "def f(a, /, b, *, c): $", "def f(a, a): $", "def g(x, y, z, a=$, b=$, c=$): $"),
    *("class C:\n    BLOCK", "class C($, *$, k=$, **$):\n    BLOCK", "@$\n@$\nclass C($):\n    BLOCK", "class C(): $; global x"),
    "match $:\n    case 1 | -2 | 3.5 - 4j | 'a' 'b' | None | True if $:\n        BLOCK\n    case _:\n        BLOCK",
    "match $, *$:\n    case [a, *_, b.c] | (d, [*e]) | f, *_ if $:\n        BLOCK",
    "match ($):\n    case {'k': x, b.c: [y], **r}: $\n    case C(a, b.c, k=1, l={}) as z if $:\n        BLOCK",
    *("match $:\n    case {f'': x}: $", "match $:\n    case (x) | [y]: $", "match *$,:\n    case x: $", "match (x, y := $):\n    case x, : $"),
    *("match = case = $", "match($)", "match[$:$]", "match.x = $", "match * $, $", "match -$", "match ($).x", "match: $ = $"),
    *("type = $", "type($)", "print >>x, $", "if $: raise ; $", "match (\n$\n):\n\n  # comment\n  case _ if (\n$\n): $"),
)

DOUBTFUL_STATEMENTS = (
    *("type X = $", "type X[T: $, *U, **V] = $", "type X[T = $] = $", "def f[T: $](a: $ = $) -> $:\n    BLOCK", "lazy import a"),
    *("class C[T: $](b, c=$):\n    BLOCK", "try:\n    BLOCK\nexcept $, $:\n    BLOCK", "try: $\nexcept*: $", "try: $\nelse: $"),
    *("type (X) = $", "print $", "exec 'a'", "`$`", "x = $ if $ else", "else: $", "return = $", "$ = $", "$ += $", "del $"),
    *("f() = $", "x, = $", "(x, y): $", "x, y += $", "def f(a=$, b): $", "def f(*): $", "match *$:\n    case x: $", "for $ in $: $"),
    *("match $:\n    case $: $", "match $:\n    case x: $\n  case y: $", "if $:\nBLOCK", "  $", "if $:\n    BLOCK\n  $", "with $ as $: $"),
    *("raise $, $", "raise from $", "global", "global a.b", "import a as b.c", "from . import (a, b", "assert", "$ as x", "async $"),
    *("def f(**k, a): $", "def f(a, *, **k): $", "def f(/, a): $", "class C(x for x in $): $", "match $:\n    BLOCK", "case x: $"),
    *("try: $\nexcept $: $\nexcept* $: $", "with (x as $, y): $", "while $ = $: $", "@x y\ndef f(): $", "nonlocal *a", "x = *$", "for x in *$: $"),
)
