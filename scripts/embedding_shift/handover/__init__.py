"""Archives that hand a run over: the sources of the paper, and a capsule that rebuilds figures and paper."""
