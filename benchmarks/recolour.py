"""python benchmarks/recolour.py rules|speed [--real FOLDER] [--out results]: does recolouring keep its rules, and how fast is it?

rules: the four rules of `recolour.shift_rules`, every photograph on all 18 tones, by how far the tone is from the photograph's own and by tone; synthetic photographs crowded with artefacts,
and with --real also photographs with experts' masks, which are a table of their own (recolour_rules_real.csv): without --real it is left as it is. A second part compares where the shift may fade. speed: recolourings a second of one core at 224x224, from a frame that is decoded."""
import argparse, tempfile, time
from pathlib import Path
import cv2
import numpy as np
import pandas as pd
from common import keep

SIDE, BANDS = 224, dict(zip((1, 3, 6, 9, 17), ("0-1", "2-3", "4-6", "7-9", "10-17")))

def synthetic(n: int, seed: int, size: tuple[int, int] = (320, 240)):
    "Photographs and true masks, all tones equally often."
    from melanoma_nb.synthetic import make_demo, read_bits, tone_table
    with tempfile.TemporaryDirectory() as d:
        folder = make_demo(Path(d)/"made", n_isic=0, n_ham=n, n_duplicates=0, seed=seed, prevalence=.3, ham_size=size, workers=1, hair_share=.6, ruler_share=.4,
                           bubble_share=.5, dark_corner_share=.4, tone_weights={t: 1/18 for t in tone_table().index})
        for f in sorted(folder.rglob("*.jpg")): yield f.stem, cv2.imread(str(f))[..., ::-1].copy(), read_bits(folder, f.stem) & 1 > 0

def real(folder: Path, n: int, seed: int):
    "Photographs with experts' masks, drawn at random."
    ids = sorted(f.stem for f in (folder/"images").glob("*.jpg"))
    for i in sorted(np.random.default_rng(seed).choice(ids, min(n, len(ids)), replace=False)):
        yield i, cv2.imread(str(folder/"images"/f"{i}.jpg"))[..., ::-1].copy(), cv2.imread(str(folder/"masks"/f"{i}_segmentation.png"), 0) > 127

def rules(photographs, images: str, again: bool = True, **fade) -> pd.DataFrame:
    "A row for all, for each band of distances and for each tone."
    from melanoma_nb.recolour import shift_rules, rule_table
    rows, seen = [], 0
    for i, img, mask in photographs:
        seen += 1; t = shift_rules(img, mask, SIDE, again=again, **fade)
        if len(t): rows.append(t.assign(image_id=i))
    t = pd.concat(rows, ignore_index=True); t["steps_away"] = pd.Categorical(t.far.map(lambda k: next(v for m, v in BANDS.items() if k <= m)), list(BANDS.values()))
    def part(by, name): return rule_table(t.assign(all="all"), [by]).reset_index().rename(columns={by: "value"}).assign(group=name)
    parts = [part("all", "all"), part("steps_away", "steps away"), part("tone", "tone")]
    return pd.concat(parts if again else parts[:2]).assign(images_seen=seen, photographs=images, **fade)

def rules_table(n: int, name: str, draw) -> pd.DataFrame:
    "One kind of photographs, from `draw(how many)`; then other fades, on a third of them."
    from melanoma_nb.recolour import RIM
    out, kept = [rules(draw(n), name, rim=RIM, across=0.)], list(draw(max(2, n//3)))
    out += [rules(kept, name, again=False, rim=r, across=a) for r, a in ((.1, 0.), (.3, 0.), (RIM, .5), (RIM, 1.))]
    t = pd.concat(out, ignore_index=True); first = ["photographs", "rim", "across", "group", "value", "images_seen", "images", "n"]
    whole = [c for c in ("images", "n", "texture_n", "tone_n", "again_n", "border_n", "changed") if c in t]
    return t[first + [c for c in t if c not in first]].astype(dict.fromkeys(whole, int)).round(3)

def speed(n: int, seed: int) -> pd.DataFrame:
    "Recolourings a second, one core: of the tones alone; with what a photograph needs once shared among its 18 tones; with one tone for each photograph, as in a crop set."
    from melanoma_nb.cropping import TONED, find_lesion
    from melanoma_nb.recolour import Recolourer
    cv2.setNumThreads(1); rows = []
    for size in ((298, 224), (640, 480)):
        photographs = [(img, find_lesion(m)[0]) for _, img, m in synthetic(n, seed, size)]
        for kind in TONED:
            once, tones, single = [], [], []
            for img, m in [photographs[0], *photographs]:   # the first warms up
                a = time.process_time(); r = Recolourer(img, m, kind, SIDE); b = time.process_time()
                for k in range(18): r.at(k)
                once.append(b - a); tones.append(time.process_time() - b)
                a = time.process_time(); Recolourer(img, m, kind, SIDE).at(0); single.append(time.process_time() - a)
            rows.append(dict(kind=kind, frame=f"{size[0]}x{size[1]}", images=n, once_ms=1000*np.mean(once[1:]), tones_a_second=18*n/sum(tones[1:]), all_a_second=18*n/(sum(tones[1:]) + sum(once[1:])),
                             one_tone_a_second=n/sum(single[1:])))
    return pd.DataFrame(rows).round(1)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=("rules", "speed")); parser.add_argument("--images", type=int, default=108); parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--real", type=Path, help="a folder with images/ and masks/, as of lesions-512"); parser.add_argument("--out", type=Path, help="folder for the table and its .how.json")
    a = parser.parse_args()
    if a.what == "rules":
        size = f"crops of {SIDE}x{SIDE}"; keep(rules_table(a.images, "synthetic", lambda k: synthetic(k, a.seed)), a.out, "recolour_rules", a.seed, size=f"{size}; synthetic photographs of 320x240")
        if a.real: keep(rules_table(a.images, "lesions-512, experts' masks", lambda k: real(a.real, k, a.seed)), a.out, "recolour_rules_real", a.seed, size=size)
    else: keep(speed(a.images, a.seed), a.out, "bench_recolour", a.seed, decode="not counted; the frame is in memory", size=f"crops of {SIDE}x{SIDE}")
