"""Write the paper."""
