"""python benchmarks/segmentation_real.py [--out results/real] [--folds 0,1,2,3,4] [--second unet --second-fold 0] [--pair-set NAME=VALUE …]
    [--profile laptop] [--set NAME=VALUE …]: masks of real lesions, judged.

The profile laptop wants `lesions-512` and `ham-224` in $MELANOMA_NB_DATA. Trains the segmentation networks of the folds, or finds them where `make real` left them; judges
every image by a network that never saw its group; does the same with test-time flips; trains the second network on one fold and compares the two. A process that was
broken off goes on from its last epoch. --set changes a field of the profile, for instance seg_epochs=8; --pair-set changes it for the comparison of two networks
only, for both of them (the report's U-Net is slow on a CPU: --pair-set seg_epochs=5). --folds "" makes the comparison alone. Prints as it goes; --out keeps the tables:
segmentation_scores (all, by fold, diagnosis and lesion area), segmentation_gain (against the constant mask, and flips against none), segmentation_table3 (the top of the
report's Table 3), segmentation_pair (two networks, scores and shapes) and segmentation_pair_table3."""
import argparse, sys, time
from dataclasses import asdict, replace
from pathlib import Path
import pandas as pd
from common import keep, typed
from melanoma_nb.comparison import comparison_table
from melanoma_nb.core import get_profile, read_json
from melanoma_nb.data import open_study
from melanoma_nb.maskreport import compare_shapes, judge_run, lesion_table, table3_top
from melanoma_nb.maskscores import SCORES, compare_masks, mask_table
from melanoma_nb.segmentation import seg_run, test_part

START = time.time()


def say(text: str) -> None: print(f"[{(time.time()-START)/60:6.1f} min] {text}", flush=True)


def folds_of(study, folds: list[int], what: str) -> tuple[list[Path], list[Path]]:
    "Runs and judged runs of some folds, with a line each."
    runs, judged = [], []
    for f in folds:
        runs.append(seg_run(study, f)); judged.append(judge_run(study, f))
        m, h = read_json(judged[-1]/"metrics.json")["test"], pd.read_csv(runs[-1]/"history.csv")
        say(f"{what}, fold {f}: Dice {m['dice']:.4f}, n = {m['n']}, epoch {read_json(runs[-1]/'metrics.json')['best_epoch']['epoch']+1} of {len(h)}, trained in {h.seconds.sum()/60:.1f} min")
    return runs, judged


if __name__ == "__main__":
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--out", type=Path); a.add_argument("--folds", default="0,1,2,3,4"); a.add_argument("--n-boot", type=int, default=10_000)
    a.add_argument("--second", default="unet", help="seg_arch of the second network; empty: none"); a.add_argument("--second-fold", type=int, default=0)
    a.add_argument("--pair-set", action="append", default=[], metavar="NAME=VALUE"); a.add_argument("--profile", default="laptop"); a.add_argument("--set", action="append", default=[], metavar="NAME=VALUE"); a = a.parse_args()
    profile = get_profile(a.profile, **dict(map(typed, a.set))); folds = [int(f) for f in a.folds.split(",") if f]
    study = open_study(profile); say(f"{len(study.rows(profile.seg_datasets, masks=True))} images with masks; {profile.seg_arch} at {profile.seg_size}, {profile.seg_epochs} epochs")
    def seconds(runs): return {r.name: round(float(pd.read_csv(r/"history.csv").seconds.sum())) for r in runs}
    def write(more, **tables):
        for name, t in tables.items(): say(name); keep(t, a.out, name, 0, split=study.split_hash, **more)
    if folds:
        runs, judged = folds_of(study, folds, profile.seg_arch)
        counts, const = test_part(judged), test_part(runs, "counts_constant")
        scores = [lesion_table(counts, study.images, a.n_boot)]
        scores += [mask_table(counts, "fold", n_boot=a.n_boot).rename(columns=dict(fold="name")).assign(by="fold")] if len(folds) > 1 else []
        scores += [mask_table(const, n_boot=a.n_boot).assign(by="constant mask", name="all")]
        other = replace(study, profile=replace(profile, mask_flips=not profile.mask_flips))
        looks = [counts, test_part([judge_run(other, f) for f in folds])][::-1 if profile.mask_flips else 1]
        say("judged with and without test-time flips")
        gains = [compare_masks(x, y, list(SCORES), n_boot=a.n_boot).assign(a_is=p, b_is=q) for x, y, p, q in (
            (const, counts, "constant mask", profile.seg_arch), (*looks, "one look", "four looks"))]
        write(dict(profile=asdict(profile), runs=seconds(runs)), segmentation_scores=pd.concat(scores, ignore_index=True), segmentation_gain=comparison_table(pd.concat(gains).to_dict("records")),
              segmentation_table3=table3_top({profile.seg_arch: judged}, a.n_boot))   # kept before the second network, which may take long
    if a.second:
        ours = replace(study, profile=replace(profile, **dict(map(typed, a.pair_set)))); rival = replace(ours, profile=replace(ours.profile, seg_arch=a.second))
        first_runs, first = folds_of(ours, [a.second_fold], profile.seg_arch); second_runs, second = folds_of(rival, [a.second_fold], a.second)
        pair = [compare_masks(test_part(second), test_part(first), list(SCORES), n_boot=a.n_boot),
                compare_shapes(test_part(second, "shapes"), test_part(first, "shapes"), n_boot=a.n_boot)]
        write(dict(runs=seconds(first_runs + second_runs), profile=asdict(ours.profile), fold=a.second_fold), segmentation_pair=comparison_table(pd.concat(pair).assign(a_is=a.second, b_is=profile.seg_arch).to_dict("records")),
              segmentation_pair_table3=table3_top({a.second: second, profile.seg_arch: first}, a.n_boot))
