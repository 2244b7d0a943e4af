"""What the register itself brings to its transactions: no checks beyond the type table's."""

from tanshu.registry.rooms import Room

ROOM = Room(name="registry")
