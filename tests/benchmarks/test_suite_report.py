"""The report of the benchmark suite on results made up by hand."""

import json

import numpy as np
import pytest

from benchmarks.suite.inference import (
    average,
    friedman,
    mean_ranks,
    nemenyi_distance,
    paired,
    shares_won,
)
from benchmarks.suite.peers import PEERS
from benchmarks.suite.problems import PROBLEMS
from benchmarks.suite.report import boards, report
from benchmarks.suite.results import N_MAX, Scale, incumbents, load_results
from benchmarks.suite.run import one_run
from benchmarks.suite.tables import csv_table


def test_the_incumbent_is_chosen_by_what_was_observed_and_counts_without_noise():
    assert incumbents([1.0, 3.0, 2.0, 3.0], [0.5, 0.2, 2.0, 0.9]).tolist() == [0.5, 0.2, 0.2, 0.9]


def test_normalised_score_is_0_at_the_median_and_1_at_the_best_and_has_a_floor():
    scale = Scale(median=2.0, best=6.0, random_scores=np.array([1.0, 2.0, 3.0]))
    assert scale.normalised(np.array([2.0, 6.0, 4.0, -1e6])).tolist() == [0.0, 1.0, 0.5, -1.0]


def test_worth_is_one_over_the_share_of_random_candidates_as_good():
    scale = Scale(0.0, 1.0, np.arange(100.0))
    # As good as 90: ten of a hundred. As good as 99.5: none, which counts as half a candidate.
    assert scale.worth(np.array([90.0, 99.5, -1.0])).tolist() == [10.0, 200.0, 1.0]


def test_average_has_the_standard_error_of_stratified_seeds():
    samples = [np.array([0.0, 2.0]), np.array([1.0, 1.0, 4.0, 2.0])]
    estimate = average(samples)
    assert estimate.mean == pytest.approx((1.0 + 2.0) / 2)
    # variances 2 / 2 and 2 / 4, their sum over 2 squared
    assert estimate.half == pytest.approx(1.959964 * np.sqrt(1.5) / 2, rel=1e-6)


def test_ranks_share_ties_and_use_common_seeds_only():
    first = [{0: 0.9, 1: 0.5, 2: 1.0}, {0: 0.1, 1: 0.5}]
    ranks, n_pairs = mean_ranks([first])
    assert ranks.tolist() == [1.25, 1.75]  # (1 + 1.5) / 2
    assert n_pairs == 2


def test_problems_won_are_shared_by_equals():
    assert shares_won(np.array([[0.5, 0.5, 0.1], [0.2, 0.9, 0.1]])).tolist() == [0.25, 0.75, 0.0]


@pytest.mark.parametrize(
    ("n_peers", "q"), [(2, 1.960), (3, 2.343), (5, 2.728), (10, 3.164)]
)  # Demšar (2006), table 5(a)
def test_nemenyi_distance_has_the_quantiles_of_the_book(n_peers, q):
    distance = nemenyi_distance(n_peers, n_problems=1)
    assert distance == pytest.approx(q * np.sqrt(n_peers * (n_peers + 1) / 6), abs=2e-3)


def test_friedman_tells_a_steady_winner_from_chance():
    rng = np.random.default_rng(0)
    noise = rng.random((20, 4))
    steady = noise + np.array([2.0, 0.0, 0.0, 0.0])
    assert friedman(noise).p_value > 0.05
    test = friedman(steady)
    assert test.p_value < 1e-4
    assert test.mean_ranks[0] == 1.0
    assert friedman(noise[:, :2]) is None


def test_paired_compares_the_same_seeds():
    ours = [{0: 0.5, 1: 0.7, 7: 9.0}, {0: 0.4}, {3: 1.0}]
    theirs = [{0: 0.4, 1: 0.4}, {0: 0.4}, {}]
    test = paired(ours, theirs)
    assert (test.n_problems, test.n_pairs) == (2, 3)
    assert test.over_seeds.mean == pytest.approx((0.2 + 0.0) / 2)
    assert paired([{0: 1.0}], [{1: 1.0}]) is None


def record(peer, problem, seed, scores, budget, error=None):
    seconds = [0.001] * len(scores)
    clocks = dict.fromkeys(("ask_s", "tell_s", "ask_cpu", "tell_cpu"), seconds)
    head = {"peer": peer, "problem": problem, "seed": seed, "budget": budget, "error": error}
    return head | {"scores": scores, "true": scores} | clocks


@pytest.fixture
def results(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "reference").mkdir()
    rng = np.random.default_rng(0)
    for name in ("camel", "levy4"):
        draws = rng.uniform(-10, 0, 400).tolist()
        reference = {"best_known": 1.0, "median_random": -5.0, "random_scores": draws}
        (tmp_path / "reference" / f"{name}.json").write_text(json.dumps(reference))
    up = np.linspace(-5, 1, 50).tolist()
    lines = [record("skbayes", n, s, up, 50) for n in ("camel", "levy4") for s in (0, 1)]
    lines += [
        record("skbayes", "camel", 0, up[:20], 20),  # shorter: not counted
        record("stopped", "camel", 0, [-2.0] * 20, 50, "stopped after 10 s"),
        record("broken", "camel", 0, [-2.0] * 20, 50, "ValueError: no"),
        record("broken", "camel", 1, [], 50, "ValueError: no"),
    ]
    text = "\n".join(map(json.dumps, lines)) + '\n{"peer": "cut sho'
    (tmp_path / "runs" / "all.jsonl").write_text(text)
    return load_results([tmp_path / "runs"], tmp_path / "reference", {})


def test_runs_count_as_far_as_their_budget_goes(results):
    assert results.scores("skbayes", "camel", 50) == {0: 1.0, 1: 1.0}
    assert results.scores("skbayes", "camel", 51) == {}
    assert results.scores("skbayes", "camel", 1) == {0: 0.0, 1: 0.0}
    assert results.scores("stopped", "camel", 20) == {0: 0.5}
    assert results.scores("stopped", "camel", 21) == {}
    assert results.scores("broken", "camel", 50) == {0: 0.5}  # it had its chance
    assert results.scores("broken", "camel", 51) == {}


def test_random_search_is_replayed_from_the_reference(results):
    draws = results.scales["levy4"].random_scores[:N_MAX]
    found = results.scores("random", "levy4", N_MAX)
    assert found[0] == pytest.approx((draws.max() + 5) / 6)
    assert len(found) == 400 // N_MAX


def test_there_is_a_board_for_each_set_of_problems(results):
    everyone = ["broken", "random", "skbayes", "stopped"]
    assert boards(results) == [
        (["random", "skbayes"], ["camel", "levy4"]),
        (everyone, ["camel"]),
    ]


def test_the_report_shows_means_and_gaps(results):
    text = report(results, "skbayes")
    ours = next(row for row in text.splitlines() if row.startswith("   skbayes;"))
    # after 15, 25 and 50 of 50 even steps, in 49ths; no run has 100
    cells = [cell.strip() for cell in ours.split(";")[1:6]]
    assert cells == ["2", "0.286 ± 0.000", "0.490 ± 0.000", "1.000 ± 0.000", "–"]
    assert "ValueError: no" in text


def test_a_table_has_a_line_for_each_row():
    assert csv_table("T", ["a", "b"], [["1", ""]]) == (
        ".. csv-table:: T\n   :header-rows: 1\n   :delim: ;\n\n   a; b\n   1;  \n"
    )


def test_a_run_repeats_for_its_seed_and_records_every_evaluation():
    problem = PROBLEMS["noisy_hartmann3"]
    first, second = (one_run(PEERS["random"], problem, 4, 12) for _ in range(2))
    assert first["scores"] == second["scores"] != first["true"]
    assert len(first["ask_cpu"]) == len(first["tell_s"]) == len(first["true"]) == 12
    assert one_run(PEERS["random"], problem, 5, 12)["scores"] != first["scores"]


def test_a_peer_that_fails_keeps_what_it_had():
    class Failing(PEERS["random"]):
        def tell(self, params, score, fold_scores=()):
            raise RuntimeError("enough")

    found = one_run(Failing, PROBLEMS["camel"], 0, 5)
    assert found["error"] == "RuntimeError: enough"
    assert len(found["scores"]) == 1
