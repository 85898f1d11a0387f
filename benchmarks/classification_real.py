"""python benchmarks/classification_real.py [--out results/real] [--runs NAME,…] [--profile laptop] [--set NAME=VALUE …]: variants of the classifier on real lesions, one fold.

The profile laptop wants `lesions-512` and `ham-224` in $MELANOMA_NB_DATA. Trains, on whole frames, the recipes of `RUNS` (or finds them), each in a minutes' matter of its own that is resumed when broken off, and prints as it goes.
--out keeps: classification_runs (each recipe's metrics on validation, by which the best is chosen, and on test), classification_pairs (paired differences on the test part, p by Holm over the table),
classification_transfer (trained on one set, tested on the other), classification_diagnoses (macro metrics of the network that knows all diagnoses) and classification_logits (image ids and our logits only)."""
import argparse, sys, time
from dataclasses import asdict, replace
from pathlib import Path
import pandas as pd
from common import keep, typed
from melanoma_nb.classification import REPORTED_AUGMENT, cls_run
from melanoma_nb.comparison import compare, comparison_table
from melanoma_nb.core import get_profile, read_json
from melanoma_nb.data import open_study
from melanoma_nb.diagnoses import macro_table, transfer_table
from melanoma_nb.evaluation import metrics, metrics_table, read_predictions

START, RUNG = time.time(), "original_uncropped"   # square images have nothing to be cropped
GENTLE = dict(lr=3e-4, schedule="cosine", imbalance="weights", epochs=10, **REPORTED_AUGMENT)
RUNS = {
    "as printed": {},   # row 3's recipe
    "augmented": REPORTED_AUGMENT,
    "from nothing": dict(weights="none"),
    "DenseNet121 from nothing, 64 px": dict(arch="densenet121", weights="none", image_size=64),
    "gentle": GENTLE,
    "gentle, all diagnoses": GENTLE | dict(task="diagnosis"),
    "gentle, lesions-512 alone": GENTLE | dict(train_on=("lesions-512",)),
    "gentle, ham-224 alone": GENTLE | dict(train_on=("ham-224",)),
    "gentle, 128 px": GENTLE | dict(image_size=128, epochs=12)}
PAIRS = [("as printed", "augmented"), ("from nothing", "as printed"), ("as printed", "gentle"), ("gentle", "gentle, 128 px"), ("gentle", "gentle, all diagnoses"),
         ("DenseNet121 from nothing, 64 px", "from nothing")]
METRICS = ("auroc", "average_precision", "balanced_accuracy")


def say(text: str) -> None: print(f"[{(time.time()-START)/60:6.1f} min] {text}", flush=True)


def overs(t: pd.DataFrame) -> list[str]: return ["mean", *sorted(set(t.dataset))]


if __name__ == "__main__":
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--out", type=Path); a.add_argument("--runs", default=""); a.add_argument("--profile", default="laptop"); a.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    a.add_argument("--n-boot", type=int, default=10_000); a = a.parse_args()
    if unknown := [r for r in filter(None, a.runs.split(";")) if r not in RUNS]: sys.exit(f"--runs: {unknown[0]!r} is none of {'; '.join(RUNS)}")
    given = dict(map(typed, a.set)); base = get_profile(a.profile, **given); study = open_study(base); tables, seconds = {}, {}
    for name in a.runs.split(";") if a.runs else RUNS:
        run = cls_run(replace(study, profile=replace(base, **(RUNS[name] | given))), RUNG); h = pd.read_csv(run/"history.csv")
        t = read_predictions(run/"predictions.csv"); tables[name] = t; seconds[name] = round(float(h.seconds.sum()))
        at = {s: metrics(t[t.split == s], over="mean") for s in ("valid", "test")}
        say(f"{name}: AUROC within sets {at['valid']['auroc']:.3f} on validation, {at['test']['auroc']:.3f} on test; epoch {read_json(run/'metrics.json')['best_epoch']['epoch']+1} of {len(h)}, {seconds[name]/60:.1f} min")
    test = {k: t[t.split == "test"].reset_index(drop=True) for k, t in tables.items()}; valid = {k: t[t.split == "valid"].reset_index(drop=True) for k, t in tables.items()}
    runs = pd.concat([metrics_table(part, METRICS, over=o, n_boot=a.n_boot).assign(split=s, over=o) for s, part in (("valid", valid), ("test", test)) for o in overs(next(iter(test.values())))], ignore_index=True)
    chosen = max(valid, key=lambda k: metrics(valid[k], over="mean")["auroc"]); say(f"the best on validation: {chosen}")
    more = dict(profile=asdict(base), recipes={k: RUNS[k] for k in tables}, split=study.split_hash, seconds=seconds, chosen_on_validation=chosen)
    def write(**made):
        for name, t in made.items(): say(name); keep(t, a.out, name, 0, **more)
    pairs = [(x, y) for x, y in PAIRS if x in test and y in test]
    if pairs:
        found = [compare(test[x], test[y], ["auroc", "balanced_accuracy"], over=o, n_boot=a.n_boot).assign(a_is=x, b_is=y, over=o) for x, y in pairs for o in overs(test[x])]
        write(classification_pairs=comparison_table(pd.concat(found).to_dict("records")))
    write(classification_runs=runs.rename(columns=dict(row="run")))
    if (alone := {k.split(", ")[1].removesuffix(" alone"): test[k] for k in test if k.endswith(" alone")}) and "gentle" in test:
        write(classification_transfer=transfer_table(alone | {"both": test["gentle"]}, n_boot=a.n_boot))
    if "gentle, all diagnoses" in test: write(classification_diagnoses=macro_table(test["gentle, all diagnoses"].merge(study.images[["image_id", "diagnosis"]], on="image_id"), n_boot=a.n_boot))
    logits = pd.concat([t[t.split != "train"].assign(run=k) for k, t in tables.items()], ignore_index=True)["run image_id fold split seed logit".split()]
    keep(logits.head(3), None, "", 0)
    if a.out: logits.to_csv(a.out/"classification_logits.csv", index=False)
