"""A room whose main verb bears the room's own name can be called: ``qa.segregation(...)``, ``qa.release(...)``.

Python binds a subpackage as an attribute of its parent whenever it is imported anywhere, so the function of the same
name would come and go. The subpackage is therefore made callable; its other functions stay reachable through it.
"""

from __future__ import annotations

import sys
from inspect import signature
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class CallableRoom(ModuleType):
    """A module that passes a call on to its main verb."""

    _verb: Callable[..., Any]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the verb takes and gives
        """Call the main verb."""
        return self._verb(*args, **kwargs)


def make_callable(room: str, verb: Callable[..., Any]) -> None:
    """Let the room be called like its main verb, with the verb's signature."""
    module = sys.modules[room]
    module.__class__ = CallableRoom
    vars(module).update(_verb=verb, __signature__=signature(verb))
