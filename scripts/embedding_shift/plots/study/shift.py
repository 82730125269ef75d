"""The shift in the figures of the study: 1 − mean cosine similarity, on a logarithmic axis."""

METRIC = "cosine_similarity"
AXIS_LABEL = "1 − mean cosine similarity"
ROUNDING = 1e-12  # double precision leaves up to this much of 1 − cosine similarity for two equal embeddings
