"""python benchmarks/tones.py [--out results]: how wrong a measured skin tone is, when it is withheld, and how many photographs a second are measured.

Synthetic photographs of known tone, all tones equally often, crowded with artefacts; a quarter of the lesions fill the frame. The thresholds are chosen on the first seed (tones_thresholds.csv)
and judged on the others (tones_error.csv), with the true masks, with spoiled ones, and at 224x224. Speed: one core, one thread (tones_speed.csv)."""
import argparse, sys, tempfile, time
from pathlib import Path
import cv2
import numpy as np
import pandas as pd
from common import keep

def drawn(folder: Path, n: int, seed: int) -> Path:
    "A crowded set, all tones equally often."
    from melanoma_nb.synthetic import make_demo, tone_table
    return make_demo(folder/f"seed{seed}", n_isic=0, n_ham=n, n_duplicates=0, seed=seed, prevalence=.3, fill_share=.25, hair_share=.6, ruler_share=.4, bubble_share=.5, dark_corner_share=.4,
                     ham_size=(320, 240), tone_weights={t: 1/18 for t in tone_table().index}, workers=1)

def errors(folder: Path, n: int, seeds: list[int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    "A row a seed and mask; and the true masks' measures of the first seed under other thresholds."
    from scipy.stats import spearmanr
    from melanoma_nb.tones import SPOIL, TONES, summarise_errors, tone_errors
    rows, other = [], []
    for seed in seeds:
        made = drawn(folder, n, seed)
        for how, size in [(k, None) for k in SPOIL] + [("true", (224, 224))]:
            t = tone_errors(made, how, size, workers=1); given = t[t.reason == ""]; true = given.skin_tone.map(TONES.index); there = given.ita.notna()
            rows.append(dict(seed=seed, masks=how, size=f"{size[1]}x{size[0]}" if size else "320x240") | summarise_errors(t)
                        | {f"spearman_{k}": spearmanr(true[there], v[there])[0] for k, v in dict(tone=given.tone_index, ita=given.ita, monk=-given.monk, L=given.L).items()})
            if seed == seeds[0] and how == "true" and not size:
                for name, values, tried in (("lesion_share", t.lesion_share, (.5, .55, .6, .65, .7, .8, .9)), ("uneven", t.uneven, (6, 8, 10, 12, 14))):
                    for x in tried:
                        no = values > x; left = t[~no & ~t.fills]
                        other.append(dict(seed=seed, measure=name, above=x, n=len(t), n_fills=int(t.fills.sum()), withheld_fills=no[t.fills].mean(), withheld_others=no[~t.fills].mean(), n_withheld_others=int(no[~t.fills].sum()),
                                          mean_error_withheld=t.error[no & ~t.fills].abs().mean(), mean_error_left=left.error.abs().mean()))
    return pd.DataFrame(rows).round(4), pd.DataFrame(other).round(4)

def speed(folder: Path, n: int, rounds: int) -> pd.DataFrame:
    "Photographs a second at 224x224, the median of several rounds; wall clock and the process's own time."
    from melanoma_nb import tones
    from melanoma_nb.skin import skin_mask
    from melanoma_nb.synthetic import read_bits
    cv2.setNumThreads(1); made, images = drawn(folder, n, 0), []
    for f in sorted(made.rglob("*.jpg"))[:n]:
        img, m = cv2.imread(str(f))[..., ::-1], read_bits(made, f.stem) & 1
        images.append((cv2.resize(img, (224, 224), interpolation=cv2.INTER_AREA), cv2.resize(m, (224, 224), interpolation=cv2.INTER_NEAREST) > 0))
    rows = []
    for name, f in (("skin_mask", skin_mask), ("measure_tone", tones.measure_tone)):
        wall, own = [], []
        for _ in range(rounds):
            a, b = time.perf_counter(), time.process_time(); [f(*i) for i in images]
            wall.append(len(images)/(time.perf_counter() - a)); own.append(len(images)/(time.process_time() - b))
        rows.append(dict(part=name, size="224x224", n=len(images), rounds=rounds, images_a_second=np.median(wall), slowest=min(wall), images_a_cpu_second=np.median(own)))
    return pd.DataFrame(rows).round(1)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=600, help="for each seed"); parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1]); parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", type=Path, help="folder where the photographs are kept, and found again; a temporary one else"); parser.add_argument("--only", choices=["error", "speed"]); parser.add_argument("--out", type=Path, help="folder for tones_error.csv, tones_thresholds.csv, tones_speed.csv and their .how.json")
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as d:
        if a.data: d, sys.argv = a.data, [x for x in sys.argv if x not in ("--data", str(a.data))]   # where they are kept is no part of the record
        if a.only != "speed":
            found, tried = errors(Path(d), a.images, a.seeds); more = dict(images_a_seed=a.images, seeds=a.seeds, size="320x240")
            keep(tried, a.out, "tones_thresholds", a.seeds[0], **more); keep(found, a.out, "tones_error", a.seeds[0], **more)
        if a.only != "error": keep(speed(Path(d), min(a.images, 120), a.rounds), a.out, "tones_speed", 0, threads=1)
