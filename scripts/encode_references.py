"""Encode the study's references: the originals again, in other batches, in other precision, and as JPEG."""

import numpy as np

from embedding_shift import command_line, embeddings, encoders, study_names


def main():
    parser = command_line.parser(__doc__)
    parser.add_argument("--references", required=True, help="tar of the study's references")
    encoders.add_arguments(parser)
    parser.add_argument("--output", required=True, help="npz to write")
    arguments = parser.parse_args()
    encoder = encoders.from_arguments(arguments)
    views = study_names.read_references(arguments.references)
    originals, jpegs = (list(views[name].values()) for name in (study_names.ORIGINAL, study_names.JPEG))
    encoded = {
        "re-encoding": encoder.encode(originals),
        study_names.JPEG: encoder.encode(jpegs),
    }
    encoder.batch_size = encoder.batch_size // 2 or 2
    encoded["other_batch_size"] = encoder.encode(originals)
    other = encoders.from_arguments(arguments, precision="bf16" if arguments.precision == "fp32" else "fp32")
    encoded["other_precision"] = other.encode(originals)
    keys = [study_names.key(image_id, name) for name, (image_ids, _, _) in encoded.items() for image_id in image_ids]
    embedding, attention = (np.concatenate([part[place] for part in encoded.values()]) for place in (1, 2))
    embeddings.write(arguments.output, keys, embedding=embedding, attention=attention)


if __name__ == "__main__":
    command_line.run(main)
