"""python benchmarks/coverage.py [--sets 1000] [--boot 1000] [--metadata DIR] [--out results]: do intervals hold what they promise?

Studies with a known truth (`simulate_answers`) are judged by resampling groups and by resampling images as if each stood alone. DIR holds ISIC 2020's ground truth and its list of
duplicates; only its group sizes are used. Without it the folder `metadata` of the real samples is taken, and without that those studies are left out. The last rows are trainings: both
models' accuracies vary from seed to seed around the same mean, and the question is how often a difference is claimed that is none."""
import argparse, sys, time
from pathlib import Path
import numpy as np
import pandas as pd
from common import keep
from melanoma_nb.comparison import bootstrap_p, coverage, simulate_answers, study_intervals
from melanoma_nb.core import real_dir
from melanoma_nb.evaluation import multiplicities

EQUAL = [.65, .10, .10, .15]     # both right, only the first, only the second, both wrong: two models that are right in 75 %
BLOCK = 250                      # studies held at a time


def isic2020(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    "Group (patient) and target of every image but the listed duplicates."
    t, pairs = pd.read_csv(folder/"ISIC_2020_Training_GroundTruth.csv"), pd.read_csv(folder/"ISIC_2020_Training_Duplicates.csv")
    t = t[~t.image_name.isin(pairs.image_name_2)]
    return t.patient_id.factorize()[0], t.target.to_numpy()


def judge(study: str, group: np.ndarray, target: np.ndarray, icc: float, metric: str, sets: int, boot: int, seed: int) -> list[dict]:
    "Coverage with groups and with images resampled, on the same studies."
    rows, start = [], time.perf_counter()
    for name, unit in (("groups", group), ("images", np.arange(len(group)))):
        found = pd.concat([study_intervals(simulate_answers(group, target, {0: EQUAL, 1: EQUAL}, icc, BLOCK, seed=[seed, k]), target, unit, metric, boot)
            for k in range(sets//BLOCK)])
        rows.append(dict(study=study, groups=len(np.unique(group)), images=len(group), melanomas=int(target.sum()), icc=icc, metric=metric, resampled=name, boot=boot)
            | coverage(found, value=EQUAL[0] + EQUAL[1]))
    print(f"{study}, {metric}, icc {icc}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return rows


def trainings(n_seeds: int, sets: int, boot: int, seed: int, n: int = 400, sd: float = .03) -> list[dict]:
    "n melanomas and n benign images; each training of each model has its own accuracy in each class, normal around 0.75 with this standard deviation."
    rng = np.random.default_rng([seed, n_seeds]); weights = np.concatenate(list(multiplicities(np.zeros(2*n, int), boot)))
    times = np.random.default_rng([0, 0, 1]).multinomial(n_seeds, [1/n_seeds]*n_seeds, boot)/n_seeds      # as `bootstrap_replicates` draws them
    fixed, drawn, value = 0., 0., 0.
    for part in (slice(0, n), slice(n, 2*n)):
        w = weights[:, part]/weights[:, part].sum(1, keepdims=True)
        for s in range(n_seeds):
            right = [(rng.random((n, sets)) < .75 + rng.normal(0, sd, sets)).astype(float) for _ in range(2)]
            d = w @ (right[1] - right[0])/2
            value, fixed, drawn = value + (right[1] - right[0]).mean(0)/2/n_seeds, fixed + d/n_seeds, drawn + times[:, s, None]*d
    def row(name, d):
        low, high = np.quantile(d, [.025, .975], axis=0)
        t = pd.DataFrame(dict(value=np.nan, low=np.nan, high=np.nan, difference=value, d_low=low, d_high=high, p=[bootstrap_p(c) for c in d.T]))
        return dict(study=f"{n_seeds} trainings a model", groups=2*n, images=2*n, melanomas=n, icc=0., metric="balanced_accuracy", resampled=name, boot=boot) | coverage(t, 0) | dict(value=np.nan)
    return [row("groups and seeds", drawn), row("groups", fixed)]


if __name__ == "__main__":
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--sets", type=int, default=1000, help=f"studies at ISIC 2020's sizes, a multiple of {BLOCK}; the small ones take four times as many"); a.add_argument("--boot", type=int, default=1000)
    a.add_argument("--seed", type=int, default=0); a.add_argument("--metadata", type=Path); a.add_argument("--out", type=Path); a = a.parse_args()
    if a.sets % BLOCK or a.sets < BLOCK: sys.exit(f"--sets must be a multiple of {BLOCK}")
    args, small = (a.sets, a.boot, a.seed), (4*a.sets, a.boot, a.seed)
    fours, ones = np.repeat(np.arange(40), 4), np.arange(160)
    rows = [*judge("40 groups of 4, half malignant", fours, (fours < 20).astype(int), .4, "balanced_accuracy", *small),
            *judge("40 groups of 4, a quarter malignant", fours, (fours < 10).astype(int), .4, "balanced_accuracy", *small),
            *judge("160 groups of 1", ones, (ones < 80).astype(int), 0., "balanced_accuracy", *small)]
    folder = a.metadata or (real_dir() and real_dir()/"metadata")
    if folder:
        group, target = isic2020(Path(folder))
        for metric, icc in (("sensitivity", .4), ("balanced_accuracy", .4), ("balanced_accuracy", .1)):
            rows += judge("ISIC 2020's patients", group, target, icc, metric, *args)
    else: print("left out: ISIC 2020's patients (no --metadata, no real samples)", file=sys.stderr)
    for n_seeds in (5, 10): rows += trainings(n_seeds, *args)
    keep(pd.DataFrame(rows).round(5), a.out, "coverage", a.seed)
