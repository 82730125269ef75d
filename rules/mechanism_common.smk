"""What encoding captures inside the encoder (config: mechanism), and the names of the tables made from it.

The analysis is off if it has no images. Every module in scripts/embedding_shift/mechanism/readouts is a table.
"""

MECHANISM = config["mechanism"]["images"] > 0
READ_OUTS = sorted(
    path.stem
    for path in (PROJECT / "scripts/embedding_shift/mechanism/readouts").glob("*.py")
    if path.stem != "__init__"
)
# The tables that the paper cites.
MECHANISM_TABLES = ["layers", "ledger", "neighbours", "fingerprint", "equivariance", "concepts", "similarity_maps"]
MECHANISM_TABLES += ["related_claims"]
CAPTURED = "results/{dataset}/{model}/captured/{view}/{part}.npz"
CAPTURE_INPUTS = {"manifest": "results/{dataset}/manifest.csv"} if MECHANISM else {}
CAPTURE_OUTPUTS = {"captured": every(CAPTURED, "view")} if MECHANISM else {}
CAPTURE_ARGUMENTS = f"input.manifest --images {config['mechanism']['images']} output.captured" if MECHANISM else ""


def mechanism_targets():
    """Return the tables and figures of the mechanism of every dataset and model."""
    results = [f"{table}.csv" for table in (*READ_OUTS, "related_claims")]
    results += [f"figures/{figure}.pdf" for figure in figure_names("mechanism")]
    found = collect("results/{dataset}/{model}/{result}", dataset=DATASETS, model=MODELS, result=results)
    compared = ["results/mechanism_agreement.csv"] * (len(MODELS) > 1)
    return [*found, *compared] if MECHANISM else []
