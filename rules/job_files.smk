"""Give every job a log in logs/, and every job that is not local a benchmark in benchmarks/. Include this file last."""

from embedding_shift.compat import snakemake_job_files

snakemake_job_files.add(workflow, PROJECT / "rules")
