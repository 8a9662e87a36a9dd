"""Models as graphs: several outputs, shared layers, nested and shared models; their names in files, their summaries."""
import keras
from keras import layers as L

from case import Case


def compiled(model, **options):
    losses = ["mse"] * len(model.outputs)
    model.compile(keras.optimizers.SGD(0.1), losses if len(losses) > 1 else "mse", **options)
    return model


def inputs(*shapes):
    return [keras.Input(shape, name=f"x{i}") for i, shape in enumerate(shapes)]


def encoder(width=5, name="encoder", **options):
    return keras.Sequential([keras.Input((width,)), L.Dense(4, "tanh"), L.BatchNormalization(), L.Dense(3)], name=name, **options)


def branching(width=3, name="branching"):
    x = keras.Input((width,), name="inside")
    y = L.Dense(4, "relu", name="wide")(x)
    return keras.Model(x, [L.Dense(2, name="left")(y), L.Add(name="sum")([y, L.Dense(4, name="right")(x)])], name=name)


def sequential_in_functional():
    x, = inputs((5,))
    return compiled(keras.Model(x, L.Dense(2, name="y")(encoder()(x))))


def functional_in_sequential():
    a = keras.Input((4,))
    b = L.Dense(3, "relu")(a)
    inner = keras.Model(a, L.Concatenate()([a, L.Dense(2)(b)]), name="inner")
    return compiled(keras.Sequential([keras.Input((6,), name="x0"), L.Dense(4), inner, L.Dense(2, name="y")]))


def sequential_first():
    return compiled(keras.Sequential([encoder(name="first"), L.Dense(2), encoder(2, name="second")]))


def shared_layer_shapes():
    """Dense and Activation at (B, 4) and (B, 3, 4)."""
    x, y = inputs((4,), (3, 4))
    dense, tanh = L.Dense(5, name="shared"), L.Activation("tanh")
    return compiled(keras.Model([x, y], [L.Dense(1, name="a")(tanh(dense(x))), tanh(dense(y))]))


def shared_model():
    """One model called three times, two of them in a chain."""
    x, y = inputs((5,), (5,))
    model = encoder()
    again = model(L.Dense(5, name="back")(model(x)))
    return compiled(keras.Model([x, y], L.Subtract(name="y")([again, model(y)])))


def two_parents():
    """A model inside two models that stand side by side. The file tells nothing of the sharing: it is two models then,
    for Keras itself too."""
    leaf = encoder(3, name="leaf")
    def parent(name):
        x = keras.Input((4,))
        return keras.Model(x, L.Dense(2)(leaf(L.Dense(3)(x))), name=name)
    x, = inputs((4,))
    model = keras.Model(x, L.Concatenate(name="y")([parent("one")(x), parent("two")(x), leaf(L.Dense(3)(x))]))
    return compiled(keras.models.model_from_json(model.to_json()))


def deep():
    """Models in models in models."""
    model = encoder(4, name="level0")
    for level in range(1, 4):
        x = keras.Input((4,))
        model = keras.Model(x, L.Dense(4, name="out")(L.Add()([model(x), L.Dense(model.outputs[0].shape[-1], name="side")(x)])), name=f"level{level}")
    x, = inputs((4,))
    return compiled(keras.Model(x, model(x)))


def some_outputs():
    """One of two outputs is used, by itself and twice."""
    x, = inputs((3,))
    left, right = branching()(x)
    _, other = branching(name="other")(x)
    return compiled(keras.Model(x, [L.Dense(2, name="y")(L.Multiply()([right, right])), L.Dense(1, name="z")(other)]))


def nested_outputs():
    """All outputs of the nested model are the model's, by way of layers that do nothing."""
    x, = inputs((3,))
    left, right = branching()(x)
    return compiled(keras.Model(x, [L.Identity(name="a")(left), L.Identity(name="b")(right), L.Dense(2, name="own")(x)]))


def multi_input_nested():
    a, b = keras.Input((3,)), keras.Input((2,))
    inner = keras.Model([a, b], [L.Dense(2)(L.Concatenate()([a, b])), L.Dense(3)(a)], name="pair")
    x, y = inputs((3,), (2,))
    first, second = inner([x, y])
    third, _ = inner([second, first])
    return compiled(keras.Model([x, y], L.Concatenate(name="y")([first, second, third])))


def many_outputs_of_one():
    x, = inputs((4,))
    h = L.Dense(6, "tanh", name="trunk")(x)
    return compiled(keras.Model(x, [L.Dense(i + 1, name=f"head{i}")(h) for i in range(4)]), loss_weights=[1, 0.5, 2, 0])


def frozen_nested():
    model = encoder(name="frozen")
    model.trainable = False
    x, = inputs((5,))
    return compiled(keras.Model(x, L.Dense(2, name="y")(model(x))))


def frozen_inside():
    model = encoder(name="partly")
    model.layers[0].trainable = False
    x, = inputs((5,))
    return compiled(keras.Model(x, L.Dense(2, name="y")(model(x))))


def frozen_whole_part():
    outer = sequential_first()
    outer.layers[0].trainable = False
    return compiled(outer)


def penalties_inside():
    """The losses of weights in a model that is called twice count once. (Those of activities count with every call,
    but not in Keras on JAX, which forgets all but the last.)"""
    inner = keras.Sequential([keras.Input((4,)), L.Dense(4, kernel_regularizer="l2")], name="inner")
    x, = inputs((4,))
    y = L.Dense(4, bias_regularizer="l1", activity_regularizer="l1")(inner(inner(x)))
    return compiled(keras.Model(x, y))


def adam():
    """Slots in the order of Keras's variables."""
    model = shared_model()
    model.compile(keras.optimizers.Adam(0.01), "mse")
    return model


def same_names():
    """Layers of one name in different models."""
    x, = inputs((5,))
    def part(name):
        return keras.Sequential([keras.Input((5,)), L.Dense(5, name="dense"), L.Dense(5, name="dense_1")], name=name)
    return compiled(keras.Model(x, L.Dense(2, name="dense")(part("b")(part("a")(x)))))


BUILDERS = [sequential_in_functional, functional_in_sequential, sequential_first, shared_layer_shapes, shared_model,
            two_parents, deep, some_outputs, nested_outputs, multi_input_nested, many_outputs_of_one, frozen_nested,
            frozen_inside, frozen_whole_part, penalties_inside, adam, same_names]


def cases(alone):
    return [Case(build.__name__, build, samples=17, gradients=build is not adam) for build in BUILDERS]


def summary(build):
    """The program prints Keras's own table."""
    def check(tools):
        trainer = tools.trainer(Case(f"summary_{build.__name__}", build))
        trainer.compile()
        lines = []
        trainer.keras.model.summary(print_fn=lambda text, **_: lines.append(text))
        expected, found = "\n".join(lines).strip().split("\n"), trainer.run("summary").strip().split("\n")
        differing = [f"found    {a}\nexpected {b}" for a, b in zip(found, expected) if a.rstrip() != b.rstrip()]
        return "", differing[:3] + ([f"{len(found)} lines, expected {len(expected)}"] if len(found) != len(expected) else [])
    return check


CHECKS = {f"summary_{build.__name__}": summary(build) for build in BUILDERS}
