"""What happens when a run starts, and when its process ends.

Only one run works in a folder at a time, a plain rerun follows a run that was killed, a GPU that is missing is told
before the first job, and Snakemake's default limit of started jobs per second is off. Another workflow that imports this
one as a module has to call `onstart` of the module.
"""

import atexit
import gc

from embedding_shift.compat import snakemake_locks, snakemake_processes, snakemake_scheduler
from embedding_shift.encoders import gpus

# Jobs in processes of their own and on other machines belong to the run that started them.
ATTENDANCE = snakemake_locks.attend(".snakemake") if snakemake_processes.is_main_process(workflow) else None
CLAIM = []
# While rules are read and jobs are planned, nearly every new object lasts. Python would look for unreachable ones among
# all of them, again and again, which takes a tenth of the time.
gc.freeze()
gc.set_threshold(50_000)
# At its end, Python would look for unreachable objects among all those of Snakemake, which takes half a second.
atexit.register(gc.freeze)


onstart:
    try:
        CLAIM.append(snakemake_locks.start(".snakemake"))  # The claim lasts as long as the file is open.
    except InputError as error:
        sys.exit(f"error: {error}")
    if (
        config["device"] == "cuda"
        and snakemake_processes.runs_here(workflow, {"encode_views"})
        and gpus.is_missing()
    ):
        sys.exit("error: configuration key 'device': found 'cuda'; this machine has no GPU that PyTorch can use")
    message = snakemake_scheduler.drop_default_limit(workflow)
    if message:
        print(message, file=sys.stderr)
