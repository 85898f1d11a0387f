"""python benchmarks/three_way.py PREDICTED EXPERT [--out results/NAME] (with MELANOMA_NB_DATA=DIR): the same images whole, cut by predicted masks, and cut by experts' masks.

PREDICTED and EXPERT are folders of results with rows 3 and 4, or with a folder fold-I for each of several folds, made alike but for mask_source, for instance by
papermill nbs/05_ablation.ipynb … -p profile laptop -p datasets lesions-512 -p seg_datasets lesions-512,ham-224 -p mask_source expert -p rows 3,4 -p fold 0 -p results EXPERT/fold-0
Row 3 is the same network in both. Asked, as one family: does cutting help with either kind of mask, and are experts' masks the better ones?"""
import argparse
from dataclasses import replace
from pathlib import Path
import pandas as pd
from common import keep


def folds_of(folder: Path) -> dict[int, Path]:
    "Fold -> folder with its logits."
    from melanoma_nb.ablation import read_logits
    found = [d for d in sorted(folder.glob("fold-*")) if (d/"logits.csv").is_file()] or [folder]
    return {int(read_logits(d.resolve()).fold.iloc[0]): d.resolve() for d in found}


def main() -> None:
    from melanoma_nb.ablation import kept_tables
    from melanoma_nb.core import get_profile
    from melanoma_nb.data import open_study
    from melanoma_nb.evaluation import metrics_table
    from melanoma_nb.findings import Question, ask
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0]); p.add_argument("predicted", type=Path); p.add_argument("expert", type=Path); p.add_argument("--profile", default="laptop")
    p.add_argument("--datasets", default="lesions-512"); p.add_argument("--seg-datasets", default="lesions-512,ham-224"); p.add_argument("--out", type=Path, help="folder for three_way.csv and three_way_scores.csv"); args = p.parse_args()
    profile = get_profile(args.profile, datasets=args.datasets, seg_datasets=args.seg_datasets); sides = {k: folds_of(f) for k, f in (("predicted", args.predicted), ("expert", args.expert))}
    if set(sides["predicted"]) != set(sides["expert"]): raise SystemExit(f"folds {sorted(sides['predicted'])} and {sorted(sides['expert'])}: both need the same")
    parts = {"original": [], "predicted": [], "expert": []}
    for f in sorted(sides["predicted"]):
        study = open_study(replace(profile, fold=f)); got = {k: kept_tables(d[f], study) for k, d in sides.items()}
        if (gap := (got["predicted"]["3"].logit - got["expert"]["3"].logit).abs().max()) > 1e-9: raise SystemExit(f"fold {f}: row 3 differs by {gap:.3g} between the two folders: they are not of one training")
        for k, t in (("original", got["predicted"]["3"]), ("predicted", got["predicted"]["4"]), ("expert", got["expert"]["4"])): parts[k].append(t)
    tables = {k: pd.concat(v, ignore_index=True) for k, v in parts.items()}
    asked = [Question(f"{b} against {a}", (a,), (b,)) for a, b in (("original", "predicted"), ("original", "expert"), ("predicted", "expert"))]
    found, scores = ask(tables, asked), metrics_table(tables, n_boot=profile.n_boot)
    for name, t in (("three_way", found), ("three_way_scores", scores)): keep(t, args.out, name, seed=0, folds=sorted(sides["predicted"]), datasets=args.datasets)


if __name__ == "__main__": main()
