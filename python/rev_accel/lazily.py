"""Names of a package that are loaded when they are first used.

`rev_accel` itself has a form of its own: everybody pays for what it imports.
"""

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["loader"]


def loader(package: "dict[str, object]", homes: "dict[str, str]") -> "Callable[[str], object]":
    """The `__getattr__` of a package, given its `globals()`, and the module of it in which each name is defined."""

    def load(name: str) -> object:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package['__name__']!r} has no attribute {name!r}")
        from importlib import import_module

        value: object = getattr(import_module(f"{package['__name__']}.{home}"), name)
        package[name] = value
        return value

    return load
