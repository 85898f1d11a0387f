"""python benchmarks/classification_real.py [--out results/real] [--runs "NAME;…"] [--profile laptop] [--set NAME=VALUE …]: variants of the classifier on real lesions, one fold.

The profile laptop wants `lesions-512` and `ham-224` in $MELANOMA_NB_DATA. Trains, on whole frames, the recipes of `RUNS`: one that was broken off goes on from its last epoch, one
that is found in `runs/` is not trained again, nor one whose logits --out already holds, of the same recipe and split (so the list may be worked off on several days, or machines: --runs "plain;gentle"). Prints as it goes.
--out keeps: classification_logits (after each recipe: image ids and our outputs only; labels are joined again from your own folder), classification_runs (each recipe's metrics on validation, by which the best is chosen, and on test), classification_pairs (paired differences on the test part, p by Holm over the table),
classification_transfer (trained on one set, tested on the other),
classification_diagnoses (macro metrics of the network that knows all diagnoses) and classification_melanoma (its score for melanoma against that of the network of two classes)."""
import argparse, json, sys, time
from dataclasses import asdict, replace
from pathlib import Path
import pandas as pd
from common import keep, record, typed
from melanoma_nb.ablation import KEYS, join_labels
from melanoma_nb.classification import REPORTED_AUGMENT, cls_run
from melanoma_nb.comparison import compare, comparison_table
from melanoma_nb.core import get_profile, read_json, write_json, writing
from melanoma_nb.data import open_study
from melanoma_nb.diagnoses import compare_melanoma, macro_table, transfer_table
from melanoma_nb.evaluation import metrics, metrics_table, read_predictions

START, LOGITS, HOW, RUNG = time.time(), "classification_logits.csv", "classification_logits.how.json", "original_uncropped"   # square images have nothing to be cropped
GENTLE = dict(lr=3e-4, schedule="cosine", imbalance="weights", epochs=10, **REPORTED_AUGMENT)
RUNS = {
    "plain": {},   # row 3's recipe, with the epochs of the profile
    "augmented": REPORTED_AUGMENT,
    "from nothing": dict(weights="none"),
    "DenseNet121 from nothing, 64 px": dict(arch="densenet121", weights="none", image_size=64),
    "gentle": GENTLE,
    "gentle, all diagnoses": GENTLE | dict(task="diagnosis"),
    "gentle, lesions-512 alone": GENTLE | dict(train_on=("lesions-512",)),
    "gentle, ham-224 alone": GENTLE | dict(train_on=("ham-224",)),
    "gentle, 128 px": GENTLE | dict(image_size=128, epochs=12)}
PAIRS = [("plain", "augmented"), ("from nothing", "plain"), ("plain", "gentle"), ("gentle", "gentle, 128 px"),
         ("DenseNet121 from nothing, 64 px", "from nothing")]
METRICS = ("auroc", "average_precision", "balanced_accuracy")


def say(text: str) -> None: print(f"[{(time.time()-START)/60:6.1f} min] {text}", flush=True)


def recipe(profile) -> dict:
    "What of a profile a kept table must share."
    return json.loads(json.dumps({k: v for k, v in asdict(profile).items() if k not in ("device", "n_boot", "seeds")}))


def kept(out: Path | None, study, profiles: dict) -> dict[str, tuple[pd.DataFrame, dict]]:
    "What `out` holds of these very recipes: name -> predictions table of validation and test, and the recipe's record."
    if out is None or not (out/HOW).exists(): return {}
    how, t = read_json(out/HOW), pd.read_csv(out/LOGITS, dtype=dict(image_id=str))
    if how["split"] != study.split_hash: sys.exit(f"{out/LOGITS} is of split {how['split']}, this study's is {study.split_hash}: give another --out")
    if other := [k for k, r in how["recipes"].items() if k in profiles and not r["profile"].items() <= recipe(profiles[k]).items()]:
        sys.exit(f"{out/LOGITS} holds {other[0]!r} of another profile: give another --out")
    def table(name):   # with the probabilities of the diagnoses, where the recipe has them
        mine = t[[*KEYS, *(c for c in t if c == name or c.startswith(f"{name}: "))]].dropna(subset=[name]).rename(columns=lambda c: "logit" if c == name else c.removeprefix(f"{name}: "))
        return join_labels(mine[[*KEYS, "logit"]].rename(columns=dict(logit=name)), study)[name].merge(mine.drop(columns=["fold", "seed", "logit"]), on=["image_id", "split"], validate="one_to_one")
    return {k: (table(k), r) for k, r in how["recipes"].items()}


def keep_logits(out: Path | None, split: str, made: dict) -> None:
    "Ids and outputs of all recipes so far: a row an image, a column a recipe (its logit; of several diagnoses also `RECIPE: p_…`)."
    if out is None: return
    outputs = [t.set_index(KEYS)[["logit", *(c for c in t if c.startswith("p_") and c != "p_mel")]].rename(columns=lambda c, k=k: k if c == "logit" else f"{k}: {c}") for k, (t, _) in made.items()]
    out.mkdir(parents=True, exist_ok=True)
    with writing(out/LOGITS) as tmp: pd.concat(outputs, axis=1).to_csv(tmp, float_format="%.9g")
    write_json(out/HOW, record(0, split=split, recipes={k: r for k, (_, r) in made.items()}))


def overs(t: pd.DataFrame) -> list[str]: return ["mean", *sorted(set(t.dataset))]


if __name__ == "__main__":
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--out", type=Path); a.add_argument("--runs", default=""); a.add_argument("--profile", default="laptop"); a.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    a.add_argument("--n-boot", type=int, default=10_000); a = a.parse_args()
    names = [r.strip() for r in a.runs.split(";") if r.strip()] or list(RUNS)
    if unknown := [r for r in names if r not in RUNS]: sys.exit(f"--runs: {unknown[0]!r} is none of {'; '.join(RUNS)}")
    given = dict(map(typed, a.set)); base = get_profile(a.profile, **given); study = open_study(base)
    profiles = {k: replace(base, **(r | {f: getattr(base, f) for f in given})) for k, r in RUNS.items()}; made = kept(a.out, study, profiles)
    def tell(name):
        t, r = made[name]; by = {s: metrics(t[t.split == s], over="mean")["auroc"] for s in ("valid", "test")}
        say(f"{name}: AUROC within sets {by['valid']:.3f} on validation, {by['test']:.3f} on test; epoch {r['best_epoch']} of {r['epochs']}, {r['seconds']/60:.1f} min")
    for name in names:
        if name in made: say(f"{name}: kept in {a.out}"); tell(name); continue
        run = cls_run(replace(study, profile=profiles[name]), RUNG); h, t = pd.read_csv(run/"history.csv"), read_predictions(run/"predictions.csv")
        made[name] = t[t.split != "train"].reset_index(drop=True), dict(profile=recipe(profiles[name]), seconds=round(float(h.seconds.sum())), epochs=len(h),
            best_epoch=read_json(run/"metrics.json")["best_epoch"]["epoch"] + 1, **{k: v for k, v in read_json(run/"record.json").items() if k in ("commit", "made")})
        keep_logits(a.out, study.split_hash, made); tell(name)
    test, valid = ({k: t[t.split == s].reset_index(drop=True) for k, (t, _) in made.items()} for s in ("test", "valid"))
    runs = pd.concat([metrics_table(part, METRICS, over=o, n_boot=a.n_boot).assign(split=s, over=o) for s, part in (("valid", valid), ("test", test)) for o in overs(next(iter(test.values())))], ignore_index=True)
    chosen = max(valid, key=lambda k: metrics(valid[k], over="mean")["auroc"]); say(f"the best on validation: {chosen}")
    more = dict(recipes={k: r for k, (_, r) in made.items()}, split=study.split_hash, chosen_on_validation=chosen)
    def write(**made):
        for name, t in made.items(): say(name); keep(t, a.out, name, 0, **more)
    write(classification_runs=runs.rename(columns=dict(row="run")))
    pairs = [(x, y) for x, y in PAIRS if x in test and y in test]
    if pairs:
        found = [compare(test[x], test[y], ["auroc", "balanced_accuracy"], over=o, n_boot=a.n_boot).assign(a_is=x, b_is=y, over=o) for x, y in pairs for o in overs(test[x])]
        write(classification_pairs=comparison_table(pd.concat(found).to_dict("records")))
    if (alone := {k.split(", ")[1].removesuffix(" alone"): test[k] for k in test if k.endswith(" alone")}) and "gentle" in test:
        write(classification_transfer=transfer_table(alone | {"both": test["gentle"]}, n_boot=a.n_boot))
    if "gentle, all diagnoses" in test:
        many = test["gentle, all diagnoses"].merge(study.images[["image_id", "diagnosis"]], on="image_id"); write(classification_diagnoses=macro_table(many, n_boot=a.n_boot))
        if "gentle" in test: write(classification_melanoma=comparison_table(pd.concat(
            compare_melanoma(test["gentle"], many, over=o, n_boot=a.n_boot, images="common").assign(over=o) for o in overs(many)).to_dict("records")))
