"""Every model of the guides at the guides' own sizes, one epoch. Takes long and needs memory: run it by hand."""
from zoo_models import checks

CHECKS = checks("full")
