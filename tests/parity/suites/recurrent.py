"""SimpleRNN, LSTM, GRU, Bidirectional, Embedding, Masking: every option, with and without masks, ragged last batches."""
import keras
import numpy as np
from case import BATCH, Case, Row, packed
from keras import layers

STEPS, FEATURES, UNITS = 5, 3, 4
KINDS = [layers.SimpleRNN, layers.GRU, layers.LSTM]


def states_of(kind):
    return 2 if kind is layers.LSTM else 1


def one(kind, suffix, units=UNITS, **options):
    name = f"{kind.__name__.lower()}_{suffix}"
    return Row(name, lambda x, n: kind(units, name=n, **options)(x))


def every_result(kind, suffix, **options):
    """The sequence and the final states, side by side."""
    def apply(x, n):
        sequence, *states = kind(UNITS, return_sequences=True, return_state=True, name=n, **options)(x)
        return layers.Concatenate(name=f"{n}_joined")([layers.Flatten(name=f"{n}_sequence")(sequence), *states])
    return Row(f"{kind.__name__.lower()}_{suffix}", apply)


def from_states(kind, suffix, **options):
    """Initial states that come from the same input by a Dense each."""
    def apply(x, n):
        all_steps = layers.Flatten(name=f"{n}_all_steps")(x)
        states = [layers.Dense(UNITS, activation="tanh", name=f"{n}_state{i}")(all_steps) for i in range(states_of(kind))]
        return kind(UNITS, name=n, **options)(x, initial_state=states)
    return Row(f"{kind.__name__.lower()}_{suffix}", apply)


def encoder_decoder(kind):
    def apply(x, n):
        _, *states = kind(UNITS, return_state=True, name=f"{n}_encoder")(x)
        return kind(UNITS, name=n, return_sequences=True)(x, initial_state=states)
    return Row(f"{kind.__name__.lower()}_encoder_decoder", apply)


def stacked(kind):
    def apply(x, n):
        y = kind(UNITS, return_sequences=True, name=f"{n}_first")(x)
        return kind(3, go_backwards=True, name=n)(y)
    return Row(f"{kind.__name__.lower()}_stacked", apply)


def twice(kind):
    """One layer, two inputs: the gradients of its weights add up."""
    def apply(x, n):
        layer = kind(UNITS, name=n)
        return layers.Concatenate(name=f"{n}_both")([layer(x), layer(layers.Activation("tanh", name=f"{n}_tanh")(x))])
    return Row(f"{kind.__name__.lower()}_twice", apply)


def rows_of(kind):
    rows = [
        one(kind, "plain"),
        one(kind, "sequences", return_sequences=True),
        one(kind, "backwards", go_backwards=True),
        one(kind, "backwards_sequences", go_backwards=True, return_sequences=True),
        one(kind, "no_bias", use_bias=False),
        one(kind, "relu", activation="relu"),
        one(kind, "linear", activation=None),
        one(kind, "softsign", activation="softsign", return_sequences=True),
        one(kind, "unrolled", unroll=True, return_sequences=True),
        one(kind, "wide", units=37),
        one(kind, "single_unit", units=1),
        one(kind, "zeroed", return_sequences=True, zero_output_for_mask=True),
        one(kind, "zeroed_last", zero_output_for_mask=True),
        one(kind, "regularized", kernel_regularizer="l2", recurrent_regularizer="l1", bias_regularizer=keras.regularizers.L1L2(),
            activity_regularizer="l2"),
        one(kind, "constrained", kernel_constraint="unit_norm", recurrent_constraint="max_norm",
            bias_constraint="non_neg"),
        one(kind, "initialized", kernel_initializer="he_normal", recurrent_initializer="glorot_uniform",
            bias_initializer="random_normal"),
        every_result(kind, "every_result"),
        every_result(kind, "every_result_backwards", go_backwards=True),
        from_states(kind, "from_states"),
        from_states(kind, "from_states_unrolled", unroll=True, return_sequences=True),
        encoder_decoder(kind),
        stacked(kind),
        twice(kind),
    ]
    if kind is not layers.SimpleRNN:
        rows += [one(kind, "hard_sigmoid", recurrent_activation="hard_sigmoid"),
                 one(kind, "gates_tanh", recurrent_activation="tanh", return_sequences=True)]
    if kind is layers.LSTM:
        rows += [one(kind, "forgetful", unit_forget_bias=False)]
    if kind is layers.GRU:
        rows += [one(kind, "reset_before", reset_after=False),
                 one(kind, "reset_before_no_bias", reset_after=False, use_bias=False),
                 one(kind, "reset_before_sequences", reset_after=False, return_sequences=True)]
    return rows


def masked_rows_of(kind):
    rows = [
        one(kind, "plain"),
        one(kind, "backwards_sequences", go_backwards=True, return_sequences=True),
        one(kind, "unrolled", unroll=True, return_sequences=True),
        one(kind, "zeroed", return_sequences=True, zero_output_for_mask=True),
        one(kind, "zeroed_last", zero_output_for_mask=True),
        every_result(kind, "every_result"),
        every_result(kind, "every_result_backwards", go_backwards=True),
        from_states(kind, "from_states", return_sequences=True),
        from_states(kind, "from_states_unrolled", unroll=True, return_sequences=True),
        stacked(kind),
    ]
    if kind is layers.GRU:
        rows += [one(kind, "reset_before", reset_after=False, return_sequences=True)]
    return rows


def idle_rows():
    return [every_result(kind, "idle") for kind in KINDS] + [
        one(layers.GRU, "idle_reset_before", reset_after=False, return_sequences=True),
        one(layers.LSTM, "idle_zeroed", return_sequences=True, zero_output_for_mask=True),
        one(layers.SimpleRNN, "idle_backwards", go_backwards=True)]


def both(kind, suffix, backward=None, **options):
    inner = {key: options.pop(key) for key in list(options) if key not in ("merge_mode",)}
    def apply(x, n):
        if backward:
            options["backward_layer"] = backward()
        y = layers.Bidirectional(kind(UNITS, **inner), name=n, **options)(x)
        if not isinstance(y, (list, tuple)):
            return y
        return layers.Concatenate(name=f"{n}_joined")(
            [layers.Flatten(name=f"{n}_flat{i}")(part) for i, part in enumerate(y)])
    return Row(f"{kind.__name__.lower()}_{suffix}", apply)


def bidirectional_rows():
    rows = []
    for kind in KINDS:
        rows += [both(kind, "both"), both(kind, "both_sequences", return_sequences=True)]
    for mode in ["sum", "mul", "ave", None]:
        rows += [both(layers.GRU, f"both_{mode}", merge_mode=mode),
                 both(layers.LSTM, f"both_{mode}_sequences", merge_mode=mode, return_sequences=True)]
    rows += [both(layers.LSTM, "both_states", return_state=True),
             both(layers.GRU, "both_states_sequences", return_state=True, return_sequences=True),
             both(layers.LSTM, "both_own", backward=lambda: layers.LSTM(UNITS, activation="relu", go_backwards=True))]
    return rows


def leading_and_trailing(rng, samples):
    """Steps of zeros, which Masking masks: at the start, in between, at the end, everywhere."""
    x = rng.uniform(-1, 1, (samples, STEPS, FEATURES)).astype("float32")
    for i in range(samples):
        kind = i % 5
        if kind == 0: x[i, 3:] = 0
        if kind == 1: x[i, :2] = 0
        if kind == 2: x[i, 2] = 0
        if kind == 3: x[i, :] = 0
    return {"x": x}


def idle_steps(rng, samples):
    """The last two steps and the first are masked for every sample: nobody takes part in them."""
    x = rng.uniform(-1, 1, (samples, STEPS, FEATURES)).astype("float32")
    x[:, :1] = 0
    x[:, 3:] = 0
    return {"x": x}


def masking(x):
    return layers.Masking(name="mask")(x)


def words(rng, samples):
    return {"x": rng.integers(0, 7, (samples, STEPS)).astype("int32")}


def word_model(mask_zero, dtype, make):
    def build():
        x = keras.Input((STEPS,), dtype=dtype, name="x")
        y = layers.Embedding(7, FEATURES, mask_zero=mask_zero, name="embedding",
                             embeddings_regularizer="l2" if mask_zero else None)(x)
        model = keras.Model(x, make(y))
        model.compile(keras.optimizers.SGD(0.5), "mse")
        return model
    return build


def embedding_cases():
    models = {
        "lstm": lambda y: layers.LSTM(UNITS, name="rnn")(y),
        "gru_sequences": lambda y: layers.TimeDistributed(layers.Dense(2), name="dense")(
            layers.GRU(UNITS, return_sequences=True, name="rnn")(y)),
        "bidirectional": lambda y: layers.Bidirectional(layers.LSTM(UNITS, return_sequences=True), name="rnn")(y),
        "flat": lambda y: layers.Dense(2, name="dense")(layers.Flatten(name="flat")(y)),
    }
    cases = []
    for name, make in models.items():
        for mask_zero in ([False] if name == "flat" else [False, True]):
            cases.append(Case(f"embedding_{name}{'_masked' if mask_zero else ''}",
                              word_model(mask_zero, "int32" if mask_zero else "float32", make),
                              samples=2 * BATCH + 3, inputs=words))
    return cases


def chain(name, *made, inputs=leading_and_trailing):
    """A Sequential model, whose file says nothing of masks: they flow by the layers' own rules."""
    def build():
        model = keras.Sequential([keras.Input((STEPS, FEATURES), name="x"), layers.Masking(name="mask")] +
                                 [make() for make in made])
        model.compile(keras.optimizers.SGD(0.5), "mse")
        return model
    return Case(f"chain_{name}", build, samples=2 * BATCH + 3, inputs=inputs)


def chains():
    return [
        chain("all", lambda: layers.SimpleRNN(UNITS, return_sequences=True, name="one"),
              lambda: layers.GRU(UNITS, return_sequences=True, go_backwards=True, name="two"),
              lambda: layers.Bidirectional(layers.LSTM(UNITS, return_sequences=True), name="three"),
              lambda: layers.LSTM(UNITS, unroll=True, name="four")),
        chain("idle", lambda: layers.GRU(UNITS, return_sequences=True, reset_after=False, name="one"),
              lambda: layers.LSTM(UNITS, return_sequences=True, name="two"),
              lambda: layers.SimpleRNN(UNITS, name="three"), inputs=idle_steps),
    ]


def shared_embedding():
    def build():
        a = keras.Input((STEPS,), dtype="int32", name="a")
        b = keras.Input((STEPS,), dtype="int32", name="b")
        embedding, encoder = layers.Embedding(7, FEATURES, name="embedding"), layers.LSTM(UNITS, name="encoder")
        y = layers.Concatenate(name="both")([encoder(embedding(a)), encoder(embedding(b))])
        model = keras.Model([a, b], layers.Dense(1, name="dense")(y))
        model.compile(keras.optimizers.Adam(0.01), "mse")
        return model
    return Case("embedding_shared", build, samples=2 * BATCH + 3,
                inputs=lambda rng, n: {k: rng.integers(0, 7, (n, STEPS)).astype("int32") for k in "ab"})


def cases(alone):
    shape, samples = (STEPS, FEATURES), 2 * BATCH + 3
    made = []
    for kind in KINDS:
        name = kind.__name__.lower()
        made += packed(name, shape, rows_of(kind), alone, samples=samples)
        made += packed(f"{name}_masked", shape, masked_rows_of(kind), alone, samples=samples, stem=masking,
                       inputs=leading_and_trailing)
    made += packed("idle", shape, idle_rows(), alone, samples=samples, stem=masking, inputs=idle_steps)
    rows = bidirectional_rows()
    made += packed("bidirectional", shape, rows, alone, samples=samples)
    made += packed("bidirectional_masked", shape, rows, alone, samples=samples, stem=masking,
                   inputs=leading_and_trailing)
    return made + embedding_cases() + [shared_embedding()] + chains()
