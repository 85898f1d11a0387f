"""python benchmarks/groups.py [--studies 2000] [--out results]: how often is a gap between skin tones claimed, where there is none and where there is one?

Studies with a known truth are judged by the whole procedure of `groups.gap`: four questions named beforehand and all 18 tones, any of which would be a claim. `claimed` has its exact
95 % interval; `naive` is 18 tests of single tones at 5 % that take images as independent; `held` is the share of intervals of the first question (A–C against the rest) that hold the truth.
In the rows of a change, two models are compared on the same images by the rule of `groups.gap_change`. `seconds` is the time of the row, on a machine that may have been busy."""
import argparse, sys, time
from pathlib import Path
import numpy as np
import pandas as pd
from common import keep
from melanoma_nb.evaluation import clopper_pearson
from melanoma_nb.groups import DARKEST, change_test, claim_rates, contrast_plan, holm_by_family, planted_luck, question_sides, tone_design
from melanoma_nb.tones import TONES
from melanoma_nb.synthetic import tone_shares

UNEQUAL = tuple(max(1, round(90*w)) for w in tone_shares().values())      # as tones are in the synthetic data: light ones are common
# name, melanomas a tone, images a cluster, clusters across tones, correlation within a cluster
DESIGNS = [("5 a tone", 5, 1, False, 0.), ("5 a tone, 2 a patient", 5, 2, False, .5), ("5 a tone, 2 a patient, nearly alike", 5, 2, False, .9), ("5 a tone, 2 a patient, across tones", 5, 2, True, .5),
    ("5 a tone, 5 a patient", 5, 5, False, .5), ("90 on unequal tones", UNEQUAL, 1, False, 0.), ("90 on unequal tones, 2 a patient", UNEQUAL, 2, False, .5)]
FORTY = [("40 a tone", 40, 1, False, 0.), ("40 a tone, 2 a patient", 40, 2, False, .5)]


def change_rates(label: np.ndarray, cluster: np.ndarray, first: tuple, second: tuple, icc: float, n_sets: int, seed: int) -> dict:
    "How often a change of a gap is claimed; `first` and `second` are the rates (rest, darkest three) of two models whose luck is their own."
    dark, plan = np.isin(label, DARKEST), [q for q in contrast_plan(TONES) if q.family == "predefined"]
    x, y = [(planted_luck(cluster, icc, n_sets, [seed, k]) < np.where(dark, r[1], r[0])[:, None]).astype(int) for k, r in enumerate((first, second))]
    p = np.array([[change_test(d, a, cluster, np.zeros(len(label), int))["p"] for d in (y - x).T.astype(float)] for a in question_sides(label, plan)])
    claimed = (holm_by_family(p, plan) < .05).any(0); low, high = clopper_pearson(claimed.sum(), n_sets)
    return dict(images=len(label), clusters=len(np.unique(cluster)), studies=n_sets, claimed=claimed.mean(), low=low, high=high)


def measure(n_sets: int, seed: int) -> pd.DataFrame:
    "One row a design and truth."
    rows = []
    def add(truth, design, judge, **more):
        name, per_tone, per_cluster, across, icc = design; start = time.perf_counter()
        found = judge(*tone_design(per_tone, per_cluster, across), icc)
        rows.append(dict(truth=truth, study=name, icc=icc) | more | found | dict(seconds=time.perf_counter() - start))
        print(f"{truth}, {name}: {rows[-1]['claimed']:.4f}, {rows[-1]['seconds']:.1f} s", file=sys.stderr, flush=True)
    def gaps(truth, design, rest, darkest): add(truth, design, lambda l, c, icc: claim_rates(l, c, rest, darkest, icc, n_sets, seed), rest=rest, darkest=darkest)
    for d in DESIGNS + FORTY:
        for rate in (.5, .7, .9): gaps("no gap", d, rate, rate)
    for d in FORTY:
        for rest in (.9, .7): gaps("gap of 40 points", d, rest, rest - .4)
    for d in DESIGNS[:2]:
        for darkest in (.7, .5): gaps(f"gap of {90 - round(100*darkest)} points", d, .9, darkest)
    for truth, first, second in (("change: none, no gap", (.9, .9), (.9, .9)), ("change: none, a gap of 40 points stays", (.9, .5), (.9, .5)), ("change: a gap of 40 points goes", (.9, .5), (.9, .9))):
        for d in (*DESIGNS[:2], *FORTY):
            add(truth, d, lambda l, c, icc: change_rates(l, c, first, second, icc, n_sets, seed), rest=first[0], darkest=first[1])
    return pd.DataFrame(rows).round(4)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--studies", type=int, default=2000, help="for each row"); parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for tone_claims.csv and .how.json")
    a = parser.parse_args()
    keep(measure(a.studies, a.seed), a.out, "tone_claims", a.seed, studies_a_row=a.studies)
