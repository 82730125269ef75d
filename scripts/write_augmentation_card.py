"""Write the card of every augmentation: how far it moves the embedding, and from which dose on it does harm."""

from embedding_shift import cli
from embedding_shift.augmentation_card import table
from embedding_shift.io import tables

NEEDED = {
    "summary": "CSV file, mean of every metric and augmentation",
    "noise_floor": "CSV file, floor and ceiling of the study",
    "dose_start": "CSV file, augmentations whose doses jump at 0",
    "dose_neighbours": "CSV file, neighbours kept at each dose",
}
OF_OTHER_STAGES = {
    "dose_damage": "CSV file, damage to captions and classes at each dose",
    "exchange_rate": "CSV file, the attack that each augmentation is worth",
    "fingerprint": "CSV file, what the shift tells about its cause",
}


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the rows")
    for name, text in (NEEDED | OF_OTHER_STAGES).items():
        parser.add_argument(f"--{name.replace('_', '-')}", required=name in NEEDED, help=text)
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    paths = {name: getattr(arguments, name) for name in NEEDED | OF_OTHER_STAGES}
    found = table.Tables(**{name: tables.read_csv(path) for name, path in paths.items() if path})
    tables.write_csv(arguments.output, table.table(arguments.augmentations, found))


if __name__ == "__main__":
    cli.run(main)
