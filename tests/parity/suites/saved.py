"""Files of the whole model: what a trainer saves, Keras loads and goes on from; and the compiler and trainer again."""
import h5py
import keras
import numpy as np
from keras import layers as L
from keras.src.legacy.saving import legacy_h5_format

from case import BATCH, Case
from compare import compare_weights
from kcc_side import named, run
from keras_side import one
from suites.formats import branched, compile_model, compiled, difference, failure_of, images

FORMATS = ("m.weights.h5", "m.keras", "m.h5")


def two_outputs():
    """Two losses and weights, metrics of each, a frozen layer, an Embedding with a mask."""
    words, x = keras.Input((6,), name="words", dtype="int32"), keras.Input((4,), name="x")
    h = L.LSTM(5, name="read")(L.Embedding(9, 3, mask_zero=True, name="embed")(words))
    h = L.Concatenate()([h, L.Dense(4, "relu", trainable=False, name="frozen")(x), L.Dropout(0.0)(x)])
    model = keras.Model([words, x], [L.Dense(2, name="y")(h), L.Dense(1, "sigmoid", name="z")(h)])
    model.compile(keras.optimizers.RMSprop(0.01, momentum=0.9, centered=True), ["mse", keras.losses.BinaryCrossentropy()],
                  loss_weights=[1.0, 0.5], metrics=[["mae"], [keras.metrics.BinaryAccuracy(threshold=0.4)]],
                  weighted_metrics=[["mse"], []])
    return model


def nested():
    """A functional model as a layer, whose output is also the model's own."""
    i = keras.Input((5,), name="i")
    inner = keras.Model(i, L.Dense(4, "tanh", name="a")(i), name="inner")
    x = keras.Input((5,), name="x")
    y = inner(x)
    z = L.Dense(3, name="z")(L.Add()([y, inner(L.Activation("relu")(x))]))
    model = keras.Model(x, [y, z])
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    model.compile(keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True), "mse")
    return model


def values(variables):
    return [np.asarray(v) for v in variables if "seed" not in v.path]


def same_bits(what, ours, expected):
    if len(ours) != len(expected):
        return [f"{what}: {len(ours)} variables, expected {len(expected)}"]
    same = lambda a, b: a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return [f"{what}: variable {i} differs" for i, (a, b) in enumerate(zip(ours, expected)) if not same(a, b)][:3]


def fit(trainer, program, source, saved, *options):
    """Two epochs from a file (None: of what the program has inside) into a file."""
    weights = [] if source is None else ["--weights", trainer.folder / source]
    run(trainer.folder / program, "fit", *named("-x", trainer.x), *named("-y", trainer.y), *weights, "--batch-size", BATCH,
        "--epochs", 2, "--shuffle", "false", "--seed", 1, "--verbose", 0, "--save", trainer.folder / saved, *options)


def floats(model):
    """What trains, by position: loaded models give the same layers other paths. Without statistics, of which Keras on
    JAX loses those inside TimeDistributed."""
    return {str(i): np.asarray(v) for i, v in enumerate(model.trainable_weights)}


def load(path):
    """As Keras loads it. Its loader of .h5 builds the optimizer for no variables (3.15.1, of its own files too), so that
    they are put in place by its functions here."""
    model = keras.saving.load_model(path)
    if path.suffix == ".h5":
        model.optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
        model.optimizer.build(model.trainable_variables)
        with h5py.File(path) as file:
            model.optimizer.set_weights(legacy_h5_format.load_optimizer_weights_from_hdf5_group(file))
    return model


def words_and_numbers(rng, samples):
    return {"words": rng.integers(0, 9, (samples, 6)).astype("int32"), "x": rng.random((samples, 4), "float32")}


def round_trip(name, build, inputs=None):
    """kcc -> Keras -> kcc in every format: the same bits, predictions and metrics, the same further training."""
    def check(tools):
        trainer = tools.trainer(Case(f"saved_{name}", build, inputs=inputs))
        trainer.compile()
        folder, model = trainer.folder, trainer.keras.model
        x, y = one(trainer.keras.inputs()), one(trainer.keras.labels())

        def answers(model):
            predictions = model.predict(x, batch_size=BATCH, verbose=0)
            scores = model.evaluate(x, y, batch_size=BATCH, verbose=0, return_dict=True)
            return keras.tree.flatten(predictions), scores

        fit(trainer, "trainer", "start.weights.h5", FORMATS[0])
        model.load_weights(folder / FORMATS[0])
        weights, state, before = values(model.weights), values(model.optimizer.variables), floats(model)
        answer, scores = answers(model)
        fit(trainer, "trainer", FORMATS[0], "on.weights.h5")
        model.load_weights(folder / "on.weights.h5")
        expected = values(model.weights) + values(model.optimizer.variables)
        failures, worst = [], 0
        for file in FORMATS[1:]:
            fit(trainer, "trainer", "start.weights.h5", file)
            loaded = load(folder / file)
            failures += same_bits(f"{file}: weights", values(loaded.weights), weights)
            failures += same_bits(f"{file}: optimizer", values(loaded.optimizer.variables), state)
            predictions, found = answers(loaded)
            failures += same_bits(f"{file}: predictions", predictions, answer)
            failures += [] if found == scores else [f"{file}: metrics {found}, expected {scores}"]
            # Compiled again, and given to the program, it goes on to the same bits as from the weights alone.
            compile_model(trainer, file)
            fit(trainer, "trainer", None, f"on_{file}")
            fit(trainer, "trainer", file, f"again_{file}")
            for on in (f"on_{file}", f"again_{file}"):
                then = load(folder / on)
                failures += same_bits(on, values(then.weights) + values(then.optimizer.variables), expected)
            # And so does Keras.
            loaded.fit(x, y, batch_size=BATCH, epochs=2, shuffle=False, verbose=0)
            error, wrong = compare_weights(1e-3, floats(model), floats(loaded), before)
            worst, failures = max(worst, error), failures + [f"{file}: {text}" for text in wrong]
        return f"{worst:.2g}", failures
    return check


CHECKS = {f"round_trip_{name}": round_trip(name, *build) for name, build in {
    "branched": [compiled(branched)], "images": [compiled(images)], "nested": [nested],
    "two_outputs": [two_outputs, words_and_numbers]}.items()}
