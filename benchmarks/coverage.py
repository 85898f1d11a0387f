"""python benchmarks/coverage.py [--sets 1000] [--boot 1000] [--metadata DIR] [--only trainings] [--out results]: do intervals hold what they promise?

Studies with a known truth (`simulate_answers`) are judged by resampling groups and by resampling images as if each stood alone. DIR holds ISIC 2020's ground truth and its list of
duplicates; only its group sizes are used. Without it the folder `metadata` of the real samples is taken, and without that those studies are left out. Two rows judge the very functions
on metrics without a closed form: the AUROC and the mean Dice, each with a paired difference that is none. The last rows are trainings: both models' accuracies vary from seed to seed
around the same mean, and the question is how often a difference is claimed that is none: with the seeds resampled and stretched, without the stretch, and with the networks as they are.
With --only trainings these rows alone are made, and the others are kept as they stand in the table under --out; its `.how.json` then says which call made those."""
import argparse, json, sys, time
from pathlib import Path
import numpy as np
import pandas as pd
from common import keep
from scipy.stats import norm
from melanoma_nb.comparison import bootstrap_p, compare, coverage, simulate_answers, study_intervals
from melanoma_nb.core import real_dir
from melanoma_nb.evaluation import bootstrap_interval, multiplicities, predictions_table, seed_stretch, simulate_predictions
from melanoma_nb.maskscores import compare_masks, mask_scores, mask_table, simulate_counts

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


def two_networks(k: int) -> list[pd.DataFrame]:
    "Predictions of two equal networks in study k: what is hard about an image is common to them, the rest (logit noise of 0.5) is each one's own."
    t, rng = simulate_predictions(40, 4, auroc=.85, share=.5, agreement=.4, seed=k), np.random.default_rng([k, 1])
    return [predictions_table(t.image_id, t.target, t.logit + rng.normal(0, .5, len(t)), "sim", t.group_id) for _ in range(2)]


def two_masks(k: int) -> list[pd.DataFrame]:
    "Pixel counts of two equal networks on the same lesions in study k."
    return [simulate_counts(40, 4, agreement=.4, seed=s, lesions=1 + k) for s in range(2)]


def judge_tables(metric: str, make, interval, pair, truth: float, sets: int, boot: int, seed: int) -> dict:
    "Coverage of `interval` of the first table and of `pair` of the two, over studies from `make`."
    found, start = [], time.perf_counter()
    for k in range(seed*sets, (seed + 1)*sets):
        a, b = make(k); one, two = interval(a).iloc[0], pair(a, b).iloc[0]
        found.append(dict(value=one.value, low=one.low, high=one.high, difference=two.difference, d_low=two.low, d_high=two.high, p=two.p))
    print(f"{metric}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return dict(study="40 groups of 4", groups=a.group_id.nunique(), images=len(a), melanomas=int(a.target.sum()) if "target" in a else np.nan, icc=.4, metric=metric,
        resampled="groups", boot=boot) | coverage(pd.DataFrame(found), truth)


def trainings(n_seeds: int, sd: float, sets: int, boot: int, seed: int, n: int = 400) -> list[dict]:
    "n melanomas and n benign images; each training of each model has its own accuracy in each class, normal around 0.75 with this standard deviation."
    rng = np.random.default_rng([seed, n_seeds]); weights = np.concatenate(list(multiplicities(np.zeros(2*n, int), boot)))
    often = np.random.default_rng([0, 0, 1]).multinomial(n_seeds, [1/n_seeds]*n_seeds, boot)
    times = (1 + seed_stretch(n_seeds)*(often - 1))/n_seeds                                                # as `bootstrap_replicates` draws them
    fixed, drawn, plain, value = 0., 0., 0., 0.
    for part in (slice(0, n), slice(n, 2*n)):
        w = weights[:, part]/weights[:, part].sum(1, keepdims=True)
        for s in range(n_seeds):
            right = [(rng.random((n, sets)) < .75 + rng.normal(0, sd, sets)).astype(float) for _ in range(2)]
            d = w @ (right[1] - right[0])/2
            value, fixed = value + (right[1] - right[0]).mean(0)/2/n_seeds, fixed + d/n_seeds
            drawn, plain = drawn + times[:, s, None]*d, plain + often[:, s, None]/n_seeds*d
    def row(name, d):
        low, high = np.quantile(d, [.025, .975], axis=0)
        t = pd.DataFrame(dict(value=np.nan, low=np.nan, high=np.nan, difference=value, d_low=low, d_high=high, p=[bootstrap_p(c) for c in d.T]))
        return dict(study=f"{n_seeds} trainings a model, sd {sd}", groups=2*n, images=2*n, melanomas=n, icc=0., metric="balanced_accuracy", resampled=name, boot=boot) | coverage(t, 0) | dict(value_held=np.nan, value_width=np.nan)
    return [row("groups and seeds", drawn), row("groups and seeds, not stretched", plain), row("groups", fixed)]


def all_but_trainings(a) -> list[dict]:
    "The rows of groups, and of the functions themselves."
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
    return rows + [judge_tables("auroc", two_networks, lambda t: bootstrap_interval(t, "auroc", n_boot=a.boot), lambda x, y: compare(x, y, "auroc", n_boot=a.boot),
            norm.cdf(norm.ppf(.85)/np.sqrt(1 + .5**2)), *args),
        judge_tables("dice", two_masks, lambda t: mask_table(t, n_boot=a.boot), lambda x, y: compare_masks(x, y, n_boot=a.boot),
            mask_scores(simulate_counts(100_000, 1)).dice.mean(), *args)]


def kept_rows(out: Path) -> tuple[list[dict], dict]:
    "The rows of the table under `out` that are not of trainings, and which call made them."
    t, how = pd.read_csv(out/"coverage.csv"), json.loads((out/"coverage.how.json").read_text())
    return t[~t.study.str.contains("trainings")].to_dict("records"), how.get("other_rows") or {k: how[k] for k in ("command", "seed", "commit", "hardware")}


if __name__ == "__main__":
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--sets", type=int, default=1000, help=f"studies at ISIC 2020's sizes, a multiple of {BLOCK}; the small ones take four times as many"); a.add_argument("--boot", type=int, default=1000)
    a.add_argument("--seed", type=int, default=0); a.add_argument("--metadata", type=Path); a.add_argument("--only", choices=["trainings"]); a.add_argument("--out", type=Path); a = a.parse_args()
    if a.sets % BLOCK or a.sets < BLOCK: sys.exit(f"--sets must be a multiple of {BLOCK}")
    if a.only and not (a.out and (a.out/"coverage.csv").is_file()): sys.exit("--only trainings needs --out with a coverage.csv, whose other rows are kept")
    rows, other = kept_rows(a.out) if a.only else (all_but_trainings(a), None)
    for sd, which in ((.03, (0, 1, 2)), (.1, (0, 1)), (.2, (0, 1))):
        for n_seeds in (5, 10):
            made = trainings(n_seeds, sd, a.sets, a.boot, a.seed); rows += [made[k] for k in which]
    more = dict(rows_of_this_call="trainings", other_rows=other) if a.only else {}
    keep(pd.DataFrame(rows).round(5), a.out, "coverage", a.seed, truth="two models that are right in 75 % of each class: both 65 %, one alone 10 % each", **more)
