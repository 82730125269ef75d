"""Check every configured augmentation and write the table that names them."""

import json

from embedding_shift import cli
from embedding_shift.errors import InputError
from embedding_shift.io import tables
from embedding_shift.views import doses, transforms

COLUMNS = ["augmentation", "label", "color", "transform", "parameters"]
RESERVE_COLORS = ("#666666", "#000000", "#B2DF8A", "#A6761D", "#FB9A99")


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--augmentations", type=json.loads, required=True, help="the configuration's section, as JSON")
    parser.add_argument("--output", required=True, help="CSV to write")
    arguments = parser.parse_args()
    reserve = iter(RESERVE_COLORS * len(arguments.augmentations))
    rows = []
    for name, entry in arguments.augmentations.items():
        try:
            transforms.build(entry["transform"], entry["parameters"])
            if "dose" in entry:
                doses.check(entry["transform"], entry["parameters"], entry["dose"])
        except InputError as error:
            raise InputError(f"augmentation {name!r}: {error}") from None
        color = entry.get("color") or next(reserve)
        parameters = json.dumps(entry["parameters"])
        label = entry.get("label", name)
        rows.append(dict(zip(COLUMNS, (name, label, color, entry["transform"], parameters), strict=True)))
    tables.write_rows(arguments.output, COLUMNS, rows)


if __name__ == "__main__":
    cli.run(main)
