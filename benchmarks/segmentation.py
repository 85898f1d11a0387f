"""python benchmarks/segmentation.py [--n 96] [--times 3] [--out results]: how fast a segmentation network trains, and each stage of the pass that draws masks.

Training: images a second with and without channels_last, and in float32 and bfloat16. Mask pass (decode, network, and resize + cut + describe + pack), whole and stage
by stage, with the real network and with one that costs nothing; JPEGs of 512x512 through the small U-Net at 128x128, and of 600x450 through the report's at 576x448.
Variants take turns, the best of --times counts. On a GPU if there is one. Writes bench_segmentation.csv and its .how.json."""
import argparse, tempfile, time
from dataclasses import replace
from pathlib import Path
import cv2
import numpy as np
import pandas as pd
import torch
from torch import nn
from common import keep, skin, write_jpeg
from melanoma_nb.core import get_profile, pick_device
from melanoma_nb.data import Study
from melanoma_nb.masks import pass_rates
from melanoma_nb.segmentation import build_segmenter, seg_loss


class Free(nn.Module):
    "A network that costs nothing."
    def forward(self, x): return x[:, :1]


def training_rates(arch: str, size: tuple, bs: int, device: torch.device, channels_last: bool, half: bool, batches: int = 3) -> float:
    "Images a second, forward and backward and Adam."
    memory = torch.channels_last if channels_last else torch.contiguous_format
    net = build_segmenter(arch, "none").to(device).to(memory_format=memory).train(); opt, loss = torch.optim.Adam(net.parameters(), 1e-6), seg_loss("dice")
    x, y = torch.rand(bs, 3, *size, device=device).to(memory_format=memory), (torch.rand(bs, 1, *size, device=device) > .5).float()
    for i in range(batches + 1):
        if i == 1:
            if device.type == "cuda": torch.cuda.synchronize()
            start = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16, enabled=half): out = net(x)
        loss(out.float(), y).backward(); opt.step(); opt.zero_grad()
    if device.type == "cuda": torch.cuda.synchronize()
    return bs*batches/(time.perf_counter() - start)


def photographs(folder: Path, height: int, width: int, n: int) -> pd.DataFrame:
    "Rows of a study whose images are drawn."
    paths = [folder/f"{height}x{width}-{i}.jpg" for i in range(8)]
    for i, p in enumerate(paths): write_jpeg(p, skin(i, height, width))
    return pd.DataFrame(dict(image_id=[f"i{k}" for k in range(n)], path=[str(paths[k % 8]) for k in range(n)], height=height, width=width))


if __name__ == "__main__":
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--n", type=int, default=96); a.add_argument("--times", type=int, default=3); a.add_argument("--out", type=Path); a = a.parse_args()
    device, rows = pick_device(), []
    nets = {"tf_efficientnet_lite0": ((128, 128), 16), "unet": ((128, 128), 16)} | ({"densenet121": ((448, 576), 4)} if device.type == "cuda" else {"densenet121": ((128, 128), 16)})
    for arch, (size, bs) in nets.items():
        for i in range(a.times):
            for cl, half in ((True, False), (False, False), (True, True)):
                rows.append(dict(what="training", network=arch, size=f"{size[1]}x{size[0]}", stage=("channels_last" if cl else "contiguous") + (", bfloat16" if half else ", float32"),
                    images_per_s=training_rates(arch, size, bs, device, cl, half)))
    with tempfile.TemporaryDirectory() as d:
        for arch, size, (h, w), n in (("tf_efficientnet_lite0", (128, 128), (512, 512), a.n), ("densenet121", (448, 576), (450, 600), max(16, a.n//6))):
            df = photographs(Path(d), h, w, n); study = Study(replace(get_profile("paper"), seg_arch=arch, seg_size=size), df, df, Path(d), "", df)
            real = build_segmenter(arch, "none")
            for i in range(a.times):
                for name, net in (("real", real), ("none", Free())):
                    rows += [dict(what=f"mask pass, network {name}", network=arch, size=f"{size[1]}x{size[0]}", stage=k, images_per_s=v) for k, v in pass_rates(net, df, study).items()]
    t = pd.DataFrame(rows).groupby(["what", "network", "size", "stage"], sort=False).images_per_s.max().round(1).reset_index()
    keep(t, a.out, "bench_segmentation", 0, device=str(device), threads=torch.get_num_threads(), cv2_threads=cv2.getNumThreads(), images=a.n)
