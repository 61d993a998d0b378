"""The audit counts what it says, goes on where it was stopped, and ships with the package."""

import shutil
import subprocess

import numpy as np
import pytest
from scipy import stats

from noisedim.errors import InvalidInputError
from noisedim.files import read_json
from noisedim.normality.audit import __main__ as audit
from noisedim.normality.audit.cells import audit_cells
from noisedim.normality.audit.laws import FRESH_LAWS, HIGH_LAWS, LAWS, TOLD
from noisedim.normality.audit.measure import LEVELS, TAIL_LEVELS, measure, measure_peer, measure_tails, read_audit
from noisedim.normality.audit.peers import PEERS, Peer, peer_p_values, rankme
from noisedim.normality.audit.r_tests import R_TESTS, RTest, r_p_values, r_values
from noisedim.normality.battery import run_battery
from noisedim.normality.nulls.null_samples import draw_statistics
from noisedim.normality.p_values import calibrated_p_value
from noisedim.normality.tests import calibrated_tests
from noisedim.streams import numpy_stream


def cell(**changes):
    return {"kind": "calibration", "law": "simple", "n": 20, "dim": 2, "goal": 10, **changes}


def test_counts_are_those_of_the_battery():
    found = measure(cell(), 3, 5)
    assert found["trials"] == 5
    assert all(a >= b >= c for a, b, c in found["counts"].values())  # levels fall
    parts = [measure(cell(), 3, 2)["counts"], measure(cell(), 5, 3)["counts"]]
    for name, counts in found["counts"].items():
        assert counts == [a + b for a, b in zip(parts[0][name], parts[1][name], strict=True)]


@pytest.mark.parametrize("null", ["simple", "composite", "uniform"])
def test_counts_of_tails_are_those_of_p_values(null):
    own = {"kind": "tails", "law": null, "n": 30, "dim": 2, "goal": 10}
    found = measure_tails(own, 3, 400)
    drawn = draw_statistics(null, 30, 2, 400, numpy_stream(3, f"audit, tails, {null}, n = 30, d = 2"))
    assert set(found["counts"]) == set(drawn)
    for name, statistics in drawn.items():
        p = np.array([calibrated_p_value(name, value, 30, 2) for value in statistics])
        assert found["counts"][name] == [(p <= level).sum() for level in TAIL_LEVELS], name
    one = sorted(drawn)[0]
    assert set(measure_tails({**own, "tests": [one]}, 3, 4)["counts"]) == {one}


def test_the_shipped_audit_of_tails_finds_no_table_far_off():
    shipped = read_audit(tails=True)
    assert shipped["levels"] == list(TAIL_LEVELS)
    assert {test.name for test in calibrated_tests()} == {name for own in shipped["cells"] for name in own["counts"]}
    for own in shipped["cells"]:
        for name, counts in own["counts"].items():
            for level, count in zip(TAIL_LEVELS, counts, strict=True):
                # Half as often again as it should be would have to be explained by chance at 1 in 10,000.
                assert stats.binom.sf(count - 1, own["trials"], 1.5 * level) > 1e-4, (own, name, level)


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


@pytest.mark.parametrize("law", FRESH_LAWS)
def test_fresh_laws_have_the_moments_that_their_names_say(law):
    rng = np.random.default_rng(1)
    z = FRESH_LAWS[law](rng, rng.standard_normal((40_000, 4)))
    assert z.shape == (40_000, 4)
    expected = np.eye(4)
    if "in pairs" in law:
        expected[0, 1] = expected[1, 0] = expected[2, 3] = expected[3, 2] = 0.05
    shift = 9 * 0.02 * 0.98 if "shifted" in law else 0.0
    np.testing.assert_allclose(np.trace(np.cov(z.T)), 4 + shift, atol=0.08)
    if not shift:
        np.testing.assert_allclose(np.cov(z.T), expected, atol=0.03)
    np.testing.assert_allclose(np.linalg.norm(z.mean(0)), 3 * 0.02 if shift else 0, atol=0.02)
    neighbours = float((z[1:] * z[:-1]).mean())
    assert neighbours == pytest.approx(0.1 if "neighbouring" in law else 0, abs=0.015)
    if "skew" in law:  # (4 − π)/2 · (δ √(2/π))³ / (1 − 2δ²/π)^{3/2}, δ² = 1/2
        assert float((z**3).mean()) == pytest.approx(0.1369, abs=0.02)


@pytest.mark.slow
def test_peers_are_calibrated_too():
    z = np.random.default_rng(1).standard_normal((1024, 128))
    found = peer_p_values(z, 0)
    assert set(found) == {peer.name for peer in PEERS if not peer.alone}
    # pingouin's log-normal p-value is no p-value in many dimensions.
    assert min(p for name, p in found.items() if "pingouin" not in name) > 1e-3


def test_peers_see_what_they_look_for():
    z = np.random.default_rng(6).standard_normal((1024, 16))
    exponential = z.copy()
    exponential[:, 0] = np.random.default_rng(3).exponential(size=1024) - 1
    flat = z * np.where(np.arange(16) < 2, 0.5, 1)
    for name, rows in (("Kolmogorov", exponential), ("Shapiro", exponential), ("rank", flat), ("sliced", 1.5 * z)):
        (peer,) = [peer for peer in PEERS if name in peer.name]
        assert peer.p_value(rows, 0) <= 0.05 < peer.p_value(z, 0), name


def test_a_peer_is_counted_on_the_samples_of_before(tmp_path, monkeypatch):
    """And forgotten when there are more samples, which it has not seen."""
    power = {"kind": "power", "law": "σ off by 2%", "n": 30, "dim": 2, "goal": 6}
    monkeypatch.setattr(audit, "audit_cells", lambda: [cell(), power])
    arguments = ["--output", str(tmp_path / "audit.json"), "--jobs", "1"]
    audit.main(arguments)
    before = read_json(tmp_path / "audit.json")["cells"]
    (rank,) = [peer for peer in PEERS if "rank" in peer.name]
    alone = Peer("energy (R)", rank.p_values, alone=True)
    monkeypatch.setattr(audit, "PEERS", (alone, rank))
    audit.main([*arguments, "--peer", "energy (R)"])
    null, counted = read_json(tmp_path / "audit.json")["cells"]
    assert null == before[0]
    assert counted["counts"].pop("energy (R)") == before[1]["counts"][rank.name]
    assert counted == before[1]
    audit.main([*arguments, "--peer", "energy (R)"])
    power["goal"] = 7
    audit.main(arguments)
    assert "energy (R)" not in read_json(tmp_path / "audit.json")["cells"][1]["counts"]


def test_times_of_peers_are_beside_the_battery(tmp_path, monkeypatch):
    """On the first law of a shape, of the peers that were counted there; an hour's work is not shorter than a blink's."""
    power = {"kind": "power", "law": "σ off by 2%", "n": 30, "dim": 2, "goal": 2}
    monkeypatch.setattr(audit, "audit_cells", lambda: [cell(), power, {**power, "law": "uniform"}])
    arguments = ["--output", str(tmp_path / "audit.json"), "--jobs", "1"]
    audit.main(arguments)
    audit.main([*arguments, "--times"])
    null, first, second = read_json(tmp_path / "audit.json")["cells"]
    assert "times" not in null
    assert "times" not in second
    assert set(first["times"]) == {peer.name for peer in PEERS if not peer.alone}
    assert first["times"]["Kolmogorov–Smirnov by coordinate, Bonferroni"] < 1
    again = read_json(tmp_path / "audit.json")
    audit.main(arguments)
    assert read_json(tmp_path / "audit.json") == again


def test_an_oracle_sees_the_directions_alone():
    (oracle,) = [peer for peer in PEERS if peer.is_told]
    shape = {"kind": "power", "law": "one exponential direction, rotated", "n": 500, "dim": 5, "trials": 3}
    assert measure_peer(shape, oracle) == [3, 3, 3]
    for law, told in TOLD.items():
        rng, other = (np.random.default_rng(2) for _ in range(2))
        z, same = rng.standard_normal((4000, 40)), other.standard_normal((4000, 40))
        directions, turned = told(other, same), HIGH_LAWS[law](rng, z)
        # What the oracle is told is a linear function of the rows that the battery sees.
        fitted = turned @ np.linalg.lstsq(turned, directions, rcond=None)[0]
        np.testing.assert_allclose(fitted, directions, atol=1e-10)


def test_a_peer_of_r_without_r(monkeypatch):
    (energy,) = [peer for peer in PEERS if peer.name == "energy (R)"]
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InvalidInputError, match="this peer needs R with its package energy; there is no Rscript here"):
        energy.p_value(np.random.default_rng(0).standard_normal((30, 2)), 0)


_NEEDS_R = pytest.mark.skipif(shutil.which("Rscript") is None, reason="needs R")


@_NEEDS_R
def test_samples_in_r_are_ours_row_by_row():
    """Whatever their shapes, in their order; an error is NaN, and ends nothing."""
    rng = np.random.default_rng(5)
    samples = [rng.standard_normal(shape) for shape in ((4, 3), (2, 5), (3, 3))]
    test = RTest("of place", "stats", "if (nrow(z) == 2) stop('no') else z[2, 3] - 10 * z[1, 2]")
    first, error, last = r_values(test, samples)
    assert first == pytest.approx(samples[0][1, 2] - 10 * samples[0][0, 1], rel=1e-12)
    assert np.isnan(error)
    assert last == pytest.approx(samples[2][1, 2] - 10 * samples[2][0, 1], rel=1e-12)


@_NEEDS_R
def test_r_says_what_stopped_it():
    with pytest.raises(
        InvalidInputError, match="(?s)R ended before it computed of nothing: .*there is no package called"
    ):
        list(r_values(RTest("of nothing", "nothing.of.this.name", "1"), [np.zeros((30, 2))]))


@_NEEDS_R
def test_statistics_of_r_are_calibrated_by_simulation():
    """And singular samples, errors and samples without an answer are no rejections."""
    rng = np.random.default_rng(7)
    normal, skewed = rng.standard_normal((200, 2)), rng.exponential(size=(200, 2))
    flat = normal * [1, 0]
    skewness = RTest("skewness", "stats", "max(abs(colMeans(scale(z)^3)))")
    assert r_p_values(skewness, [skewed, flat, normal])[:2] == [1 / 200, 1]
    assert r_p_values(skewness, [normal])[0] > 0.05
    given = RTest("given", "stats", "if (z[1, 1] > 0) 0.25 else NA", has_p_value=True)
    assert r_p_values(given, [np.abs(normal), -np.abs(normal)]) == [0.25, 1]


@pytest.mark.parametrize("package", sorted({test.package for test in R_TESTS}))
def test_each_test_of_a_package_sees_heavy_tails(package):
    """Of 400 rows with 2 degrees of freedom, in 3 dimensions, every published test rejects at 1/200; NaN would be no answer."""
    there = shutil.which("Rscript") and subprocess.run(
        ["Rscript", "-e", f"quit(status = !requireNamespace('{package}', quietly = TRUE))"], capture_output=True
    )
    if not there or there.returncode:
        pytest.skip(f"needs R with its package {package}")
    z = np.random.default_rng(8).standard_t(2, (400, 3))
    found = {test.name: r_p_values(test, [z])[0] for test in R_TESTS if test.package == package}
    assert max(found.values()) <= 1 / 200, found


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="needs R with its package energy")
def test_energy_alone_is_that_of_its_definition():
    """n (2 E|y − Z| − E|Z − Z′| − mean |y − y′|) of standardised rows y, in one dimension, where E|y − Z| is closed."""
    z = np.random.default_rng(3).exponential(size=(80, 1))
    y = (z - z.mean()) / z.std(ddof=1)
    to_normal = 2 * stats.norm.pdf(y) + y * (2 * stats.norm.cdf(y) - 1)
    expected = 80 * (2 * to_normal.mean() - 2 / np.sqrt(np.pi) - np.abs(y - y.T).mean())
    (energy,) = [test for test in R_TESTS if test.package == "energy"]
    assert next(r_values(energy, [z])) == pytest.approx(expected, rel=1e-9)


def test_rankme_is_that_of_its_definition():
    """Of orthogonal columns, exp of the entropy of their lengths' shares."""
    q = np.linalg.qr(np.random.default_rng(4).standard_normal((50, 3)))[0]
    shares = np.array([0.5, 0.3, 0.2])
    assert rankme(q * shares) == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))


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
