"""python benchmarks/skin.py [--out results]: how much of what `skin.skin_mask` selects is skin, on synthetic photographs whose every pixel is known.

A set for each difficulty, all tones equally often, crowded with artefacts; the true lesion mask, and the same eroded, as a network's that misses the rim. Interval: 95 %, resampling images."""
import argparse, tempfile
from pathlib import Path
import numpy as np
import pandas as pd
from common import keep

def interval(x: np.ndarray, seed: int) -> tuple[float, float]:
    "95 % of the mean of `x`, resampling its values."
    x = x[np.isfinite(x)]
    return tuple(np.percentile(np.random.default_rng(seed).choice(x, (2000, len(x))).mean(1), [2.5, 97.5]))

def measure(n: int, seed: int, difficulties: list[float], shrinks: list[float]) -> pd.DataFrame:
    "One row a difficulty, mask and third of the tones."
    from melanoma_nb.skin import THIRDS, score_set, summarise_scores
    from melanoma_nb.synthetic import make_demo, tone_table
    tones, rows = {t: 1/18 for t in tone_table().index}, []
    for difficulty in difficulties:
        with tempfile.TemporaryDirectory() as d:
            folder = make_demo(Path(d)/"made", n_isic=0, n_ham=n, n_duplicates=0, seed=seed, prevalence=.3, difficulty=difficulty,
                               hair_share=.6, ruler_share=.4, bubble_share=.5, dark_corner_share=.4, tone_weights=tones, workers=1)
            for shrink in shrinks:
                scores = score_set(folder, shrink); third = scores.skin_tone.map({t: k for k, s in THIRDS.items() for t in s})
                table = summarise_scores(scores).reindex(list(THIRDS))
                for k, r in table.iterrows():
                    low, high = interval(scores.precision[third == k].to_numpy(), seed)
                    rows.append(dict(tones=k, difficulty=difficulty, shrink=shrink, seed=seed, n=int(r.n), none=int(r.none), precision=r.precision, low=low, high=high)
                                | {c: r[c] for c in ("precision_10", "outside", "recall", "delta_e", "delta_e_90")})
    return pd.DataFrame(rows).round(4)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=180, help="for each difficulty"); parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for skin_selection.csv and .how.json")
    a = parser.parse_args()
    keep(measure(a.images, a.seed, [0., .5, 1.], [0., .03]), a.out, "skin_selection", a.seed, images_a_difficulty=a.images, size="600x450")
