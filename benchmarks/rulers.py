"""python benchmarks/rulers.py [--out results] [--images 2000] [--seeds 3]: do saliency maps show that a network goes by the ruler beside the lesion?

Three sets of the same synthetic lesions (`rulers.ruler_arguments`): a ruler on every melanoma (confounded), on every benign lesion instead (swapped), on half of all (off). --seeds networks are trained on the first and on the last set, all weights finetuned from ImageNet's.
A row is a condition (what was trained on) and a method of maps: the lift on the ruler's true pixels of the test photographs that show one, its interval and verdict (fixed beforehand, see `rulers.lift_verdict`), the lift near the ruler and at random places; and beside it, the same in all rows of a
condition, the AUROC on the test images of its own set, with rulers on the melanomas, and with rulers on the benign lesions. Trainings and maps are kept under runs/ and found again."""
import argparse, sys
from pathlib import Path
import pandas as pd
from common import keep


def ruler_run(profile, n: int, seeds: range, difficulty: float, layer: str | None) -> pd.DataFrame:
    "Everything, one condition after the other."
    from melanoma_nb.maps import METHODS, map_layer
    from melanoma_nb.rulers import TRAINED, ruler_scores, ruler_studies, rulers_table, set_predictions
    studies, scores, predictions = ruler_studies(profile, n=n, difficulty=difficulty), {}, {}
    for k in TRAINED:
        predictions[k] = set_predictions(studies[k], studies, seeds); scores[k] = [ruler_scores(studies[k], seeds, m, layer=layer) for m in METHODS]
        print(k, *(f"{t.method[0]} {t.lift.mean():.2f}" for t in scores[k]), file=sys.stderr, flush=True)
    where = map_layer(profile.arch, profile.image_size, layer)[0]
    return rulers_table(scores, predictions, {m: where for m in METHODS if m != "occlusion"}, profile.n_boot)

if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--images", type=int, default=2000, help="of each set"); p.add_argument("--seeds", type=int, default=3, help="networks of each condition"); p.add_argument("--difficulty", type=float, default=.85)
    p.add_argument("--epochs", type=int, default=5); p.add_argument("--size", type=int, default=128, help="side of the network's input, pixels"); p.add_argument("--layer", help="where maps are read; left out: the last with enough cells"); p.add_argument("--device")
    p.add_argument("--out", type=Path, help="folder for rulers.csv"); a = p.parse_args()
    from melanoma_nb.core import get_profile
    from melanoma_nb.rulers import ruler_recipe, what_rulers_show
    profile = ruler_recipe(get_profile("tiny"), image_size=a.size, epochs=a.epochs, n_boot=10_000, device=a.device)
    table = ruler_run(profile, a.images, range(a.seeds), a.difficulty, a.layer)
    keep(table.round(4), a.out, "rulers", 0, images=a.images, seeds=a.seeds, difficulty=a.difficulty, epochs=a.epochs, image_size=a.size)
    print(what_rulers_show(table))
