"""python benchmarks/saliency.py [--n 96] [--side 128] [--rounds 3] [--out results] [--device cuda]: maps in batches against maps one picture at a time, for both networks and every method.

The same pictures, in one process, in turn, after a round that is not counted; medians. Wanted: in batches at least 1.3 times as many pictures a second. `peak_mb` is by how much the process grows over `--many` pictures in batches, against `peak_mb_few` over fewer of them: memory must not
grow with the data set (but for the maps themselves, a few hundred bytes a picture). `fast` and `bounded` say whether both hold. The weights are random, which changes no time."""
import argparse, statistics, time
from pathlib import Path
import numpy as np
import pandas as pd
import torch
from common import keep, skin


FASTER, BOUND, ALLOWED_MB = 1.3, 1.25, 64.   # wanted: times as fast in batches; peak over many pictures at most so many times that over few, and so much more


class Pictures:
    "Batches of n pictures; of more than there are, again from the first."
    def __init__(self, x: torch.Tensor, bs: int, n: int | None = None): self.x, self.bs, self.n = x, bs, n or len(x)
    def __iter__(self):
        for k in range(0, self.n, self.bs): yield self.x[torch.arange(k, min(k + self.bs, self.n)) % len(self.x)],


def grown(work) -> float:
    "MB by which the process's peak lies above what it held before."
    Path("/proc/self/clear_refs").write_text("5")
    def status(key): return next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith(key))/1e3
    before = status("VmRSS"); work()
    return round(status("VmHWM") - before, 1)


def measure(n: int, side: int, bs: int, rounds: int, many: int, device: torch.device, methods: list[str] | None = None) -> pd.DataFrame:
    "One row a network and method."
    from melanoma_nb.core import seeded
    from melanoma_nb.maps import METHODS, Readable, map_layer, saliency_maps
    from melanoma_nb.networks import build_classifier
    from melanoma_nb.training import ARCHS
    x = torch.from_numpy(np.stack([skin(i, side, side) for i in range(n)])).permute(0, 3, 1, 2).float().div_(255).sub_(.5).div_(.25); rows = []
    for arch in ARCHS:
        layer, cells = map_layer(arch, side)
        with seeded(0): model = Readable(build_classifier(arch, "none"), arch).eval()
        for method in methods or METHODS:
            k = n if method != "occlusion" else min(n, max(bs, n//6))   # fifty passes a picture
            def rate(size): start = time.perf_counter(); saliency_maps(model, Pictures(x[:k], size), method, layer, device); return k/(time.perf_counter() - start)
            took = {size: [] for size in (bs, 1)}
            for r in range(rounds + 1):
                for size in took:
                    v = rate(size)
                    if r: took[size].append(v)
            single, batched = (statistics.median(took[size]) for size in (1, bs)); few_n, lot = (many//4, many) if method != "occlusion" else (2*bs, 4*bs)
            few, lots = (grown(lambda m=m: saliency_maps(model, Pictures(x, bs, m), method, layer, device)) for m in (few_n, lot))
            rows.append(dict(arch=arch, method=method, layer=layer if method != "occlusion" else "", cells=cells if method != "occlusion" else 8, side=side, batch=bs, n=k, single=round(single, 1), batched=round(batched, 1),
                gain=round(batched/single, 2), pictures_few=few_n, peak_mb_few=few, pictures_many=lot, peak_mb=lots, fast=batched/single >= FASTER, bounded=lots <= BOUND*few + ALLOWED_MB)); print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, value in dict(n=96, side=128, bs=32, rounds=3, many=512).items(): parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--methods", nargs="+", help="left out: all"); parser.add_argument("--device", default="cpu"); parser.add_argument("--out", type=Path); args = parser.parse_args()
    keep(measure(args.n, args.side, args.bs, args.rounds, args.many, torch.device(args.device), args.methods), args.out, "bench_saliency", 0)


if __name__ == "__main__": main()
