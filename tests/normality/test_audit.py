"""The audit counts what it says, goes on where it was stopped, and ships with the package."""

import numpy as np
import pytest

from noisedim.files import read_json
from noisedim.normality import audit
from noisedim.normality.audit import LAWS, LEVELS, audit_cells, measure, read_audit
from noisedim.normality.battery import run_battery


def cell(**changes):
    return {"kind": "calibration", "law": "simple", "n": 20, "dim": 2, "goal": 10, **changes}


def test_counts_are_those_of_the_battery():
    found = measure(cell(), 3, 5)
    assert found["trials"] == 5
    assert all(a >= b >= c for a, b, c in found["counts"].values())  # levels fall
    parts = [measure(cell(), 3, 2)["counts"], measure(cell(), 5, 3)["counts"]]
    for name, counts in found["counts"].items():
        assert counts == [a + b for a, b in zip(parts[0][name], parts[1][name], strict=True)]


@pytest.mark.slow
def test_a_stopped_audit_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(audit, "audit_cells", lambda: [cell(), cell(law="composite")])
    output = tmp_path / "audit.json"
    arguments = ["--output", str(output), "--jobs", "1"]
    audit.main([*arguments, "--seconds", "0.01"])
    first = sum(own["trials"] for own in read_json(output)["cells"])
    assert 0 < first < 20
    audit.main(arguments)
    finished = read_json(output)
    assert [own["trials"] for own in finished["cells"]] == [10, 10]
    monkeypatch.setattr(audit, "audit_cells", lambda: [cell()])
    audit.main(["--output", str(tmp_path / "at-once.json"), "--jobs", "1"])
    at_once = read_json(tmp_path / "at-once.json")["cells"][0]
    assert at_once["counts"] == finished["cells"][0]["counts"]


@pytest.mark.parametrize("law", [law for law in LAWS if "σ" not in law])
def test_alternatives_have_unit_variance(law):
    rng = np.random.default_rng(0)
    z = LAWS[law](rng, rng.standard_normal((20_000, 4)))
    assert z.shape == (20_000, 4)
    expected = [0, 1, 1, 1] if law == "one dead coordinate" else [1, 1, 1, 1]
    np.testing.assert_allclose(z.var(0), expected, atol=0.08)


@pytest.mark.slow
def test_peers_are_calibrated_too():
    z = np.random.default_rng(1).standard_normal((1024, 128))
    peers = audit._peers(z, 0)
    assert set(peers) == {"sliced Epps–Pulley", "Shapiro–Wilk by coordinate, Bonferroni", "Henze–Zirkler (pingouin)"}
    assert min(peers["sliced Epps–Pulley"], peers["Shapiro–Wilk by coordinate, Bonferroni"]) > 1e-3


def test_the_shipped_audit_is_of_this_battery():
    shipped = read_audit()
    assert shipped["levels"] == list(LEVELS)
    assert len(shipped["cells"]) == len(audit_cells())
    names = {row.name for row in run_battery(np.random.default_rng(2).standard_normal((50, 2))).rows}
    (own,) = [
        c for c in shipped["cells"] if (c["kind"], c["law"], c["n"], c["dim"]) == ("calibration", "simple", 50, 2)
    ]
    # Tests that came later are audited with those that need no pairs of rows.
    later = set(read_audit(high=True)["cells"][0]["counts"])
    assert set(own["counts"]) <= names | {"battery"}
    assert names - set(own["counts"]) <= later
