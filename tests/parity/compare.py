"""Holds kcc's answers against Keras's. Every function returns the largest error it saw and the failures as text.

Tolerances: predictions and losses 1e-5 of the largest value of their row, gradients 1e-4 of their variable's
largest, trained weights as the case says (1e-4) of how far training moved them.
"""
import numpy as np

FORWARD = 1e-5
GRADIENT = 1e-4
ROUNDING = 5e-7  # a few units in the last place of a float32


def largest(array):
    """Of the finite values: in Keras too, the mean of a sequence whose steps are all masked is 0 / 0."""
    sizes = np.abs(np.asarray(array, "float64"))
    return float(np.max(sizes, where=np.isfinite(sizes), initial=0.0))


def compare(what, ours, keras, allowed):
    """Returns (largest difference as a share of what is allowed, failures). `allowed` is a number or an array."""
    ours, keras = np.asarray(ours, "float64"), np.asarray(keras, "float64")
    if ours.shape != keras.shape:
        return np.inf, [f"{what}: shape {ours.shape}, expected {keras.shape}"]
    if not ours.size:
        return 0.0, []
    allowed = np.broadcast_to(allowed, ours.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.abs(ours - keras) / allowed
    shares = np.where((ours == keras) | (np.isnan(ours) & np.isnan(keras)), 0, np.where(np.isnan(shares), np.inf, shares))
    place = np.unravel_index(np.argmax(shares), shares.shape)
    if shares[place] <= 1:
        return float(shares[place]), []
    at = "[" + ", ".join(str(int(i)) for i in place) + "]"
    return float(shares[place]), [
        f"{what}: {np.count_nonzero(shares > 1)} of {ours.size} differ by more than is allowed; worst at {at}: "
        f"{ours[place]:.9g}, expected {keras[place]:.9g}, allowed is {allowed[place]:.2g}"]


def join(results):
    results = list(results)
    return max((error for error, _ in results), default=0.0), [text for _, texts in results for text in texts]


def compare_keys(what, ours, keras):
    if set(ours) == set(keras):
        return []
    return [f"{what}: has {sorted(ours)}, expected {sorted(keras)}"]


def compare_predictions(case, ours, keras):
    failures = compare_keys("outputs", ours, keras)
    if failures:
        return np.inf, failures
    parts = [(name, ours[name], keras[name]) for name in keras]
    if case.rows:
        (_, mine, theirs), = parts
        if mine.shape != theirs.shape:
            return np.inf, [f"predictions: shape {mine.shape}, expected {theirs.shape}"]
        parts = [(name, mine[:, start:stop], theirs[:, start:stop]) for name, start, stop in case.rows]
    # Extreme values would hide the others of their row: each is then held to its own size.
    allowed = lambda theirs: FORWARD * np.abs(theirs) + 1e-6 if case.extreme else FORWARD * largest(theirs)
    return join(compare(f"predictions of {name}", mine, theirs, allowed(theirs)) for name, mine, theirs in parts)


def compare_metrics(what, ours, keras, tolerance=FORWARD):
    failures = compare_keys(what, ours, keras)
    if failures:
        return np.inf, failures
    return join(compare(f"{what} {name}", ours[name], keras[name], tolerance * max(largest(keras[name]), 1e-2))
                for name in keras)


def compare_gradients(ours, keras):
    """Some gradients are zero but for rounding: that of a bias before a normalization sums others that cancel each
    other. What rounding leaves is measured by the largest gradient of all."""
    floor = ROUNDING * max(map(largest, keras.values()), default=0)
    return join(compare(f"gradient of {path}", ours[path], keras[path], max(GRADIENT * largest(keras[path]), floor))
                for path in keras)


def compare_weights(tolerance, ours, keras, start):
    diverged = [path for path in keras if not np.isfinite(keras[path]).all()]
    if diverged:
        return np.inf, [f"Keras's own training diverges in {diverged}: this compares nothing"]
    # A variable that training hardly moves is held to no less than a thousandth of what the one it moves farthest is.
    floor = 1e-3 * max((largest(keras[path] - start[path]) for path in keras), default=0)
    return join(compare(f"trained {path}", ours[path], keras[path],
                        tolerance * max(largest(keras[path] - start[path]), floor) + ROUNDING * largest(keras[path]))
                for path in keras)


def losses_alone(case, history):
    """Where an output has a mask, Keras's fit on JAX reports metrics as if it had none: the predictions that it gets
    out of value_and_grad have lost it. On its other backends, and in evaluate, it counts, as it does here."""
    return {name: values for name, values in history.items() if not case.masked or name.endswith("loss")}


def compare_answers(case, ours, keras, start):
    """All of a case: ({what: largest error as a share of what is allowed}, failures)."""
    parts = {
        "predict": compare_predictions(case, ours.predictions, keras.predictions),
        "evaluate": compare_metrics("evaluate", ours.evaluation, keras.evaluation),
        "gradients": compare_gradients(ours.gradients, keras.gradients),
        "training": compare_weights(case.training_tolerance, ours.trained, keras.trained, start),
        "history": compare_metrics("history", losses_alone(case, ours.history), losses_alone(case, keras.history),
                                   1e-4),
    }
    return {name: error for name, (error, _) in parts.items()}, [text for _, texts in parts.values() for text in texts]
