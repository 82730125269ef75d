"""Figures of the study: noise floor, doses, equal damage, and the audit of the released scripts."""
