"""How an image encoder's representation moves when the image is augmented.

Plain Python: nothing here knows of Snakemake, and nothing reads the configuration file.
"""
