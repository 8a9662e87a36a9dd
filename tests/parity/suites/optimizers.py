"""Every optimizer with its options over nine steps, and its state in files."""
import keras
import numpy as np
from keras import constraints, layers as L
from keras import optimizers
from keras.optimizers import schedules

from case import Case
from compare import compare, compare_weights, join

ROWS = {
    "sgd": lambda: optimizers.SGD(schedules.ExponentialDecay(0.2, 2, 0.5, staircase=True), loss_scale_factor=8.0),
    "sgd_momentum": lambda: optimizers.SGD(schedules.PiecewiseConstantDecay([2, 4.7, 6], [0.05, 0.01, 0.1, 0.02]),
                                           momentum=0.9, weight_decay=0.1),
    # Ranges that overlap add up.
    "sgd_nesterov": lambda: optimizers.SGD(schedules.PiecewiseConstantDecay([5, 3], [0.05, 0.01, 0.02]), momentum=0.9,
                                           nesterov=True, global_clipnorm=0.05),
    "sgd_decay": lambda: optimizers.SGD(schedules.InverseTimeDecay(0.1, 1, 0.2), momentum=0.9, nesterov=True),
    "sgd_accumulated": lambda: optimizers.SGD(0.1, momentum=0.5, gradient_accumulation_steps=2, clipnorm=0.02),
    "sgd_averaged": lambda: optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=2),
    "rmsprop": lambda: "rmsprop",
    # Of 4 steps: with 5, XLA divides to 1 + 1e-7, and Keras raises a negative number to 1.5.
    "rmsprop_options": lambda: optimizers.RMSprop(schedules.PolynomialDecay(0.02, 4, 0.001, power=1.5), rho=0.8,
                                                  momentum=0.5, epsilon=1e-3, clipvalue=0.01),
    "rmsprop_centered": lambda: optimizers.RMSprop(schedules.PolynomialDecay(0.02, 3, 0.001, power=0.5, cycle=True),
                                                   centered=True, momentum=0.2),
    "adagrad": lambda: optimizers.Adagrad(schedules.CosineDecay(0.05, 6, alpha=0.1), initial_accumulator_value=0.2,
                                          epsilon=1e-3),
    "adadelta": lambda: optimizers.Adadelta(schedules.CosineDecayRestarts(0.9, 2, t_mul=1.5, m_mul=0.8, alpha=0.05),
                                            rho=0.8, epsilon=1e-4, weight_decay=0.01),
    "adam": lambda: "adam",
    "adam_options": lambda: optimizers.Adam(0.02, beta_1=0.8, beta_2=0.95, epsilon=1e-4, use_ema=True, ema_momentum=0.7),
    "adam_amsgrad": lambda: optimizers.Adam(0.02, amsgrad=True),
    "adam_accumulated": lambda: optimizers.Adam(schedules.ExponentialDecay(0.02, 4, 0.5), gradient_accumulation_steps=3,
                                                use_ema=True, ema_overwrite_frequency=2, epsilon=1e-3),
    "adamw": lambda: optimizers.AdamW(0.02, epsilon=1e-3),
    "adamax": lambda: optimizers.Adamax(schedules.CosineDecay(0.01, 4, alpha=0.1, warmup_target=0.03, warmup_steps=3),
                                        beta_2=0.9, epsilon=1e-3),
    "nadam": lambda: optimizers.Nadam(0.02, epsilon=1e-3, gradient_accumulation_steps=2),
    "ftrl": lambda: optimizers.Ftrl(0.1, l1_regularization_strength=0.002, l2_regularization_strength=0.02, beta=0.1,
                                    l2_shrinkage_regularization_strength=0.03),
    "ftrl_power": lambda: optimizers.Ftrl(schedules.InverseTimeDecay(0.1, 2, 0.5, staircase=True),
                                          learning_rate_power=-0.7, initial_accumulator_value=0.3),
    "lion": lambda: optimizers.Lion(0.01, beta_1=0.8, beta_2=0.9, weight_decay=0.1),
    "lamb": lambda: optimizers.Lamb(schedules.CosineDecayRestarts(0.05, 3, t_mul=1.0, m_mul=0.9), epsilon=1e-3),
    "adafactor": lambda: optimizers.Adafactor(0.1, beta_2_decay=-0.7, clip_threshold=0.9),
    "adafactor_scheduled": lambda: optimizers.Adafactor(schedules.ExponentialDecay(0.6, 2, 0.5), epsilon_1=1e-4,
                                                        epsilon_2=0.1, relative_step=False),
    "muon": lambda: optimizers.Muon(0.01, exclude_layers=["hidd"], adam_lr_ratio=0.5, epsilon=1e-3),
    "muon_plain": lambda: optimizers.Muon(0.01, exclude_embeddings=False, nesterov=False, rms_rate=None, ns_steps=3,
                                          weight_decay=None, epsilon=1e-3),
    "schedule_free": lambda: optimizers.ScheduleFreeAdamW(0.02, warmup_steps=3, weight_decay=0.1, epsilon=1e-3),
}
SAMPLES = 20  # a partial last batch


def build(optimizer):
    """Weights of all kinds: a table, a kernel and a bias under constraints, a batch normalization's, a frozen one."""
    words = keras.Input((3,), dtype="int32", name="words")
    x = L.Flatten(name="flat")(L.Embedding(7, 4, name="embedding")(words))
    x = L.Dense(8, "tanh", name="frozen", trainable=False)(x)
    x = L.BatchNormalization(name="normal")(x)
    x = L.Dense(6, "tanh", kernel_constraint=constraints.MaxNorm(0.9), bias_constraint="non_neg", name="hidden")(x)
    model = keras.Model(words, L.Dense(5, "softmax", name="y")(x))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def case(name, make, **options):
    labels = lambda rng, samples: {"y": rng.integers(0, 5, samples).astype("int32")}
    words = lambda rng, samples: {"words": rng.integers(0, 7, (samples, 3)).astype("int32")}
    return Case(name, lambda: build(make()), samples=SAMPLES, labels=labels, inputs=words, gradients=False, **options)


def cases(alone):
    return [case(name, make) for name, make in ROWS.items()]


def override(tools):
    """The optimizer given on the command line in Keras 2's words."""
    trainer = tools.trainer(case("override", ROWS["sgd_decay"]))
    trainer.keras.case.options = ["--optimizer", "SGD(lr=0.1, decay=0.2, momentum=0.9, nesterov=True)"]
    return overridden(trainer)


def nested_override(tools):
    """A schedule inside the optimizer, arguments by position and by name."""
    make = lambda: optimizers.SGD(schedules.ExponentialDecay(0.1, 4, 0.5, True), 0.9, True, None, 0.02)
    trainer = tools.trainer(case("nested_override", make))
    trainer.keras.case.options = [
        "--optimizer", "keras.optimizers.SGD(ExponentialDecay(0.1, decay_steps=4, decay_rate=0.5, staircase=True), "
                       "0.9, True, None, clipnorm=0.02)"]
    return overridden(trainer)


def overridden(trainer):
    # What the file says must not matter.
    model = (trainer.folder / "model.json").read_text()
    assert '"nesterov": true' in model
    (trainer.folder / "model.json").write_text(model.replace('"nesterov": true', '"nesterov": false'))
    trainer.compile()
    start = trainer.keras.values()
    keras_weights, _ = trainer.keras.train()
    ours, _ = trainer.fit(3)
    return "", compare_weights(1e-4, ours, keras_weights, start)[1]


# One of each layout of state.
STATES = ["adam_amsgrad", "rmsprop_centered", "sgd_nesterov", "adagrad", "nadam", "adafactor", "muon", "ftrl",
          "adam_accumulated", "schedule_free"]


def optimizer_values(model):
    return {f"{i} {v.path}": np.array(v.value) for i, v in enumerate(model.optimizer.variables)}


def compare_state(row, ours, keras):
    """The optimizer's variables: element by element, each to 1e-4 of its largest."""
    return join(compare(f"{row}: {name}", ours[name], keras[name],
                        1e-4 * np.max(np.abs(keras[name]), initial=0) + 1e-9)
                for name in keras)[1]


def state_goes_both_ways(tools):
    """Two epochs by one, the third by the other from its file: the same as three by Keras. And the saved state."""
    failures = []
    for row in STATES:
        trainer = tools.trainer(case(f"both_ways_{row}", ROWS[row]))
        trainer.compile()
        model, folder = trainer.keras.model, trainer.folder
        start = trainer.keras.values()

        trainer.keras.reset()
        trainer.keras.fit(2)
        model.save_weights(folder / "keras.weights.h5")
        # Keras's averages and the weights they replaced share their buffers, with which its own next step fails.
        model.load_weights(folder / "keras.weights.h5")
        keras_state = optimizer_values(model)
        trainer.keras.fit(1)
        keras_weights = trainer.keras.values()

        trainer.fit(2, save="ours.weights.h5")
        model.load_weights(folder / "ours.weights.h5")
        failures += compare_state(row, optimizer_values(model), keras_state)
        trainer.keras.fit(1)
        failures += [f"{row}, then Keras: {text}"
                     for text in compare_weights(1e-4, trainer.keras.values(), keras_weights, start)[1]]
        ours, _ = trainer.fit(1, weights=["--weights", folder / "keras.weights.h5"])
        failures += [f"{row}, after Keras: {text}" for text in compare_weights(1e-4, ours, keras_weights, start)[1]]
    return "", failures


def resumes(tools):
    """Two epochs, then two more from the file, give the bits of four."""
    trainer = tools.trainer(case("resumes", ROWS["adam"]))
    trainer.compile()
    four, _ = trainer.fit(4, save="four.weights.h5")
    trainer.fit(2, save="two.weights.h5")
    again, _ = trainer.fit(2, save="again.weights.h5", weights=["--weights", trainer.folder / "two.weights.h5"])
    reset, _ = trainer.fit(2, "--reset-optimizer", save="reset.weights.h5",
                           weights=["--weights", trainer.folder / "two.weights.h5"])
    failures = [f"{path} differs after resuming" for path in four if not np.array_equal(four[path], again[path])]
    if all(np.array_equal(four[path], reset[path]) for path in four):
        failures.append("--reset-optimizer changes nothing")
    return "", failures


CHECKS = {"override": override, "nested_override": nested_override, "state_goes_both_ways": state_goes_both_ways,
          "resumes": resumes}
