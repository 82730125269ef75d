"""What a job asks of a cluster: memory and time from what it reads, more with every retry; and which jobs go first.

The constants are upper estimates for one core without a GPU, from the measurements in docs/performance.md.
"""

STARTUP_MB = 1500
STARTUP_MINUTES = 10
GROWTH = 1.6
# GPUs of an encoding job; `device: auto` takes one that is there, but asks for none.
ENCODING_GPUS = int(config["device"] == "cuda")
# Long jobs first, and what they wait for, so that short ones are left to keep every core busy to the end.
FEEDING, ENCODING = 1, 2


def view_mb():
    """Return the size of one stored view: 8-bit RGB, uncompressed."""
    return config["image_size"] ** 2 * 3 / 2**20


def grown(amount, attempt):
    """Return a whole amount, larger with every attempt."""
    return int(amount * GROWTH ** (attempt - 1)) + 1


def allowance(amount):
    """Return a function for a resource whose first amount is the same for every job."""
    return lambda wildcards, attempt: grown(amount - 1, attempt)


def memory(per_mb=0.0):
    """Return a function for `mem_mb`: a fixed part and `per_mb` times the size of the job's input."""
    return lambda wildcards, input, attempt: grown(STARTUP_MB + per_mb * input.size_mb, attempt)


def decoding_memory(wildcards, attempt):
    """Return the `mem_mb` of a job that decodes images: the largest that is allowed, four channels and four copies."""
    return grown(STARTUP_MB + 16 * config["max_pixels"] / 2**20, attempt)


def minutes(per_view):
    """Return a function for `runtime` of a job on shards: `per_view` seconds for each view that it reads."""
    return lambda wildcards, input, attempt: grown(STARTUP_MINUTES + per_view / 60 * input.size_mb / view_mb(), attempt)


def encoding_memory(wildcards, input, attempt):
    """Return the `mem_mb` of an encoding job: the weights twice, as stored and as laid out for products, and a batch."""
    weights_mb = Path(input.weights).stat().st_size / 2**20
    if config["batch_size"] is None:
        return grown(max(config["encode_memory_mb"], STARTUP_MB + 2 * weights_mb), attempt)
    activations_mb = 40 * config["batch_size"] * (config["image_size"] / 224) ** 2
    return grown(STARTUP_MB + 2 * weights_mb + activations_mb, attempt)


def encoding_minutes(wildcards, input, attempt):
    """Return the `runtime` of an encoding job: each view costs in proportion to the weights."""
    weights_mb = Path(input.weights).stat().st_size / 2**20
    views = Path(input.views).stat().st_size / 2**20 / view_mb()
    seconds_per_view = weights_mb / 300 / config["encode_threads"]
    return grown(STARTUP_MINUTES + views * seconds_per_view / 60, attempt)
