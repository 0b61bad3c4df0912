"""A small typed registry: engines own one each, apps add to theirs in `AppConfig.ready()`."""

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Keyed(Protocol):
    @property
    def key(self) -> str: ...


T = TypeVar("T", bound=Keyed)


class Registry(Generic[T]):
    """Things by key, in the order of registration."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._items: dict[str, T] = {}

    def register(self, item: T) -> T:
        """Add `item`; raises ValueError when its key is taken by another."""
        if self._items.setdefault(item.key, item) != item:
            raise ValueError(f"{self.name}: the key {item.key!r} is taken")
        return item

    def get(self, key: str) -> T:
        """Return the item with this key; raises KeyError."""
        return self._items[key]

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[T]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)
