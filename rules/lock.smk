"""Let one run at a time work in this folder, and let a run that was killed be followed by a plain rerun."""

from embedding_shift import run_lock

# Jobs on other machines and in processes of their own belong to the run that started them.
ATTENDANCE = run_lock.attend(".snakemake") if workflow.is_main_process else None


onstart:
    try:
        # The claim must outlive this block.
        workflow.globals["CLAIM"] = run_lock.start(".snakemake")
    except InputError as error:
        sys.exit(f"error: {error}")
