"""Resources and priorities of jobs. Memory and run time follow from the input size and grow with every retry.

The constants are upper bounds for one core without a GPU, from the measurements in docs/performance.md.
"""

from embedding_shift.compat.snakemake_processes import is_main_process
from embedding_shift.compat.snakemake_scheduler import limit_gpu_jobs, priority
from embedding_shift.encoders.gpus import visible

STARTUP_MB = 1500
STARTUP_MINUTES = 10
GROWTH = 1.6
ENCODING_THREAD_MB = 150  # of a batch, and of views that are read ahead
ENCODED_PER_MB = 0.1  # of the views in the input: what an encoding job returns for them, and copies of it
SHARING_PROCESS_MB = 150
GPUS = visible()
# GPUs that an encoding job requests. `device: auto` requests one if the machine on which Snakemake runs has one.
ENCODING_GPUS = int(config["device"] == "cuda" or (config["device"] == "auto" and bool(GPUS)))
# Each GPU of this machine runs one encoding job at a time, unless `--resources gpu=N` says otherwise.
limit_gpu_jobs(workflow, len(GPUS))
# Encoding jobs are the longest: they and the jobs that they wait for start first, so that short jobs fill the end.
FEEDING, ENCODING = 1, 3


def earlier_first(wildcards):
    """Return the priority of a job that feeds an encoding job: above FEEDING, higher the earlier that encoding job is.

    The views of the first encoding job are made first, so that it computes while those of the next ones are made.
    """
    part = SHARDS.index(wildcards.shard) // config["encode_shards_per_job"]
    view = VIEWS.index(wildcards.get("augmentation", "original"))
    return FEEDING + 1 - (part + view / len(VIEWS)) / len(PARTS)


FEEDING_IN_ORDER = priority(earlier_first, FEEDING)


def view_mb():
    """Return the size of one stored view (uncompressed 8-bit RGB) in MB."""
    return config["image_size"] ** 2 * 3 / 2**20


def grown(amount, attempt):
    """Return `amount` rounded up, multiplied by GROWTH for every attempt after the first."""
    return int(amount * GROWTH ** (attempt - 1)) + 1


def allowance(amount):
    """Return a resource function that starts with `amount` for every job."""
    return lambda wildcards, attempt: grown(amount - 1, attempt)


def size_mb(input, *names):
    """Return the size in MB of some inputs of a job, which may be in a storage."""
    return type(input)([input[name] for name in names]).size_mb


def memory(per_mb=0.0, of=()):
    """Return a function for `mem_mb`: a fixed part and `per_mb` times the size of the job's input, or of the files `of`.

    `of` names the inputs that a job holds in memory, if it does not hold them all.
    """

    def mem_mb(wildcards, input, attempt):
        held_mb = size_mb(input, *of) if of else input.size_mb
        return grown(STARTUP_MB + per_mb * held_mb, attempt)

    return mem_mb


def memory_and_runtime(mem_mb, runtime):
    """Return the resources of a job without a GPU."""
    return {"mem_mb": mem_mb, "runtime": runtime}


def decoding_threads(wildcards):
    """Return the threads of a job that decodes images: few, because each may hold the largest image.

    One core is left for the job that makes a bundle, which starts earlier; this job would wait for its end.
    """
    return min(max(share_of_cores(SHARDS) - 1, 1), 4)


def decoding_memory(wildcards, threads, attempt):
    """Return `mem_mb` of a job that decodes images: per thread four copies of the largest image with four channels."""
    return grown(STARTUP_MB + threads * 16 * config["max_pixels"] / 2**20, attempt)


def minutes(per_view):
    """Return a function for `runtime` of a job on shards: `per_view` seconds for each view in its input."""
    return lambda wildcards, input, attempt: grown(STARTUP_MINUTES + per_view / 60 * input.size_mb / view_mb(), attempt)


def share_of_cores(jobs):
    """Return the threads of one of several jobs of the same kind: the cores that the others leave."""
    cores = workflow.cores or 1
    # A job in a process of its own has the cores that the run gave it.
    return -(-cores // len(jobs)) if is_main_process(workflow) else cores


def encoding_threads(wildcards):
    """Return the threads of an encoding job, as configured or as many as its share of the cores.

    Snakemake starts a job with several threads only when as many cores are free at one time. On a GPU of this machine,
    an encoding job therefore requests one, and does not wait for shorter jobs; its readers share the cores with them.
    """
    return config["encode_threads"] or (1 if encodes_on_own_gpu() else share_of_cores(PARTS))


def encodes_on_own_gpu():
    """Return whether encoding jobs have a GPU of the machine on which Snakemake runs."""
    return bool(ENCODING_GPUS and GPUS and is_main_process(workflow))


def augmenting_threads(wildcards):
    """Return the threads of a job that makes views.

    Where encoding jobs have a GPU of this machine, each of these jobs gets twice its share of the cores, so that half of
    them run at a time: the first shards are encoded while the views of the others are made. More than eight threads
    would wait for the process that joins what they make.
    """
    cores = workflow.cores or 1
    share = cores * (2 if encodes_on_own_gpu() else 1) // len(SHARDS) if is_main_process(workflow) else cores
    return min(max(share, 1), cores, 8)


def augmenting_memory(wildcards, threads, attempt):
    """Return `mem_mb` of a job that makes views, of one image at a time in each thread."""
    return grown(STARTUP_MB + threads * SHARING_PROCESS_MB, attempt)


def pixel_threads(wildcards):
    """Return the threads of a job that measures pixels: few, because each process reads the headers of all views."""
    return min(share_of_cores(SHARDS), len(AUGMENTATIONS))


def pixel_memory(wildcards, attempt):
    """Return `mem_mb` of a job that measures pixels, one view at a time in each thread."""
    return grown(STARTUP_MB + pixel_threads(wildcards) * SHARING_PROCESS_MB, attempt)


def measuring_threads(wildcards):
    """Return the threads of a job that measures the representation: few, because each process reads all files."""
    return min(share_of_cores(PARTS), len(AUGMENTATIONS))


def measuring_memory(wildcards, input, attempt):
    """Return `mem_mb` of a job that measures the representation: each thread holds two files and as much again."""
    per_thread_mb = SHARING_PROCESS_MB + 4 * size_mb(input, "original")
    return grown(STARTUP_MB + measuring_threads(wildcards) * per_thread_mb, attempt)


def encoding_memory(wildcards, input, attempt):
    """Return `mem_mb` of an encoding job: the weights (as stored, and in the layout of oneDNN), batches and results."""
    weights_mb = size_mb(input, "weights")
    added_mb = ENCODING_THREAD_MB * encoding_threads(wildcards) + ENCODED_PER_MB * input.size_mb
    if config["batch_size"] is None:
        return grown(max(config["encode_memory_mb"], STARTUP_MB + 2 * weights_mb) + added_mb, attempt)
    activations_mb = 40 * config["batch_size"] * (config["image_size"] / 224) ** 2
    return grown(STARTUP_MB + 2 * weights_mb + activations_mb * encoding_threads(wildcards) + added_mb, attempt)


def encoding_minutes(wildcards, input, attempt):
    """Return `runtime` of an encoding job; the time per view is proportional to the size of the weights."""
    weights_mb = size_mb(input, "weights")
    views = input.size_mb / view_mb()
    seconds_per_view = weights_mb / 300 / encoding_threads(wildcards)
    return grown(STARTUP_MINUTES + views * seconds_per_view / 60, attempt)


def encoding_resources(runtime):
    """Return the resources of an encoding job; without a GPU, it names none, because some clusters refuse `gpu: 0`."""
    return memory_and_runtime(encoding_memory, runtime) | ({"gpu": ENCODING_GPUS} if ENCODING_GPUS else {})
