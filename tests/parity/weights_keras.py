"""Weights and data files against the programs that own the formats: Keras 3, h5py and NumPy.

    python tests/parity/weights_keras.py PATH/TO/weights_tool

A .weights.h5 that Keras wrote goes through the runtime's state block and comes back; Keras must load the result with
every bit equal, the optimizer's state included. Exits 1 on the first difference.
"""

import os
import subprocess
import sys
import tempfile

os.environ.setdefault("KERAS_BACKEND", "jax")

import h5py
import keras
import numpy as np

TOOL = os.path.abspath(sys.argv[1])


def tool(*arguments, fails=False):
    run = subprocess.run([TOOL, *arguments], capture_output=True, text=True)
    assert run.returncode == (1 if fails else 0), f"{arguments}: exit {run.returncode}\n{run.stderr}"
    return run.stderr if fails else run.stdout


def equal(a, b, what):
    a, b = np.asarray(a), np.asarray(b)
    assert a.dtype == b.dtype and a.shape == b.shape, f"{what}: {a.dtype} {a.shape} against {b.dtype} {b.shape}"
    assert a.tobytes() == b.tobytes(), f"{what}: values differ"


def make_model(optimizer):
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return model


def make_functional(optimizer):
    x = keras.Input((8, 8, 1))
    y = keras.layers.Conv2D(4, 3, padding="same", name="first")(x)
    z = keras.layers.Conv2D(4, 1, name="second")(x)
    y = keras.layers.Flatten()(keras.layers.Add()([y, z]))
    # More datasets in one group than a symbol table node or a tree node holds.
    for i in range(20):
        y = keras.layers.Dense(5, name=f"dense_of_{i}")(y)
    model = keras.Model(x, keras.layers.Dense(10, activation="softmax")(y))
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return model


def train(model, steps=3):
    random = np.random.default_rng(0)
    x = random.random((16 * steps, 8, 8, 1), dtype="float32")
    y = random.integers(0, 10, 16 * steps)
    model.fit(x, y, batch_size=16, epochs=1, verbose=0)


def table_of(file, path):
    """The states of a program, as kcc would list them, from what Keras wrote."""
    codes = {"float32": "f32", "int32": "i32", "uint32": "u32"}
    lines = []
    with h5py.File(file) as h5:

        def visit(name, item):
            if isinstance(item, h5py.Dataset):
                owner = item.parent.attrs["name"]
                lines.append(" ".join([codes[str(item.dtype)], name, f"{owner}/v", *map(str, item.shape)]))

        h5.visititems(visit)
    with open(path, "w") as table:
        table.write("\n".join(lines))


def check_weights(name, make, optimizer):
    keras.utils.set_random_seed(1)
    model = make(optimizer())
    train(model)
    model.save_weights("keras.weights.h5")
    table_of("keras.weights.h5", "table.txt")
    assert tool("copy", "table.txt", "keras.weights.h5", "ours.weights.h5").startswith("optimizer restored")

    # The same datasets and owners' names in the file ...
    with h5py.File("keras.weights.h5") as theirs, h5py.File("ours.weights.h5") as ours:

        def visit(path, item):
            if isinstance(item, h5py.Dataset):
                equal(ours[path][()], item[()], f"{name}: {path}")
                assert ours[path].parent.attrs["name"] == item.parent.attrs["name"]

        theirs.visititems(visit)

    # ... and the same model, in Keras's own eyes.
    keras.utils.set_random_seed(2)
    other = make(optimizer())
    train(other, steps=1)
    other.load_weights("ours.weights.h5")
    for a, b in zip(model.weights, other.weights, strict=True):
        if "seed" not in a.path:  # Keras keeps no random keys in the file
            equal(a.value, b.value, f"{name}: {a.path}")
    for a, b in zip(model.optimizer.variables, other.optimizer.variables, strict=True):
        equal(a.value, b.value, f"{name}: {a.path}")
    return f"{len(model.weights)} weights, {len(model.optimizer.variables)} optimizer variables"


def check_shapes_are_named():
    keras.utils.set_random_seed(1)
    model = make_model("sgd")
    model.save_weights("keras.weights.h5")
    table_of("keras.weights.h5", "table.txt")
    text = open("table.txt").read()
    open("table.txt", "w").write(text.replace(" 3 3 1 4", " 3 3 2 4", 1))
    message = tool("copy", "table.txt", "keras.weights.h5", "no.weights.h5", fails=True)
    assert "shape (3, 3, 1, 4), expected (3, 3, 2, 4)" in message, message
    assert not os.path.exists("no.weights.h5")


def check_bfloat16():
    dense = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, dtype="bfloat16")])
    for layer in dense.layers:
        layer.set_weights([np.arange(w.size).reshape(w.shape).astype(str(w.dtype)) for w in layer.get_weights()])
    dense.save_weights("keras.weights.h5")
    open("table.txt", "w").write("f32 layers/dense/vars/0 dense/kernel 3 2\nf32 layers/dense/vars/1 dense/bias 2")
    tool("copy", "table.txt", "keras.weights.h5", "ours.weights.h5")
    with h5py.File("ours.weights.h5") as h5:
        equal(h5["layers/dense/vars/0"][()], np.arange(6, dtype="float32").reshape(3, 2), "bfloat16")


def write_h5(path, **options):
    random = np.random.default_rng(0)
    with h5py.File(path, "w", **options) as h5:
        # Two groups: more than eight names in one, libver='latest' would store them in a way that Keras never does.
        for kind in ("float16", "float32", "float64", "int8", "uint8", "int16"):
            h5[f"numbers/{kind}"] = (random.random((3, 4)) * 100).astype(kind)
        for kind in ("uint16", "int32", "uint32", "int64", "uint64"):
            h5[f"more/{kind}"] = (random.random((3, 4)) * 100).astype(kind)
        h5["flags"] = np.array([True, False])
        h5["scalar"] = np.float32(2.5)
        h5["empty"] = np.zeros((0, 3), "float32")
        h5.attrs["text"] = "für Elise"
        h5.attrs["names"] = np.array([b"dense", b"conv2d_1"])
        h5.attrs["unicode_names"] = ["dense", "größe"]
        h5.attrs["count"] = 7
        h5.attrs["ratios"] = np.array([0.5, 0.25])
        h5["numbers"].attrs["flag"] = np.bool_(True)


def check_h5py(options):
    """What h5py wrote is read and written again, and h5py finds the same."""
    write_h5("theirs.h5", **options)
    tool("rewrite", "theirs.h5", "ours.h5")
    with h5py.File("theirs.h5") as theirs, h5py.File("ours.h5") as ours:
        names = []
        theirs.visit(names.append)
        for name in names:
            if isinstance(theirs[name], h5py.Dataset):
                equal(ours[name][()], theirs[name][()], name)
        for name in ["/", "numbers"]:
            assert set(theirs[name].attrs) == set(ours[name].attrs), (name, set(ours[name].attrs))
            for key, value in theirs[name].attrs.items():
                seen = ours[name].attrs[key]
                if key == "unicode_names":  # lists of texts are written as bytes
                    seen = np.array([text.decode() for text in seen], dtype=object)
                assert np.array_equal(seen, value), (key, seen, value)
    return f"{len(names)} objects"


def check_refusals():
    def chunked(h5):
        h5.create_dataset("x", data=np.zeros((10, 10)), chunks=(5, 5))

    def compressed(h5):
        h5.create_dataset("x", data=np.zeros((10, 10)), compression="gzip")

    def soft(h5):
        h5["x"] = h5py.SoftLink("/etc")

    def external(h5):
        h5["x"] = h5py.ExternalLink("other.h5", "/x")

    def hard(h5):
        h5["x"] = np.zeros(3)
        h5["y"] = h5["x"]

    def cycle(h5):
        h5["x/y"] = h5["/"]

    def elsewhere(h5):
        h5.create_dataset("x", (3,), "f4", external=[("/etc/hostname", 0, 12)])

    def virtual(h5):
        layout = h5py.VirtualLayout((3,), "f4")
        layout[:] = h5py.VirtualSource("other.h5", "x", (3,))
        h5.create_virtual_dataset("x", layout)

    def text(h5):
        h5["x"] = "text"

    def big_endian(h5):
        h5["x"] = np.zeros(3, ">f4")

    def records(h5):
        h5["x"] = np.zeros(3, [("a", "f4")])

    def complex_numbers(h5):
        h5["x"] = np.zeros(3, "c8")

    def without_values(h5):
        h5.create_dataset("x", (3,), "f4")

    cases = [chunked, compressed, soft, external, hard, cycle, elsewhere, virtual, text, big_endian, records]
    cases += [complex_numbers, without_values]
    for libver in ("earliest", "latest"):
        for case in cases:
            with h5py.File("odd.h5", "w", libver=libver) as h5:
                case(h5)
            message = tool("tree", "odd.h5", fails=True)
            assert "which Keras does not write" in message, (libver, case.__name__, message)
    return f"{2 * len(cases)} files"


def check_fuzz():
    """Genuine files of both generations, damaged a few thousand times; the fast tests do the same to our own."""
    keras.utils.set_random_seed(1)
    model = make_model("adam")
    train(model, 1)
    model.save_weights("keras.weights.h5")
    model.save("legacy.h5")
    write_h5("latest.h5", libver="latest")
    return ", ".join(tool("fuzz", file, "2000").strip() for file in ("keras.weights.h5", "legacy.h5", "latest.h5"))


def check_numpy():
    """np.save and np.savez to the runtime and back; the bytes of .npy are NumPy's own."""
    random = np.random.default_rng(0)
    arrays = [(random.random((5, 2, 3)) * 100).astype(kind) for kind in ("f2", "f4", "f8", "i1", "i8", "u2", "?")]
    arrays += [np.float32(3), np.zeros((0, 4), "f4"), np.zeros(70000, "u1")]
    for i, array in enumerate(arrays):
        np.save(f"{i}.npy", array)
        tool("array", f"{i}.npy", "back.npy")
        assert open(f"{i}.npy", "rb").read() == open("back.npy", "rb").read(), f"array {i}"
    for odd in (np.asfortranarray(arrays[1]), arrays[2].astype(">f8"), np.asfortranarray(arrays[4].astype(">i8"))):
        np.save("odd.npy", odd)
        tool("array", "odd.npy", "back.npy")
        equal(np.load("back.npy"), np.ascontiguousarray(odd.astype(odd.dtype.newbyteorder("<"))), "odd order")
    np.savez("stored.npz", x=arrays[0], y=arrays[1])
    np.savez_compressed("deflated.npz", x=arrays[9], y=arrays[2])
    tool("arrays", "back.npz", "stored.npz:x", "stored.npz:y", "deflated.npz:x", "deflated.npz:y.npy")
    with np.load("back.npz") as back:
        for i, expected in enumerate((arrays[0], arrays[1], arrays[9], arrays[2])):
            equal(back[str(i)], expected, f"npz member {i}")
    np.save("object.npy", np.array([{}, None]), allow_pickle=True)
    assert "Python objects are never loaded" in tool("array", "object.npy", "back.npy", fails=True)
    table = random.normal(size=(50, 4)) * 10.0 ** random.integers(-30, 30, (50, 4))
    np.savetxt("table.csv", table, delimiter=",", header="a,b,c,d", comments="", fmt="%.17g")
    tool("array", "table.csv", "back.npy")
    equal(np.load("back.npy"), table, "csv")
    return f"{len(arrays) + 8} arrays"


def main():
    optimizers = keras.optimizers
    checks = [
        ("sequential, adam", lambda: check_weights("adam", make_model, optimizers.Adam)),
        ("sequential, sgd", lambda: check_weights("sgd", make_model, optimizers.SGD)),
        ("sequential, rmsprop", lambda: check_weights("rmsprop", make_model, optimizers.RMSprop)),
        ("functional, adam", lambda: check_weights("functional", make_functional, optimizers.Adam)),
        ("shapes are named", check_shapes_are_named),
        ("bfloat16", check_bfloat16),
        ("h5py, earliest", lambda: check_h5py({"libver": "earliest"})),
        ("h5py, default", lambda: check_h5py({})),
        ("h5py, latest", lambda: check_h5py({"libver": "latest"})),
        ("refusals", check_refusals),
        ("numpy", check_numpy),
        ("fuzz", check_fuzz),
    ]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, check in checks:
            print(f"{name}: {check() or 'ok'}", flush=True)


if __name__ == "__main__":
    main()
