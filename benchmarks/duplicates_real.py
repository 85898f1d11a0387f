"""python benchmarks/duplicates_real.py [--least 0.75]: near duplicates among the real sample images, into results/duplicates_real.csv.

All pairs whose aligned correlation reaches `--least` are listed, those below the threshold too, so that one sees what lies on either side of it.
The column `looked` (same photograph | same lesion | different) is a person's verdict; it is kept from the table that is there, and empty for a new pair."""
import argparse, sys
from pathlib import Path
ROOT = Path(__file__).resolve().parents[1]; sys.path.insert(0, str(ROOT))
import numpy as np
import pandas as pd
from melanoma_nb.core import provenance, real_dir, write_json, writing
from melanoma_nb.duplicates import THRESHOLD, duplicate_summary, file_thumbnails, near_duplicates


def main(least: float) -> None:
    real = real_dir()
    if real is None: raise SystemExit("there is no folder of real images: set MELANOMA_NB_REAL")
    files = sorted(real.glob("*/images/*.jpg")); ids = [f.stem for f in files]; dataset = {f.stem: f.parents[1].name for f in files}
    pairs = near_duplicates(file_thumbnails(files), ids, threshold=least)
    pairs.insert(2, "datasets", [" × ".join(sorted({dataset[a], dataset[b]})) for a, b in zip(pairs.a, pairs.b)])
    pairs["linked"] = pairs.correlation >= THRESHOLD
    out = ROOT/"results"/"duplicates_real.csv"
    old = pd.read_csv(out).set_index(["a", "b"]).looked if out.exists() else pd.Series(dtype=object)
    pairs["looked"] = [old.get((a, b), "") for a, b in zip(pairs.a, pairs.b)]
    with writing(out) as tmp: pairs.to_csv(tmp, index=False)
    meta = pd.read_csv(real/"ham-224"/"HAM10000_metadata.csv").set_index("image_id").lesion_id
    p = provenance()
    write_json(out.with_suffix(".how.json"), dict(
        command=f"python benchmarks/duplicates_real.py --least {least}", seed=0, commit=p["commit"],
        versions=dict(p["versions"], python=p["python"]), hardware={k: p[k] for k in ("machine", "cores", "gpu")}, threshold=THRESHOLD,
        looked="by eye, both pictures side by side at 200 pixels", **duplicate_summary(pairs[pairs.linked], ids, meta)))
    print(pairs.groupby(["linked", "datasets", "looked"], dropna=False).size())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--least", type=float, default=.75, help="least aligned correlation that is listed")
    main(parser.parse_args().least)
