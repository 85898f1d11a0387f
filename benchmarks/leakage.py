"""python benchmarks/leakage.py [--out results] [--seeds 5] [--effects 0,.5,1]: what siblings of the test patients in the training set are worth to a network.

Synthetic patients of one skin tone with about 15 images each, as many malignant as benign ones (`leakage.demo_arguments`). One test set of 80 images of 40 patients; training sets of 200 images of which 160 are
siblings of the test images (all of the `same` class, `mixed`, or all of the `other`) or, `none`, as many images of 40 other patients. A row is a recipe, an epoch (the last, or the one that validation chose), a group effect and a
kind of siblings: the paired difference to `none` over all seeds, each of which draws anew what is trained on, and the mean accuracy on the training images after the last epoch, which says whether they were learned by heart.
Recipes: all weights finetuned for --epochs, or a frozen base whose last layer is trained five times as long on features that are computed once. Trainings are kept under runs/ and found again; Holm is over the whole table."""
import argparse, sys
from dataclasses import replace
from pathlib import Path
import pandas as pd
from common import keep

KEEP = ["recipe", "epoch", "group_effect", "siblings", "train_accuracy", "metric", "a", "b", "difference", "low", "high", "p", "p_holm", "n_tests", "level", "scope", "n", "n_groups", "n_differ", "n_malignant", "n_seeds", "sd_seeds", "detectable", "detectable_holm"]


def by_heart(study, seeds: range, **sizes) -> dict[str, float]:
    "Kind of siblings -> mean accuracy on the training images in the last epoch."
    from melanoma_nb.classification import cls_run
    from melanoma_nb.leakage import leakage_designs
    rows = [(k, pd.read_csv(cls_run(replace(study, images=d), "original", s)/"history.csv").train_accuracy.iloc[-1]) for s in seeds for k, d in leakage_designs(study.images, seed=s, **sizes).items()]
    return pd.DataFrame(rows, columns=["kind", "accuracy"]).groupby("kind").accuracy.mean().to_dict()

def sweep(profile, effects: list[float], seeds: range, recipes: dict[str, dict], n: int, difficulty: float, sizes: dict) -> pd.DataFrame:
    "All recipes, epochs, effects and kinds."
    from melanoma_nb.comparison import comparison_table
    from melanoma_nb.leakage import demo_arguments, leakage_data, leakage_table, trained_tables
    rows = []
    for name, recipe in recipes.items():
        for e in effects:
            study = leakage_data(replace(profile, **recipe), **demo_arguments(e, n, 0, difficulty, 15.))
            made = {epoch: trained_tables(study, seeds, last=epoch == "last", **sizes) for epoch in ("last", "best")}; learned = by_heart(study, seeds, **sizes)
            for epoch, tables in made.items():
                t = leakage_table({e: tables}, power=False)
                rows += [dict(recipe=name, epoch=epoch, train_accuracy=learned[r["siblings"]]) | r for r in t.to_dict("records")]
                print(name, e, epoch, *(f"{k} {100*d:+.1f}" for k, d in zip(t.siblings, t.difference)), file=sys.stderr, flush=True)
    return comparison_table(rows)[KEEP]

if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--effects", default="0,.5,1"); p.add_argument("--seeds", type=int, default=5); p.add_argument("--images", type=int, default=1500, help="to generate for each group effect")
    p.add_argument("--difficulty", type=float, default=.8); p.add_argument("--epochs", type=int, default=8); p.add_argument("--recipes", default="finetuned,base_frozen")
    p.add_argument("--groups", type=int, default=40, help="tested patients"); p.add_argument("--siblings", type=int, default=4); p.add_argument("--kinds", default="none,same,mixed,other"); p.add_argument("--device")
    p.add_argument("--out", type=Path, help="folder for leakage.csv"); a = p.parse_args()
    from melanoma_nb.core import get_profile, parse_list
    recipes = {k: dict(unfreeze=k, epochs=a.epochs*(1 if k == "finetuned" else 5)) for k in parse_list(a.recipes, str)}
    sizes = dict(kinds=parse_list(a.kinds, str), groups=a.groups, tests=2, siblings=a.siblings, base=40, valid=40)
    profile = get_profile("tiny", batch_size=16, device=a.device); table = sweep(profile, list(parse_list(a.effects, float)), range(a.seeds), recipes, a.images, a.difficulty, sizes)
    keep(table.round(4), a.out, "leakage", 0, images=a.images, difficulty=a.difficulty, epochs={k: r["epochs"] for k, r in recipes.items()}, design=sizes, effects=a.effects, seeds=a.seeds,
        **{k: getattr(profile, k) for k in ("arch", "weights", "image_size", "batch_size", "lr", "imbalance")})
