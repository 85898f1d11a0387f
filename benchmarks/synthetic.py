"""python benchmarks/synthetic.py [--n 120] [--repeat 3] [--out results]: images a second that `make_demo` draws and writes at 600x450, photograph, mask and truth.

Prints each run and the best; --out puts the figures into synthetic_speed.csv of that folder and its `.how.json`. The aim is 15 images a second on two cores."""
import argparse, os, tempfile, time
from pathlib import Path
import pandas as pd
from melanoma_nb.core import provenance, write_json, writing
from melanoma_nb.synthetic import make_demo


def rate(n: int, seed: int) -> float:
    "Images a second of one set in the HAM10000 layout."
    with tempfile.TemporaryDirectory() as d:
        start = time.perf_counter()
        make_demo(Path(d)/"set", n_isic=0, n_ham=n, n_duplicates=0, seed=seed)
        return n/(time.perf_counter()-start)


if __name__ == "__main__":
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--n", type=int, default=120); a.add_argument("--repeat", type=int, default=3)
    a.add_argument("--out", type=Path); a = a.parse_args()
    os.environ["IN_TEST"] = "1"    # no progress bar
    rate(8, 99)                     # whatever is done once
    rates = [rate(a.n, s) for s in range(a.repeat)]
    print(f"600x450: {', '.join(f'{r:.1f}' for r in rates)} images/s, best {max(rates):.1f}, on {os.cpu_count()} cores")
    if a.out:
        folder, p = a.out, provenance(); folder.mkdir(parents=True, exist_ok=True)
        with writing(folder/"synthetic_speed.csv") as tmp:
            pd.DataFrame(dict(width=600, height=450, images=a.n, repeat=range(a.repeat), images_per_second=rates)).round(2).to_csv(tmp, index=False)
        write_json(folder/"synthetic_speed.how.json", dict(command=f"python benchmarks/synthetic.py --n {a.n} --repeat {a.repeat} --out results",
            seed=list(range(a.repeat)), commit=p["commit"], versions=p["versions"], hardware={k: p[k] for k in ("machine", "cores", "gpu")}))
