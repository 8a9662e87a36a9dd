"""Every model of the guides, small: predict, evaluate, three epochs of fit without shuffling, weights back into Keras."""
from zoo_models import checks

CHECKS = checks("small")
