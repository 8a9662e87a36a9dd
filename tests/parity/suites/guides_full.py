"""Every model of the guides at the guides' own sizes. Takes long and needs memory: run it by hand, case by case."""
from zoo_models import checks

CHECKS = checks("full")
