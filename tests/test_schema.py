"""Files broken in every way give one sentence, never a foreign exception."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noisedim.errors import InvalidInputError
from noisedim.files import read_json
from noisedim.runs.store import RunStore
from noisedim.schema import SCHEMAS, Schema, plain, read_record, structured
from noisedim.training import TrainConfig


@dataclass(frozen=True, kw_only=True)
class Inner:
    count: int
    size: float
    kind: Literal["a", "b"] = "a"


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    parts: tuple[Inner, ...]
    pair: tuple[float, float]
    by_name: Mapping[str, Inner] = field(default_factory=dict)
    best: Inner | None = None


_NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
_INNER = st.builds(Inner, count=st.integers(-(2**63), 2**63 - 1), size=_NUMBERS, kind=st.sampled_from(("a", "b")))
_OUTER = st.builds(
    Outer,
    name=st.text(st.characters(exclude_categories=("Cs",))),
    parts=st.lists(_INNER, max_size=3).map(tuple),
    pair=st.tuples(_NUMBERS, _NUMBERS),
    by_name=st.dictionaries(st.sampled_from(("x", "y")), _INNER),
    best=st.none() | _INNER,
)
_VALUES = st.sampled_from(
    [None, True, -1, 10**400, 10**5000, 1e300, math.nan, math.inf, "", "x", [], [[]], {}, {"a": 1}, {"estimate": "x"}]
)


def _places(node: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    return [place, *(deeper for key in keys for deeper in _places(node[key], (*place, key)))]


def _broken(data: Any, draw: Any) -> Any:
    """The data with one value replaced, removed, or a field added."""
    place = draw.draw(st.sampled_from(_places(data)[1:]))
    copy = json.loads(json.dumps(data))
    node = copy
    for key in place[:-1]:
        node = node[key]
    how = draw.draw(st.sampled_from(("replace", "remove", "add")))
    if how == "remove":
        del node[place[-1]]
    elif how == "add" and isinstance(node, dict):
        node["surplus"] = 1
    else:
        node[place[-1]] = draw.draw(_VALUES)
    return copy


@given(_OUTER)
def test_a_record_comes_back_as_it_was(record: Outer) -> None:
    assert structured(json.loads(json.dumps(plain(record))), Outer, where="here") == record


@given(_OUTER, st.data())
def test_a_broken_record_is_read_or_refused_in_one_sentence(record: Outer, draw: Any) -> None:
    said = "file.json"
    try:
        structured(_broken(json.loads(json.dumps(plain(record))), draw), Outer, where="file.json")
    except InvalidInputError as error:
        said = str(error)
    assert said.startswith("file.json")
    assert "\n" not in said
    assert len(said) < 500


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": 3}, "name: expected `str`, got `int`"),
        ({"parts": [{"count": "1", "size": 1.0}]}, r"parts\[0\].count: expected `int`, got `str`"),
        ({"parts": [{"size": 1.0}]}, "the field 'count' is missing in parts.0"),
        ({"best": {"count": 1, "size": 1.0, "colour": 1}}, "unknown field 'colour' in best"),
        ({"pair": [1.0]}, "pair: "),
        ({"by_name": {"x": {"count": 1, "size": 1.0, "kind": "c"}}}, "invalid enum value 'c'"),
    ],
)
def test_the_sentence_names_the_field(change: dict[str, Any], words: str) -> None:
    good = {"name": "n", "parts": [], "pair": [1, 2]}
    assert structured(good, Outer, where="f").pair == (1.0, 2.0)
    with pytest.raises(InvalidInputError, match=f"^f: .*{words}"):
        structured(good | change, Outer, where="f")


def test_null_stands_for_a_number_that_is_none() -> None:
    assert math.isnan(structured({"count": 1, "size": None}, Inner, where="f").size)
    with pytest.raises(InvalidInputError, match="count"):
        structured({"count": None, "size": 1.0}, Inner, where="f")


@pytest.mark.parametrize(
    "text", ["9" * 5000, "1" + "0" * 400, "1e999", "NaN", "-Infinity", "[" * 100_000, '"\\', "\xff", "[1,", ""]
)
def test_json_that_no_program_of_ours_writes_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InvalidInputError, match=r"odd\.json"):
        read_json(path)
    with pytest.raises(InvalidInputError, match=r"odd\.json"):
        read_record(path, Inner)


def test_integers_of_a_configuration_stay_integers() -> None:
    stored = TrainConfig().to_dict() | {"augmentation_probability": 1}
    assert type(TrainConfig.from_dict(stored).augmentation_probability) is int
    assert TrainConfig.from_dict(stored).digest() != TrainConfig(augmentation_probability=1.0).digest()


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(draw=st.data())
def test_a_damaged_run_drops_no_other(tmp_path: Path, draw: Any) -> None:
    store = RunStore(tmp_path)
    configs = [TrainConfig(seed=seed) for seed in (0, 1)]
    for config in configs:
        folder = store.open(config)
        folder.path.mkdir(exist_ok=True)
        (folder.path / "config.json").write_text(json.dumps(config.to_dict()))
    path = store.open(configs[0]).path
    broken = _broken(configs[0].to_dict(), draw)
    try:
        (path / "config.json").write_text(json.dumps(broken))
    except ValueError:  # Python refuses to write an integer of 5,000 digits
        (path / "config.json").write_text("9" * 5000)
    table = store.load().set_index("run")
    assert len(table) == 2
    assert table.loc[configs[1].digest(), "status"] == "incomplete"
    assert table.loc[path.name, "status"].startswith(("damaged: ", "of another version", "incomplete"))


_RESULT = {"schema": 1, "measured_on": "held-out", "n": 10, "accuracy": 0.5, "train_seconds": 1.0}


@pytest.mark.parametrize("result", [[], 3, {"schema": 2}, {"schema": "1"}, {"assessment": {"tests": 3}}, _RESULT])
def test_a_damaged_result_is_listed(tmp_path: Path, result: Any) -> None:
    config = TrainConfig()
    folder = RunStore(tmp_path).open(config)
    folder.path.mkdir()
    (folder.path / "config.json").write_text(json.dumps(config.to_dict()))
    (folder.path / "result.json").write_text(json.dumps(result))
    status = RunStore(tmp_path).load()["status"][0]
    assert status.startswith("damaged: ")
    assert config.digest() in status


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_file_without_a_version_is_of_the_first_and_a_newer_one_is_refused(kind):
    schema = SCHEMAS[kind]
    if schema.version == 1:
        assert schema.current({"a": 1}, "x.json") == schema.current(schema.stamped({"a": 1}), "x.json") == {"a": 1}
    for version in (schema.version + 1, 0, -1, "1", True, None, 1.0):
        with pytest.raises(InvalidInputError, match=r"x\.json has layout .*this version reads layouts 1 to"):
            schema.current({schema.key: version, "a": 1}, "x.json")
    with pytest.raises(InvalidInputError, match=r"x\.json: expected an object"):
        schema.current([1], "x.json")


def test_an_older_layout_is_brought_to_the_newest_step_by_step():
    schema = Schema(3, steps={1: lambda data: {"b": data["a"]}, 2: lambda data: {"c": 2 * data["b"]}})
    assert schema.current({"a": 1}, "x.json") == {"c": 2}
    assert schema.current({"version": 2, "b": 1}, "x.json") == {"c": 2}
    assert schema.current(schema.stamped({"c": 5}), "x.json") == {"c": 5}
    with pytest.raises(InvalidInputError, match=r"x\.json: the field 'a' is missing"):
        schema.current({}, "x.json")


def _study(path):
    from noisedim.runs.studies.long_study import read_study

    return read_study(path)


def _ledger(path):
    from noisedim.report.theory.ledger import read_ledger

    return read_ledger(path)


def _table(path):
    from noisedim.report.table_1.records import NoiseTable

    return NoiseTable.read(path)


@pytest.mark.parametrize(("read", "key"), [(_study, "version"), (_ledger, "format"), (_table, "version")])
def test_readers_refuse_a_newer_layout_by_file(read, key, tmp_path):
    path = tmp_path / "record.json"
    path.write_text(json.dumps({key: 99, "question": "noise in other methods"}))
    with pytest.raises(InvalidInputError, match=r"record\.json has layout 99"):
        read(path)


def test_the_records_that_ship_name_a_version_or_are_of_the_first():
    from noisedim.normality.audit.measure import read_audit

    for options in ({}, {"high": True}, {"family": True}):
        assert read_audit(**options)["cells"]
