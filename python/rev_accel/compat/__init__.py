"""Parts of rev-accel inside of other programs: `rev` puts them into rev.

Every name is loaded when it is first used, and nothing else of the package imports this.
"""

TYPE_CHECKING = False

if TYPE_CHECKING:
    from . import rev as rev

__all__ = ["rev"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name != "rev":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return import_module(f"{__name__}.rev")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
