"""python benchmarks/duplicates_real.py [--least 0.77]: near duplicates among the real sample images, into results/duplicates_real.csv.

All pairs whose aligned correlation reaches `--least` are listed, those below the threshold too, so that one sees what lies on either side of it.
The column `looked` (same photograph | same lesion | different) is a person's verdict; it is kept from the table that is there, and empty for a new pair.
Of `--recall` photographs that are in no such pair (half from each set) copies are made, and searched among all of them: results/duplicates_real_recall.csv says how many are found."""
import argparse, sys
from pathlib import Path
ROOT = Path(__file__).resolve().parents[1]; sys.path.insert(0, str(ROOT))
import numpy as np
import pandas as pd
from melanoma_nb.core import provenance, real_dir, thread_map, write_json, writing
from melanoma_nb.photos import decode_image
from melanoma_nb.duplicates import SIDE, THRESHOLD, duplicate_summary, near_duplicates, recall_table, thumbnail


def how(command: str, seed: int, **more) -> dict:
    "What is written beside a table."
    p = provenance()
    return dict(command=command, seed=seed, commit=p["commit"], versions=dict(p["versions"], python=p["python"]),
                hardware={k: p[k] for k in ("machine", "cores", "gpu")}, **more)

def recall(files: list[Path], thumbs: np.ndarray, pairs: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    "Made copies of real photographs, found among all the others."
    rng, taken, rows = np.random.default_rng(seed), {*pairs.a, *pairs.b}, []
    for folder in sorted({f.parents[1] for f in files}):
        free = [i for i, f in enumerate(files) if f.parents[1] == folder and f.stem not in taken]
        rows += sorted(rng.choice(free, n//2, replace=False).tolist())
    rest = np.ones(len(files), bool); rest[rows] = False
    rest[[i for i, f in enumerate(files) if f.stem in taken]] = False       # what is like another by nature would count as a false pair
    rest &= rng.random(len(files)) < 2000/max(rest.sum(), 1)               # some 2,000 strangers
    return recall_table([decode_image(files[i].read_bytes()) for i in rows], seed, among=thumbs[rest]).assign(among=int(rest.sum())).round(4)


def main(least: float, n: int) -> None:
    real = real_dir()
    if real is None: raise SystemExit("there is no folder of real images: set MELANOMA_NB_REAL")
    files = sorted(real.glob("*/images/*.jpg")); ids = [f.stem for f in files]; dataset = {f.stem: f.parents[1].name for f in files}
    thumbs = np.stack(thread_map(lambda f: thumbnail(decode_image(f.read_bytes(), (2*SIDE, 2*SIDE))), files, "thumbnails"))   # as the audit makes them
    pairs = near_duplicates(thumbs, ids, threshold=least)
    pairs.insert(2, "datasets", [" × ".join(sorted({dataset[a], dataset[b]})) for a, b in zip(pairs.a, pairs.b)])
    pairs["linked"] = pairs.correlation >= THRESHOLD
    out = ROOT/"results"/"duplicates_real.csv"
    old = pd.read_csv(out).fillna("") if out.exists() else pd.DataFrame(dict(a=[], b=[], looked=[]))
    verdict = {frozenset(p): v for p, v in zip(zip(old.a, old.b), old.looked)}
    pairs["looked"] = [verdict.get(frozenset(p), "") for p in zip(pairs.a, pairs.b)]
    with writing(out) as tmp: pairs.to_csv(tmp, index=False)
    lesion = [pd.read_csv(real/f).set_index(c).lesion_id for f, c in (("ham-224/HAM10000_metadata.csv", "image_id"), ("lesions-512/ISIC_2019_Training_Metadata.csv", "image"))]
    meta = pd.concat(lesion).dropna()
    command = f"python benchmarks/duplicates_real.py --least {least} --recall {n}"
    write_json(out.with_suffix(".how.json"), how(command, 0, threshold=THRESHOLD, looked="by eye, both pictures side by side at 200 pixels",
                                                 **duplicate_summary(pairs[pairs.linked], ids, meta)))
    print(pairs.groupby(["linked", "datasets", "looked"], dropna=False).size())
    if n:
        table, found = recall(files, thumbs, pairs, n, seed=0), out.with_name("duplicates_real_recall.csv")
        with writing(found) as tmp: table.to_csv(tmp, index=False)
        write_json(found.with_suffix(".how.json"), how(command, 0, threshold=THRESHOLD)); print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--least", type=float, default=.77, help="least aligned correlation that is listed")
    parser.add_argument("--recall", type=int, default=200, help="photographs of which copies are made; 0: none")
    a = parser.parse_args(); main(a.least, a.recall)
