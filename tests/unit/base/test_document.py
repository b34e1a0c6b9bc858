"""Documents: what is written, what is read again, and what is told of a document that does not fit."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest

from andon.base.document import UNSET, Document, Documented, UnsetType, from_json, schemas, to_json
from andon.base.record import Record, field, replace
from andon.errors import MachineError, UsageError


class Colour(StrEnum):
    RED = "red"


class Part(Document):
    name: str
    source: str = field(name="from", default="")


class HouseDocument(Document):
    address: str
    colour: Colour
    parts: list[Part]
    note: str | UnsetType = UNSET
    owner: str | UnsetType | None = UNSET


@dataclass(frozen=True)
class Room:
    size: float


class House(Documented):
    address: str
    parts: tuple[Part, ...]
    colour: Colour = Colour.RED
    note: str | None = None
    owner: str | None = None
    secret: str = "x"

    def document(self) -> HouseDocument:
        return HouseDocument.about(self, owner=self.owner)


class Pair(Record, array_like=True):
    first: int
    second: tuple[str, ...] = ()


HOUSE = House("Main 1", (Part("roof", "oak"), Part("door")))


def test_a_document_has_its_keys_in_their_order():
    expected = '{"address": "Main 1", "colour": "red", "parts": [{"name": "roof", "from": "oak"}, {"name": "door", "from": ""}]'
    assert json.dumps(HOUSE.to_json()) == expected + ', "owner": null}'
    assert replace(HOUSE, note="old").to_json()["note"] == "old"


def test_what_the_document_asks_for_must_be_there():
    with pytest.raises(AttributeError, match="address"):
        HouseDocument.about(Room(2.0), colour=Colour.RED)


def test_values_are_as_json_reads_them_back():
    value = {"a": (1, Pair(2, ("x",))), "b": [Room(2.5)], "c": Colour.RED, "d": frozenset({1})}
    assert to_json(value) == {"a": [1, [2, ["x"]]], "b": [{"size": 2.5}], "c": "red", "d": [1]}


def test_documents_are_read_again():
    document = HOUSE.document()
    assert from_json(HouseDocument, to_json(document)) == document
    assert from_json(dict[str, Pair], {"a": [1, ["x"]], "b": [2]}) == {"a": Pair(1, ("x",)), "b": Pair(2)}


GOOD = {"address": "Main 1", "colour": "red", "parts": [{"name": "roof", "from": "oak"}]}


@pytest.mark.parametrize(
    ("change", "where", "told"),
    [
        ({"colour": "blue"}, "$.colour", "blue"),
        ({"parts": [{"name": "roof", "form": "oak"}]}, "$.parts[0]", "form"),
        ({"parts": [{}]}, "$.parts[0]", "name"),
        ({"note": 3}, "$.note", "`int`"),
        ({"more": 3}, "$", "more"),
        ({"parts": "roof"}, "$.parts", "`str`"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(change: dict[str, Any], where: str, told: str):
    with pytest.raises(UsageError) as caught:
        from_json(HouseDocument, {**GOOD, **change})
    assert (caught.value.code, caught.value.where) == ("usage.bad_argument", where)
    assert told in caught.value.message
    with pytest.raises(MachineError) as stored:
        from_json(HouseDocument, {**GOOD, **change}, stored=True)
    assert stored.value.code == "lake.corrupt"


def test_a_schema_tells_what_is_asked_for():
    (found,), definitions = schemas([HouseDocument])
    assert found == {"$ref": "#/$defs/HouseDocument"}
    house, part = definitions["HouseDocument"], definitions["Part"]
    assert house["required"] == ["address", "colour", "parts"]
    assert list(part["properties"]) == ["name", "from"]
    assert house["additionalProperties"] is False
