"""Figures of the attack: its curve with the exchange rates, attacked views, and their transfer between encoders."""
