"""How fast this machine does what the pipeline does, part by part and in all."""
