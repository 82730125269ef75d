"""What happens when a run starts.

One run at a time works in this folder, a run that was killed can be followed by a plain rerun, and the run keeps no
count of the jobs that it starts per second.
"""

from embedding_shift.compat import snakemake_locks

# What Snakemake allows by default: so many jobs to be started in so many seconds.
UNASKED_LIMIT = (100, 1)
# Jobs on other machines and in processes of their own belong to the run that started them.
ATTENDANCE = snakemake_locks.attend(".snakemake") if workflow.is_main_process else None


onstart:
    try:
        # The claim must outlive this block.
        workflow.globals["CLAIM"] = snakemake_locks.start(".snakemake")
    except InputError as error:
        sys.exit(f"error: {error}")
    # For the sake of a limit, Snakemake 9 looks for new jobs once a second in a thread of its own, and begins another
    # such thread with every job that ends, so that its work grows with the square of the number of jobs. Cores and the
    # limit of the queue hold back enough; a limit that somebody has set (--max-jobs-per-timespan) stays.
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit and (limit.max_jobs, limit.timespan) == UNASKED_LIMIT:
        workflow.scheduler.job_rate_limiter = None
